"""``./orrery test``: every check and every test; with arguments, pytest alone with them.

Each step runs even if an earlier one failed, so that one run tells all. The closing line of pytest comes last.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

from build_web import ROOT, WEB, install_packages
from node import NodeMissingError, npm_command
from provide_services import provide

BIN = Path(sys.executable).parent
LAYERS = ("unit", "contract", "http", "integration", "e2e", "fault", "fuzz")
PYTHON_PATHS = ("src", "tests", "scripts", "benchmarks")
WEB_SCRIPTS = ("check", "test")


class Outcome(NamedTuple):
    """How one step ended; ``note`` is empty when it went well."""

    step: str
    seconds: float
    note: str


def run(step: str, command: list[str], *, cwd: Path = ROOT, environment: dict[str, str] | None = None) -> Outcome:
    """Runs one command, its output passing through."""
    print(f"\n== {step}", flush=True)
    start = time.monotonic()
    try:
        code = subprocess.run(command, cwd=cwd, env=environment, check=False).returncode
        note = f"failed ({code})" if code else ""
    except OSError as error:
        note = f"can't be run: {error}"
    return Outcome(step, time.monotonic() - start, note)


def static_checks() -> list[Outcome]:
    """Style, floors and sizes: what is told within seconds."""
    paths = [path for path in PYTHON_PATHS if (ROOT / path).exists()]
    return [
        run("ruff check", [str(BIN / "ruff"), "check", *paths]),
        run("ruff format", [str(BIN / "ruff"), "format", "--check", *paths]),
        run("sizes", [sys.executable, "scripts/check_sizes.py"]),
        run("floors", [str(BIN / "lint-imports")]),
    ]


class Beside(threading.Thread):
    """The slow checks that share nothing with pytest, one after the other while it runs; told when both are done."""

    def __init__(self) -> None:
        super().__init__(name="checks")
        self._waiting: list[tuple[str, list[str], Path, dict[str, str] | None]] = []
        self._outcomes: list[Outcome] = []
        self._said: list[bytes] = []
        self.add("types", [str(BIN / "pyright")])

    def add(
        self, step: str, command: list[str], *, cwd: Path = ROOT, environment: dict[str, str] | None = None
    ) -> None:
        """Before `start`."""
        self._waiting.append((step, command, cwd, environment))

    def run(self) -> None:
        for step, command, cwd, environment in self._waiting:
            start, said = time.monotonic(), b""
            try:
                ended = subprocess.run(
                    command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
                )
                said, note = ended.stdout, f"failed ({ended.returncode})" if ended.returncode else ""
            except OSError as error:
                note = f"can't be run: {error}"
            self._outcomes.append(Outcome(step, time.monotonic() - start, note))
            self._said.append(said)

    def told(self) -> list[Outcome]:
        """Waits for the rest and prints what each one said."""
        self.join()
        for outcome, said in zip(self._outcomes, self._said, strict=True):
            print(f"\n== {outcome.step}", flush=True)
            sys.stdout.buffer.write(said)
            sys.stdout.flush()
        return self._outcomes


def build_pages(beside: Beside) -> list[Outcome]:
    """Builds the pages into the package, which tests need; their own checks are left to ``beside``."""
    if not WEB.is_dir():
        print("\n== pages: left out, this checkout holds none", flush=True)
        return []
    start = time.monotonic()
    try:
        npm, environment = npm_command()
        install_packages(npm, environment)
    except (NodeMissingError, OSError, subprocess.CalledProcessError) as error:
        return [Outcome("pages", time.monotonic() - start, str(error))]
    for script in WEB_SCRIPTS:
        beside.add(f"pages: {script}", [*npm, "run", script, "--if-present"], cwd=WEB, environment=environment)
    return [run("pages: build", [sys.executable, "scripts/build_web.py"])]


def run_pytest(arguments: list[str]) -> tuple[Outcome, str]:
    """Runs pytest with its output passing through; also gives its closing line."""
    print("\n== pytest", flush=True)
    start = time.monotonic()
    command = [sys.executable, "-u", "-m", "pytest", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        tail = b""
        while chunk := os.read(process.stdout.fileno(), 4096):
            sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
            tail = (tail + chunk)[-4096:]
    lines = [line for line in tail.decode(errors="replace").splitlines() if line.strip()]
    closing = lines[-1] if lines else ""
    note = f"failed ({process.returncode})" if process.returncode else ""
    return Outcome("pytest", time.monotonic() - start, note), closing


def summary(outcomes: list[Outcome], left_out: list[str]) -> None:
    """One line for each step, and for each layer that was left out."""
    print("\n== summary")
    for outcome in outcomes:
        print(f"{outcome.seconds:7.1f} s  {outcome.step}: {outcome.note or 'ok'}")
    for line in left_out:
        print(f"           {line}")


def main(arguments: list[str]) -> int:
    """0 if all went well."""
    if arguments:
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, check=False).returncode
    beside = Beside()
    outcomes = static_checks() + build_pages(beside)
    left_out = provide()
    layers = [f"tests/{layer}" for layer in LAYERS if (ROOT / "tests" / layer).is_dir()]
    beside.start()
    tested, closing = run_pytest(["-q", *layers])
    outcomes += [*beside.told(), tested]
    summary(outcomes, left_out)
    print(closing, flush=True)
    return 1 if any(outcome.note for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
