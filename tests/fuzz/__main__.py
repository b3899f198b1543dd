"""``python -m tests.fuzz --minutes 30 [--only runs,documents] [--seed N]``: every target in turn, again and again."""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .targets import TARGETS
from .worker import keep

TURN = 60.0
"""Seconds that a target has before the next one's turn."""
GRACE = 40.0


def turn(name: str, seed: int, seconds: float, current: Path) -> bool:
    """One process with one target; whether all went well."""
    current.write_bytes(b"")
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.worker",
        name,
        "--seed",
        str(seed),
        "--seconds",
        str(seconds),
        "--current",
        str(current),
    ]
    try:
        code = subprocess.run(command, check=False, timeout=seconds + GRACE).returncode
    except subprocess.TimeoutExpired:
        print(f"{name}: hangs where it can't be interrupted: {keep(name, current.read_bytes())}", flush=True)
        return False
    if code < 0:
        print(f"{name}: died of signal {-code}: {keep(name, current.read_bytes())}", flush=True)
    return code == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--only", default=",".join(TARGETS))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    names, until = given.only.split(","), time.monotonic() + given.minutes * 60
    seconds = min(TURN, given.minutes * 60 / len(names))
    broken: set[str] = set()
    seed = given.seed
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < until:
            print(f"seed {seed}", flush=True)
            for name in names:
                if not turn(name, seed, seconds, Path(folder) / name):
                    broken.add(name)
            seed += 1
    print(f"broken: {', '.join(sorted(broken)) or 'nothing'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
