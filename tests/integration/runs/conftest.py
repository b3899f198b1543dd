"""The same scenes on every database engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.runs.house import House, house
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url

from orrery.database import Database


@pytest.fixture(params=BACKENDS)
async def home(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(await migrated_url(str(request.param), tmp_path))
    try:
        async with house(database, tmp_path) as made:
            yield made
    finally:
        await database.close()
