"""Writing one shared commit: many rows of few statements, with guards, in one transaction.

Two implementations of one protocol. Servers get the engine's connection. SQLite gets a connection of its own on one
thread, where the whole transaction is a single call: through the asynchronous driver each statement would cost two
thread switches, which is most of what a short run costs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeAlias, cast

import msgspec
from sqlalchemy import Executable, Select
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler

from orrery.database.amendment import Amendment, Key
from orrery.database.engine import SQLITE_PRAGMAS, Database
from orrery.database.outages import is_outage

Row: TypeAlias = Mapping[str, object]
Statement: TypeAlias = Executable | Amendment
Entry: TypeAlias = tuple[Statement, Row]
Guard: TypeAlias = tuple[Executable, Row]
Convert: TypeAlias = Callable[[object], object]


_ROWS_AT_ONCE = (128, 32, 8, 2)
"""How many rows go into one statement: few sizes, so that prepared statements are found again."""


class Batch(msgspec.Struct, frozen=True):
    """Rows that belong together. A guard is an UPDATE that must change one row, or nothing of the batch is written."""

    guard: Guard | None
    entries: Sequence[Entry]


class BatchWriter(Protocol):
    """Commits batches together. ``write`` says of each whether it was written; raises SQLAlchemy's errors.

    ``is_unsure`` says of such an error whether the commit may have been done all the same.
    """

    async def write(self, batches: Sequence[Batch]) -> list[bool]: ...
    def is_unsure(self, error: Exception) -> bool: ...
    async def close(self) -> None: ...


def by_statement(entries: Sequence[Entry], rank: Mapping[Statement, int]) -> list[tuple[Statement, list[Row]]]:
    """Rows grouped by statement, in the order in which statements must run."""
    grouped: dict[Statement, list[Row]] = {}
    for statement, row in entries:
        grouped.setdefault(statement, []).append(row)
    return sorted(grouped.items(), key=lambda item: rank[item[0]])


class ServerBatches:
    """Batches over the engine, for PostgreSQL and the MySQL family."""

    def __init__(self, database: Database, rank: Mapping[Statement, int]) -> None:
        self._database = database
        self._rank = rank

    async def write(self, batches: Sequence[Batch]) -> list[bool]:
        written: list[bool] = []
        entries: list[Entry] = []
        async with self._database.connection() as connection:
            for batch in batches:
                held = True
                if batch.guard is not None:
                    held = (await connection.execute(*batch.guard)).rowcount == 1
                written.append(held)
                if held:
                    entries.extend(batch.entries)
            for statement, rows in by_statement(entries, self._rank):
                if isinstance(statement, Amendment):
                    await self._amend(connection, statement, rows)
                else:
                    await connection.execute(statement, rows)
        return written

    async def _amend(self, connection: AsyncConnection, amendment: Amendment, rows: Sequence[Row]) -> None:
        found = await connection.execute(*amendment.select(amendment.keys(rows)))
        changed = amendment.updates({tuple(key): value for *key, value in found}, rows)
        if changed:
            await connection.execute(amendment.update, changed)

    def is_unsure(self, error: Exception) -> bool:
        return is_outage(error)

    async def close(self) -> None:
        """Nothing of its own is open."""


class _Prepared:
    """A statement as SQLite's text, and how a row becomes its parameters."""

    __slots__ = ("_columns", "_fixed", "_group", "_results", "sql")

    def __init__(self, statement: Executable, row: Row) -> None:
        compiled = cast("SQLCompiler", statement.compile(dialect=pysqlite.dialect(), column_keys=list(row)))  # type: ignore[attr-defined]  # every DML statement compiles
        processors = cast("Mapping[str, Convert]", compiled._bind_processors)  # noqa: SLF001  (the public way converts per execution)
        self.sql = str(compiled)
        computed = [column.key for column in (*compiled.insert_prefetch, *compiled.update_prefetch)]
        if computed:
            raise ValueError(f"rows of a shared commit give every column themselves; missing: {', '.join(computed)}")
        fixed = compiled.params
        self._results = (
            _result_converters(cast("Select[tuple[object, ...]]", statement)) if isinstance(statement, Select) else ()
        )
        self._fixed = {name: fixed[name] for name in compiled.positiontup or () if name not in row}
        self._columns = [(name, processors.get(name)) for name in compiled.positiontup or ()]
        group = f"({', '.join('?' for _ in self._columns)})"
        self._group = f", {group}" if self.sql.endswith(f"VALUES {group}") else None

    def parameters(self, row: Row) -> tuple[object, ...]:
        values = {**self._fixed, **row} if self._fixed else row
        return tuple([values[name] if convert is None else convert(values[name]) for name, convert in self._columns])

    def read(self, connection: sqlite3.Connection, row: Row) -> list[tuple[object, ...]]:
        """What the statement, a SELECT, finds."""
        found = cast("list[tuple[object, ...]]", connection.execute(self.sql, self.parameters(row)).fetchall())
        return [
            tuple(
                [part if convert is None else convert(part) for part, convert in zip(one, self._results, strict=True)]
            )
            for one in found
        ]

    def write(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Sends the rows, plain inserts many at a time.

        The driver lets other threads run at each row that it steps through, and gets its turn back only when they
        stop for long enough (5 ms): row by row, a hundred rows would hold everybody's streams up for half a second.
        """
        place = 0
        if self._group is not None:
            for size in _ROWS_AT_ONCE:
                while len(rows) - place >= size:
                    chunk = rows[place : place + size]
                    values = [value for row in chunk for value in self.parameters(row)]
                    connection.execute(self.sql + self._group * (size - 1), values)
                    place += size
        if place < len(rows):
            connection.executemany(self.sql, [self.parameters(row) for row in rows[place:]])


class SqliteBatches:
    """Batches on one connection and one thread of their own."""

    def __init__(self, path: str, rank: Mapping[Statement, int]) -> None:
        self._path = path
        self._rank = rank
        self._prepared: dict[tuple[Executable, int], _Prepared] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-batches")
        self._connection: sqlite3.Connection | None = None

    async def write(self, batches: Sequence[Batch]) -> list[bool]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, batches)

    def is_unsure(self, error: Exception) -> bool:
        """Never: the file is this process's, and a COMMIT that fails is rolled back."""
        return False

    def _write(self, batches: Sequence[Batch]) -> list[bool]:
        try:
            return self._transaction(self._open(), batches)
        except sqlite3.IntegrityError as error:
            raise IntegrityError("shared commit", None, error) from error
        except sqlite3.OperationalError as error:
            raise OperationalError("shared commit", None, error) from error
        except sqlite3.Error as error:
            raise DBAPIError("shared commit", None, error) from error

    def _transaction(self, connection: sqlite3.Connection, batches: Sequence[Batch]) -> list[bool]:
        written: list[bool] = []
        entries: list[Entry] = []
        connection.execute("BEGIN IMMEDIATE")
        try:
            for batch in batches:
                held = batch.guard is None or self._holds(connection, batch.guard)
                written.append(held)
                if held:
                    entries.extend(batch.entries)
            for statement, rows in by_statement(entries, self._rank):
                if isinstance(statement, Amendment):
                    self._amend(connection, statement, rows)
                else:
                    self._prepare(statement, rows[0]).write(connection, rows)
            connection.execute("COMMIT")
        except BaseException:
            # Without room on the disk SQLite has rolled back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return written

    def _amend(self, connection: sqlite3.Connection, amendment: Amendment, rows: Sequence[Row]) -> None:
        # A statement costs microseconds here, one for many rows would only be one more to prepare.
        stored: dict[Key, object] = {}
        for key in amendment.keys(rows):
            statement, row = amendment.select([key])
            for *found, value in self._prepare(statement, row).read(connection, row):
                stored[tuple(found)] = value
        changed = amendment.updates(stored, rows)
        if changed:
            self._prepare(amendment.update, changed[0]).write(connection, changed)

    def _holds(self, connection: sqlite3.Connection, guard: Guard) -> bool:
        statement, row = guard
        prepared = self._prepare(statement, row)
        return connection.execute(prepared.sql, prepared.parameters(row)).rowcount == 1

    def _prepare(self, statement: Executable, row: Row) -> _Prepared:
        key = (statement, len(row))
        found = self._prepared.get(key)
        if found is None:
            found = self._prepared[key] = _Prepared(statement, row)
        return found

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=256)
            for pragma in SQLITE_PRAGMAS:
                self._connection.execute(pragma)
        return self._connection

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _result_converters(statement: Select[tuple[object, ...]]) -> list[Convert | None]:
    dialect = pysqlite.dialect()
    return [
        cast("Convert | None", column.type._cached_result_processor(dialect, None))  # noqa: SLF001  (as above)
        for column in statement.selected_columns
    ]


def batch_writer(database: Database, order: Sequence[Statement]) -> BatchWriter:
    """The writer for this database. ``order`` lists statements as they must run inside one transaction."""
    rank = {statement: place for place, statement in enumerate(order)}
    if database.dialect == "sqlite" and database.url.database not in {None, "", ":memory:"}:
        return SqliteBatches(str(database.url.database), rank)
    return ServerBatches(database, rank)
