"""One process migrates at a time, wherever the processes are; the others wait, and say so, up to a bound.

PostgreSQL's lock belongs to the transaction of a step, so it also works behind a pooler that gives each transaction
another connection, and is free when that transaction ends in any way. MySQL's belongs to the connection, SQLite's is
the one on its file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database.migrating.errors import MigrationBusy

Tell: TypeAlias = Callable[[str], None]

WAIT_SECONDS = 600.0
"""How long others may hold the lock, when nobody says otherwise."""
STATEMENT_LOCK_SECONDS = 5
"""How long a statement waits for a lock on a table, with all others queueing behind it, before it lets them pass."""
FAMILY = ("mysql", "mariadb")
_NUMBER = 0x0221_E217
_NAME = "CONCAT('orrery_migration ', MD5(DATABASE()))"
"""MySQL's locks are the server's, which may hold other databases; names of 64 characters are its longest."""
_PAUSE_SECONDS = 0.2
_TELL_SECONDS = 10.0
_SQLITE_BUSY_MS = 15000
_CONTENDED = frozenset({"55P03", "40P01", "1205", "1213"})
"""PostgreSQL's and MySQL's codes for a lock that was not had in time, and for a deadlock."""


class Patience:
    """Counts the time that others are waited for, ``seconds`` in all."""

    def __init__(self, seconds: float, tell: Tell) -> None:
        self._seconds = seconds
        self._tell = tell
        self._began = time.monotonic()
        self._told = -_TELL_SECONDS

    async def wait(self, for_what: str) -> None:
        """A short pause. Raises `MigrationBusy` when the time is over."""
        waited = time.monotonic() - self._began
        if waited >= self._seconds:
            raise MigrationBusy(
                f"{for_what[0].upper()}{for_what[1:]} for {waited:.0f} seconds. Let it end, or look at it, then run "
                "`orrery migrate` again; --wait or ORRERY_MIGRATION_WAIT_SECONDS gives it longer."
            )
        if waited - self._told >= _TELL_SECONDS:
            self._told = waited
            self._tell(f"waiting: {for_what} ({waited:.0f} of {self._seconds:.0f} seconds)")
        await asyncio.sleep(_PAUSE_SECONDS)


class Taken(Exception):
    """Somebody else has the lock now."""


@asynccontextmanager
async def held(connection: AsyncConnection) -> AsyncGenerator[None]:
    """A transaction that holds the lock; it is undone at the end unless it was committed. Raises `Taken`."""
    if not await _try(connection):
        raise Taken
    dialect = connection.dialect.name
    try:
        if dialect == "postgresql":
            await connection.execute(text(f"SET LOCAL lock_timeout = '{STATEMENT_LOCK_SECONDS}s'"))
            # A limit for requests must not end a long index.
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
        elif dialect in FAMILY:
            await connection.execute(text(f"SET SESSION lock_wait_timeout = {STATEMENT_LOCK_SECONDS}"))
        yield
    finally:
        if not connection.invalidated:
            await connection.rollback()
            await _let_go(connection)


async def _let_go(connection: AsyncConnection) -> None:
    """The connection goes back to its pool as it was."""
    if connection.dialect.name in FAMILY:
        await connection.execute(text("SET SESSION lock_wait_timeout = DEFAULT"))
        await connection.execute(text(f"SELECT RELEASE_LOCK({_NAME})"))
    elif connection.dialect.name == "sqlite":
        await _set_busy(connection, _SQLITE_BUSY_MS)


def is_contention(error: BaseException) -> bool:
    """Whether a statement only failed because others held a lock."""
    if not isinstance(error, DBAPIError):
        return False
    codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
    return not _CONTENDED.isdisjoint(map(str, codes)) or "database is locked" in str(error.orig)


async def _try(connection: AsyncConnection) -> bool:
    dialect = connection.dialect.name
    if dialect == "postgresql":
        statement = text("SELECT pg_try_advisory_xact_lock(:n)")
        return bool(await connection.scalar(statement, {"n": _NUMBER}))
    if dialect in FAMILY:
        return await connection.scalar(text(f"SELECT GET_LOCK({_NAME}, 0)")) == 1
    await _set_busy(connection, 0)
    try:
        # Its BEGIN takes the write lock.
        await connection.execute(text("SELECT 1"))
    except OperationalError as error:
        await _set_busy(connection, _SQLITE_BUSY_MS)
        if not is_contention(error):
            raise
        return False
    return True


async def _set_busy(connection: AsyncConnection, milliseconds: int) -> None:
    """How long SQLite waits by itself. Past SQLAlchemy, which would begin a transaction for it."""

    def set_busy(inner: Connection) -> None:
        cursor = inner.connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={milliseconds}")
        cursor.close()

    await connection.run_sync(set_busy)
