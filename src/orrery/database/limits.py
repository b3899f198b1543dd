"""How many connections a database server gives in all, and whether it is the server that answers."""

from __future__ import annotations

from typing import cast

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database.engine import Database
from orrery.database.migrating.lock import FAMILY


class ConnectionLimit(msgspec.Struct, frozen=True):
    """``most``: what the server allows; ``reserved`` of them are for its operators.

    ``pooler``: something stands before the server that shares its connections out, so that the limit is the pooler's.
    """

    most: int
    reserved: int
    pooler: bool = False

    @property
    def usable(self) -> int:
        return self.most - self.reserved


async def read_limit(database: Database) -> ConnectionLimit | None:
    """None for SQLite, which counts none. Raises what the database says."""
    if database.dialect == "sqlite":
        return None
    async with database.reader.connect() as connection:
        if database.dialect in FAMILY:
            return await _of_mysql(connection)
        return await _of_postgres(connection)


async def _of_postgres(connection: AsyncConnection) -> ConnectionLimit:
    # The second is new in PostgreSQL 16.
    query = "SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
    found = {name: int(setting) for name, setting in await connection.execute(text(query))}
    most = found.pop("max_connections")
    serving = await connection.scalar(text("SELECT pg_backend_pid()"))
    raw = await connection.get_raw_connection()
    # What the other side of the connection calls itself: a pooler says a number of its own.
    greeted = cast("_Greeted", raw.driver_connection).get_server_pid()
    return ConnectionLimit(most, sum(found.values()), greeted != serving)


async def _of_mysql(connection: AsyncConnection) -> ConnectionLimit:
    most, own = (await connection.execute(text("SELECT @@max_connections, @@max_user_connections"))).one()
    # One more than the limit is kept for an administrator.
    return ConnectionLimit(min(most, own or most), 0)


class _Greeted:
    """asyncpg's connection, as far as it is asked here."""

    def get_server_pid(self) -> int: ...
