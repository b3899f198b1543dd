"""``./orrery test``: every check and every test; with arguments, pytest alone with them.

Each step runs even if an earlier one failed, so that one run tells all. What mostly computes (three layers, types, the
pages' own checks) runs beside the layers that mostly wait for servers. The closing line of pytest comes last, of both
halves together.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from build_web import ROOT, WEB, install_packages
from node import NodeMissingError, npm_command
from provide_services import provide

BIN = Path(sys.executable).parent
BESIDE = ("unit", "contract", "http")
LAYERS = ("integration", "e2e", "fault", "fuzz")
_COUNT = re.compile(r"(\d+) (failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?)")
_TIMED = re.compile(r" in \d+\.\d+s\b")
_PLURALS = {"error": "errors", "warning": "warnings"}
_ORDER = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "errors")
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


class Step(NamedTuple):
    """A command that runs beside others, so that its output has to wait."""

    name: str
    command: list[str]
    cwd: Path = ROOT
    environment: dict[str, str] | None = None


class Beside(threading.Thread):
    """Steps that run one after the other while something else does; what each one said is printed when both are done."""

    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__(name="beside")
        self._steps = steps
        self._told: list[tuple[Outcome, bytes]] = []

    def run(self) -> None:
        for step in self._steps:
            start, said, note = time.monotonic(), b"", ""
            try:
                ended = subprocess.run(
                    step.command, cwd=step.cwd, env=step.environment, check=False,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                )  # fmt: skip
                said, note = ended.stdout, f"failed ({ended.returncode})" if ended.returncode else ""
            except OSError as error:
                note = f"can't be run: {error}"
            self._told.append((Outcome(step.name, time.monotonic() - start, note), said))

    def told(self) -> list[Outcome]:
        """Waits for the rest and prints what each one said."""
        self.join()
        for outcome, said in self._told:
            print(f"\n== {outcome.step}", flush=True)
            sys.stdout.buffer.write(said)
            sys.stdout.flush()
        return [outcome for outcome, _ in self._told]

    def closing(self, name: str) -> str:
        """The last line that a step said."""
        return next((last_line(said) for outcome, said in self._told if outcome.step == name), "")


def build_pages() -> tuple[list[Outcome], list[Step]]:
    """Builds the pages into the package, which tests need; also gives the steps of their own checks."""
    if not WEB.is_dir():
        print("\n== pages: left out, this checkout holds none", flush=True)
        return [], []
    start = time.monotonic()
    try:
        npm, environment = npm_command()
        install_packages(npm, environment)
    except (NodeMissingError, OSError, subprocess.CalledProcessError) as error:
        return [Outcome("pages", time.monotonic() - start, str(error))], []
    checks = [
        Step(f"pages: {script}", [*npm, "run", script, "--if-present"], WEB, environment) for script in WEB_SCRIPTS
    ]
    return [run("pages: build", [sys.executable, "scripts/build_web.py"])], checks


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
    note = f"failed ({process.returncode})" if process.returncode else ""
    return Outcome("pytest", time.monotonic() - start, note), last_line(tail)


def last_line(said: bytes) -> str:
    """Pytest's closing line, which warnings at the very end may follow; without one, the last that says anything."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    closing = [line for line in lines if _COUNT.search(line) and _TIMED.search(line)]
    return (closing or lines or [""])[-1]


def sum_of(closings: Sequence[str], seconds: float) -> str:
    """The closing lines of several runs of pytest as one; that of a run that broke off is shown as it is."""
    counted: Counter[str] = Counter()
    for closing in closings:
        found: list[tuple[str, str]] = _COUNT.findall(closing)
        if not found:
            return closing or "pytest said nothing"
        for number, what in found:
            counted[_PLURALS.get(what, what)] += int(number)
    parts = ", ".join(f"{counted[what]} {what}" for what in _ORDER if counted[what])
    return f"{parts} in {seconds:.2f}s ({timedelta(seconds=round(seconds))})"


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
    outcomes = static_checks()
    built, checks = build_pages()
    outcomes += built
    left_out = provide()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-u", "-m", "pytest", "-q", *existing(BESIDE)]
        units = Step("pytest: " + ", ".join(BESIDE), command, environment={**os.environ, "ORRERY_HOME": home})
        beside = Beside([units, Step("types", [str(BIN / "pyright")]), *checks])
        beside.start()
        tested, closing = run_pytest(["-q", *existing(LAYERS)])
        outcomes += [*beside.told(), tested]
    summary(outcomes, left_out)
    print(sum_of([beside.closing(units.name), closing], time.monotonic() - start), flush=True)
    return 1 if any(outcome.note for outcome in outcomes) else 0


def existing(layers: Sequence[str]) -> list[str]:
    """The folders of these layers that this checkout has."""
    return [f"tests/{layer}" for layer in layers if (ROOT / "tests" / layer).is_dir()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
