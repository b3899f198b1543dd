"""Every promise of docs/guarantees.md has its bounds, its end and its tests."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "guarantees.md").read_text("utf-8")


def test_each_promise_names_its_bounds_its_end_and_its_tests() -> None:
    promises = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:6]
    assert [promise[:3] for promise in promises] == ["G1:", "G2:", "G3:", "G4:", "G5:"]
    for promise in promises:
        for part in ("- **Bounds.**", "- **Not promised.**", "- **Shown by** `tests/"):
            assert part in promise, (promise[:40], part)
