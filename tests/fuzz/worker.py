"""One target in a process of its own, so that a crash or a hang beyond Python's reach is seen from outside."""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import time
import traceback
from pathlib import Path

from .target import Overtime, Target, within
from .targets import TARGETS

FINDINGS = Path(__file__).parent / "findings"


def keep(name: str, data: bytes) -> Path:
    """Stores an input that broke something, to be tried again in every test run."""
    folder = FINDINGS / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:12]
    path.write_bytes(data)
    return path


def tried(target: Target, data: bytes) -> str | None:
    """What broke; None when nothing did."""
    with asyncio.Runner() as runner:  # one for each, since an overtime may strike within the event loop itself
        try:
            with within(target.deadline):
                runner.run(target.check(data))
        except (Exception, Overtime):
            return traceback.format_exc(limit=-6)
    return None


def work(name: str, seed: int, seconds: float, current: Path) -> int:
    """Tries inputs until the time is over; ``current`` holds the one under way. Gives how many broke something."""
    target, until = TARGETS[name](), time.monotonic() + seconds
    target.open()
    count, broken, seen = 0, 0, set[str]()
    try:
        while time.monotonic() < until:
            data = target.make(random.Random(f"{name}-{seed}-{count}"))
            current.write_bytes(data)
            error = tried(target, data)
            count += 1
            if error is not None:
                last = error.strip().splitlines()[-1][:60]
                if last not in seen:
                    seen.add(last)
                    print(f"{name}: {keep(name, data)}\n{error}", flush=True)
                broken += 1
    finally:
        target.close()
    print(f"{name}: {count} inputs, {broken} broke something, {len(seen)} ways", flush=True)
    return broken


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--current", type=Path, required=True)
    given = parser.parse_args()
    raise SystemExit(1 if work(given.name, given.seed, given.seconds, given.current) else 0)
