"""Reading every table as it was at one moment, while others go on writing."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database.engine import Database
from orrery.database.migrate import schema_state
from orrery.operations.errors import OperationFailed
from orrery.operations.leftovers import LOCK, hold, sweep
from orrery.operations.rows.shape import Shape
from orrery.operations.rows.values import portable

BATCH_ROWS = 500
_PREFIX = ".orrery-snapshot-"


class Snapshot:
    """The state of a database at the moment at which this was opened. ``revision`` is that of its schema."""

    def __init__(self, connection: AsyncConnection, revision: str) -> None:
        self._connection = connection
        self.revision = revision

    async def batches(self, shape: Shape) -> AsyncGenerator[list[list[object]], None]:
        """The rows of a table as portable values, some hundred at a time."""
        query = select(shape.table).execution_options(yield_per=BATCH_ROWS)
        async with self._connection.stream(query) as result:
            async for rows in result.partitions(BATCH_ROWS):
                yield [portable(shape.kinds, row) for row in rows]


@asynccontextmanager
async def snapshot(database: Database) -> AsyncGenerator[Snapshot]:
    """Opens a consistent view. Raises `OperationFailed` if there is no schema.

    SQLite is copied first, by its own backup: a long reader would keep the write-ahead log from being cleared. Servers
    keep a view of one transaction.
    """
    if database.dialect == "sqlite":
        async with _copy(database) as copy, _view(copy) as view:
            yield view
        return
    async with _view(database) as view:
        yield view


@asynccontextmanager
async def _view(database: Database) -> AsyncGenerator[Snapshot]:
    state = await schema_state(database)
    if state.revision is None:
        raise OperationFailed("The database holds no schema of Orrery. Check its address, or run: orrery migrate")
    async with database.reader.connect() as connection:
        if database.dialect != "sqlite":
            await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            yield Snapshot(connection, state.revision)


@asynccontextmanager
async def _copy(database: Database) -> AsyncGenerator[Database]:
    source = Path(database.url.database or "")
    folder, lock = await asyncio.to_thread(_folder_beside, source)
    try:
        await asyncio.to_thread(_back_up, source, folder / "orrery.db")
        copy = Database(database.url.set(database=str(folder / "orrery.db")))
        try:
            yield copy
        finally:
            await copy.close()
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        lock.close()


def _folder_beside(source: Path) -> tuple[Path, IO[bytes]]:
    """A folder for the copy and the lock that says it is in use. Copies that killed work left behind are removed."""
    if not source.is_file():
        raise OperationFailed(f"There is no database file {source}.")
    beside = source.absolute().parent
    sweep(beside, f"{_PREFIX}*")
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=beside))
    lock = (folder / LOCK).open("wb")
    hold(lock)
    return folder, lock


def _back_up(source: Path, target: Path) -> None:
    reading, writing = sqlite3.connect(source, timeout=60), sqlite3.connect(target)
    try:
        reading.backup(writing)
    finally:
        writing.close()
        reading.close()
