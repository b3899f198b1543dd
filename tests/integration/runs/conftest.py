"""The same scenes on every database engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.runs.house import House, house
from tests.support.databases import BACKENDS, url_of

from orrery.apps.schema import schema
from orrery.database import Database
from orrery.database.migrate import migrate


@pytest.fixture(params=BACKENDS)
async def home(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(url_of(str(request.param), tmp_path))
    await migrate(database, schema())
    try:
        async with house(database, tmp_path) as made:
            yield made
    finally:
        await database.close()
