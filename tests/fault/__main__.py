"""``python -m tests.fault [--full] [F1 F5 ...]``: the fault table of reliability.md 3.2, with progress and a summary.

Without ``--full`` the counts are those of an ordinary test run. Rows choose tests; all are run when none is named.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
UNNAMED = "other"


@dataclass
class Row:
    """What came of the tests of one row of the table."""

    passed: int = 0
    failed: int = 0
    skipped: list[str] = field(default_factory=list[str])
    measured: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    @property
    def result(self) -> str:
        if self.failed:
            return f"FAILED {self.failed} of {self.failed + self.passed}"
        return "holds" if self.passed else "left out"


class Table:
    """A pytest plug-in: chooses the tests of some rows, tells each as it ends, and keeps what was measured."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._wanted = set(wanted)
        self._rows_of: dict[str, tuple[str, ...]] = {}
        self._all = 0
        self._done = 0
        self.rows: dict[str, Row] = defaultdict(Row)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        for item in items:
            mark = item.get_closest_marker("row")
            self._rows_of[item.nodeid] = tuple(mark.args) if mark else (UNNAMED,)
        if self._wanted:
            left = [item for item in items if self._wanted & set(self._rows_of[item.nodeid])]
            config.hook.pytest_deselected(items=[item for item in items if item not in left])
            items[:] = left
        self._all = len(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told = report.when == "call" or (report.when == "setup" and not report.passed)
        if not told and not (report.when == "teardown" and report.failed):
            return
        self._done += report.when != "teardown"
        names = self._rows_of[report.nodeid]
        for name in names:
            self._note(self.rows[name], report)
        test = report.nodeid.rpartition("::")[2]
        tell(f"[{self._done}/{self._all}] {'+'.join(names):<12} {report.outcome:<8} {report.duration:6.1f} s  {test}")
        if report.failed:
            tell(report.longreprtext)

    def _note(self, row: Row, report: pytest.TestReport) -> None:
        row.seconds += report.duration
        row.passed += report.passed
        row.failed += report.failed
        if report.skipped:
            row.skipped.append(str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr))
        row.measured += [f"{name} {value}" for name, value in report.user_properties]

    def text(self) -> str:
        """The summary, a line for each row."""
        lines = [f"{'row':<8}{'result':<20}{'tests':>6}{'seconds':>9}  measured"]
        for name in sorted(self.rows, key=lambda name: (not name.startswith("F"), len(name), name)):
            row = self.rows[name]
            said = "; ".join([*row.measured, *dict.fromkeys(row.skipped)])
            lines.append(f"{name:<8}{row.result:<20}{row.passed + row.failed:>6}{row.seconds:>9.1f}  {said}")
        return "\n".join(lines)


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fault", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the table's counts; takes about an hour")
    parser.add_argument("rows", nargs="*", help="rows of the table, as F1 or G11; all when none is named")
    arguments = parser.parse_args()
    # Before the tests are imported: they read it then.
    os.environ["ORRERY_FAULT_FULL"] = "1" if arguments.full else "0"
    table, began = Table(arguments.rows), time.monotonic()
    quiet = ["-o", "addopts=", "-p", "no:terminal", "-p", "no:cacheprovider"]
    code = pytest.main([str(FOLDER), *quiet], [table])
    tell(f"\n{table.text()}\n\n{time.monotonic() - began:.0f} s in all")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
