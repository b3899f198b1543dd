"""All connections of a process are taken: who comes waits in line, with a bound, and nobody waits for ever (F10)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.support.databases import BACKENDS, url_of

from orrery.database import Database
from orrery.database.engine import PoolOptions
from orrery.database.outages import is_outage

COMERS = 30


@pytest.mark.row("F10")
@pytest.mark.parametrize("backend", [one for one in BACKENDS if one.id != "sqlite"])
async def test_who_finds_no_connection_waits_up_to_the_bound(backend: str, tmp_path: Path) -> None:
    database = Database(url_of(backend, tmp_path), PoolOptions(size=2, overflow=0, timeout=0.2))
    async with database.read() as one, database.read() as other:
        await one.execute(text("SELECT 1"))
        await other.execute(text("SELECT 1"))
        with pytest.raises(Exception, match="QueuePool limit") as refused:
            async with database.read() as third:
                await third.execute(text("SELECT 1"))
        # Faces answer that with 503 and `Retry-After`, and runs under way try again.
        assert is_outage(refused.value)
    await database.close()

    patient = Database(database.url, PoolOptions(size=2, overflow=0, timeout=600))

    async def come(number: int) -> int:
        async with patient.write() as session:
            return (await session.execute(text(f"SELECT {number}"))).scalar_one()

    async with asyncio.timeout(300):
        assert await asyncio.gather(*(come(number) for number in range(COMERS))) == list(range(COMERS))
    assert patient.pool().checked_out == 0
    await patient.close()
