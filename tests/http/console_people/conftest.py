"""A fresh app for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.people import People, people


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[People]:
    """Before the first run."""
    async with people(tmp_path) as site:
        yield site


@pytest.fixture
async def site(empty: People) -> People:
    """With an owner."""
    await empty.set_up()
    return empty
