from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.clock import MovableClock

from orrery.database import Database
from orrery.database.orm import Table
from orrery.jobs.tables import Job


class JobClock(MovableClock):
    """Wall time can jump while monotonic time goes on."""

    slept = 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.advance(seconds=seconds)


@pytest.fixture
def clock() -> JobClock:
    return JobClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'jobs.db'}")
    async with database.writer.begin() as connection:
        await connection.run_sync(Table.metadata.create_all, tables=[Table.metadata.tables[Job.__tablename__]])
    yield database
    await database.close()
