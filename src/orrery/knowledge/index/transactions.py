"""Transactions of those who change many entries at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database

_FAMILY = ("mysql", "mariadb")


@asynccontextmanager
async def without_gap_locks(database: Database) -> AsyncGenerator[AsyncSession]:
    """Like `Database.write`. On MySQL what is deleted locks its rows, not the room beside them: there the next document's
    rows go, and two who delete and insert would wait for each other.
    """
    async with database.write() as session:
        if database.dialect in _FAMILY:
            await session.connection(execution_options={"isolation_level": "READ COMMITTED"})
        yield session
