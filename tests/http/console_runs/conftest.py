"""A fresh console for each test, with an owner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.http.console_runs.world import World
from tests.support.people import people


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with people(tmp_path) as site:
        await site.set_up()
        world = World(site, tmp_path)
        try:
            yield world
        finally:
            await world.close()
