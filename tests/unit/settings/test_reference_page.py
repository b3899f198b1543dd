from __future__ import annotations

from pathlib import Path

from orrery.settings.reference import render

ROOT = Path(__file__).parents[3]


def test_the_page_is_what_the_declarations_say() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == render(), "run: python -m orrery.settings.reference > docs/settings.md"
