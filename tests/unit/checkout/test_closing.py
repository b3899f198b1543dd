from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"


@pytest.fixture
def run_tests(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("run_tests_of_the_checkout", SCRIPTS / "run_tests.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_two_halves_are_one_closing_line(run_tests: ModuleType) -> None:
    halves = ["1 failed, 20 passed, 1 warning in 3.00s", "300 passed, 2 skipped, 1 error in 61.20s (0:01:01)"]
    assert run_tests.sum_of(halves, 62.5) == (
        "1 failed, 320 passed, 2 skipped, 1 warnings, 1 errors in 62.50s (0:01:02)"
    )


@pytest.mark.parametrize("broken", ["INTERNALERROR> boom", ""])
def test_a_half_that_broke_off_is_not_hidden_by_the_other(run_tests: ModuleType, broken: str) -> None:
    assert "passed" not in run_tests.sum_of([broken, "300 passed in 61.20s"], 62.5)


def test_warnings_at_the_very_end_hide_no_closing_line(run_tests: ModuleType) -> None:
    said = b"...\n1 failed, 20 passed in 61.00s (0:01:01)\nResourceWarning: unclosed <socket.socket fd=99>\n"
    assert run_tests.last_line(said) == "1 failed, 20 passed in 61.00s (0:01:01)"
    assert run_tests.last_line(b"INTERNALERROR> boom\n\n") == "INTERNALERROR> boom"
    assert run_tests.last_line(b"") == ""
