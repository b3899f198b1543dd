"""Removing what has had its time: finished runs with all that belongs to them, and messages."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, MetaData, Table, and_, delete, func, select

from orrery.database.engine import Database
from orrery.operations.progress import Progress, silent

FINISHED = ("succeeded", "failed", "stopped", "partial-succeeded")
"""Runs that wait or are under way are never removed."""
_RUN_COLUMNS = ("workflow_run_id", "run_id")
_KEPT_TABLES = frozenset({"messages", "workflow_runs"})
"""A message outlives the run that answered it."""


class Window(msgspec.Struct, frozen=True):
    """From ``start`` on (None: from the beginning) until before ``end``."""

    start: datetime | None
    end: datetime

    def covers(self, table: Table) -> ColumnElement[bool]:
        created = table.c.created_at
        return created < self.end if self.start is None else and_(created >= self.start, created < self.end)


async def count_runs(database: Database, metadata: MetaData, window: Window) -> int:
    """Finished runs of that time."""
    return await _count(database, metadata.tables["workflow_runs"], _finished(metadata, window))


async def clean_runs(
    database: Database, metadata: MetaData, window: Window, *, batch: int, tell: Progress = silent
) -> int:
    """Deletes finished runs with their steps, events and logs, some at a time; how many."""
    runs, done = metadata.tables["workflow_runs"], 0
    parts = [
        (table, table.c[name])
        for table in metadata.sorted_tables
        for name in _RUN_COLUMNS
        if table.name not in _KEPT_TABLES and name in table.c
    ]
    while True:
        async with database.connection() as connection:
            query = select(runs.c.id).where(_finished(metadata, window)).limit(batch)
            ids = list(await connection.scalars(query))
            if not ids:
                return done
            for table, column in reversed(parts):
                await connection.execute(delete(table).where(column.in_(ids)))
            await connection.execute(delete(runs).where(runs.c.id.in_(ids)))
        done += len(ids)
        tell("runs", done, 0)


async def count_messages(database: Database, metadata: MetaData, window: Window) -> int:
    """Messages of that time."""
    messages = metadata.tables["messages"]
    return await _count(database, messages, window.covers(messages))


async def clean_messages(
    database: Database, metadata: MetaData, window: Window, *, batch: int, tell: Progress = silent
) -> int:
    """Deletes messages with their files' links, thoughts and feedback, some at a time; how many."""
    messages, done = metadata.tables["messages"], 0
    while True:
        async with database.connection() as connection:
            ids = list(await connection.scalars(select(messages.c.id).where(window.covers(messages)).limit(batch)))
            if not ids:
                return done
            await connection.execute(delete(messages).where(messages.c.id.in_(ids)))
        done += len(ids)
        tell("messages", done, 0)


def _finished(metadata: MetaData, window: Window) -> ColumnElement[bool]:
    runs = metadata.tables["workflow_runs"]
    return and_(runs.c.status.in_(FINISHED), window.covers(runs))


async def _count(database: Database, table: Table, where: ColumnElement[bool]) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table).where(where)) or 0
