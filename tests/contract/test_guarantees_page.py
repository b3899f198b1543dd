"""Every promise of docs/guarantees.md names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))


def functions(path: Path) -> set[str]:
    nodes = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_named_tests_exist() -> None:
    missing = [f"{path}::{name}" for path, name in NAMED if name not in functions(ROOT / path)]
    assert missing == []


def test_each_promise_names_its_bounds_its_end_and_its_tests() -> None:
    promises = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:6]
    assert [promise[:3] for promise in promises] == ["G1:", "G2:", "G3:", "G4:", "G5:"]
    for promise in promises:
        for part in ("- **Bounds.**", "- **Not promised.**", "- **Shown by** `tests/"):
            assert part in promise, (promise[:40], part)
