from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT / "scripts"))

from check_sizes import oversized  # noqa: E402 - the scripts are no package


def function(lines: int, head: str = "def f():") -> str:
    return head + "\n" + "    x = 1\n" * (lines - 1)


@pytest.mark.parametrize("head", ["def f():", "async def f():"])
def test_functions_may_have_sixty_lines(head: str) -> None:
    assert list(oversized(function(60, head))) == []
    assert list(oversized(function(61, head))) == ["1: function f of 61 lines (limit 60)"]


def test_methods_and_inner_functions_count_too() -> None:
    inner = "class C:\n" + "".join(f"    {line}\n" for line in function(61).splitlines())
    assert list(oversized(inner)) == ["2: function f of 61 lines (limit 60)"]


def test_classes_may_have_three_hundred_lines() -> None:
    assert list(oversized(function(300, "class C:"))) == []
    assert list(oversized(function(301, "class C:"))) == ["1: class C of 301 lines (limit 300)"]


def test_files_may_have_four_hundred_lines_unless_they_are_tables() -> None:
    assert list(oversized("x = 1\n" * 400)) == []
    assert list(oversized("x = 1\n" * 401)) == ["1: file of 401 lines (limit 400)"]
    assert list(oversized("x = 1\n" * 401, is_table=True)) == []
