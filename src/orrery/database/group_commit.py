"""One commit shared by all runs of the process.

A durable commit costs milliseconds (a disk flush), a row costs microseconds. Callers hand over rows and await the
commit that contains them; whatever gathers while one commit is under way becomes the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Executable
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database.engine import Database

Row: TypeAlias = Mapping[str, object]
Entry: TypeAlias = tuple[Executable, Row]

_log = logging.getLogger(__name__)


class _Batch:
    """What one caller wants committed together, and the future it waits on."""

    __slots__ = ("done", "entries", "expects_one_row")

    def __init__(self, entries: Sequence[Entry], done: asyncio.Future[int], *, expects_one_row: bool) -> None:
        self.entries = entries
        self.done = done
        self.expects_one_row = expects_one_row


class GroupCommit:
    """Gathers rows of many callers into one transaction at a time.

    Statements must be prebuilt and reused (rows are grouped by the statement's identity and sent with executemany).
    ``order`` lists them as they must run inside one transaction, since a commit mixes rows of callers that are at
    different points of their work: parents before children, inserts before updates.
    When a shared commit fails, its batches are tried again one by one, so that one bad row fails only its owner.
    """

    def __init__(self, database: Database, order: Sequence[Executable], *, most_batches: int = 512) -> None:
        self._database = database
        self._rank = {statement: place for place, statement in enumerate(order)}
        self._most = most_batches
        self._waiting: list[_Batch] = []
        self._task: asyncio.Task[None] | None = None
        self.commits = 0
        self.statements = 0

    async def commit(self, entries: Sequence[Entry]) -> None:
        """Returns when all rows are durable, together. Raises what the database said about these rows."""
        await self._submit(entries, expects_one_row=False)

    async def commit_fenced(self, entries: Sequence[Entry]) -> bool:
        """Commits ``entries`` only if the first statement (an UPDATE guarded by a lease token) changes one row.

        False when the guard did not match: somebody else owns the run now, and nothing was written.
        """
        return await self._submit(entries, expects_one_row=True) == 1

    def _submit(self, entries: Sequence[Entry], *, expects_one_row: bool) -> asyncio.Future[int]:
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Batch(entries, done, expects_one_row=expects_one_row))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="group-commit")
        return done

    async def _drain(self) -> None:
        while self._waiting:
            batches, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                results = await self._write(batches)
            except (SQLAlchemyError, OSError) as error:
                if len(batches) == 1:
                    _fail(batches[0], error)
                    continue
                _log.warning("a shared commit of %d batches failed, trying each alone: %s", len(batches), error)
                await self._write_each(batches)
                continue
            for batch, result in zip(batches, results, strict=True):
                if not batch.done.done():
                    batch.done.set_result(result)

    async def _write_each(self, batches: Sequence[_Batch]) -> None:
        for batch in batches:
            try:
                (result,) = await self._write([batch])
            except (SQLAlchemyError, OSError) as error:
                _fail(batch, error)
            else:
                if not batch.done.done():
                    batch.done.set_result(result)

    async def _write(self, batches: Sequence[_Batch]) -> list[int]:
        self.commits += 1
        results = [1] * len(batches)
        async with self._database.connection() as connection:
            accepted: Sequence[_Batch] = batches
            if any(batch.expects_one_row for batch in batches):
                kept: list[_Batch] = []
                for index, batch in enumerate(batches):
                    if batch.expects_one_row:
                        results[index] = await self._guard(connection, batch.entries[0])
                    if results[index] == 1:
                        kept.append(batch)
                accepted = kept
            grouped = _by_statement(accepted)
            for statement in sorted(grouped, key=self._rank.__getitem__):
                self.statements += 1
                await connection.execute(statement, grouped[statement])
        return results

    async def _guard(self, connection: AsyncConnection, entry: Entry) -> int:
        self.statements += 1
        result = await connection.execute(entry[0], entry[1])
        return result.rowcount

    async def close(self) -> None:
        """Waits until everything handed over is written."""
        while self._task is not None and not self._task.done():
            await self._task


def _by_statement(batches: Sequence[_Batch]) -> dict[Executable, list[Row]]:
    grouped: dict[Executable, list[Row]] = {}
    for batch in batches:
        for statement, row in batch.entries[1:] if batch.expects_one_row else batch.entries:
            grouped.setdefault(statement, []).append(row)
    return grouped


def _fail(batch: _Batch, error: Exception) -> None:
    if not batch.done.done():
        batch.done.set_exception(error)
