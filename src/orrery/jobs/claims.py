"""Taking jobs and giving them back: the only statements that move a job between waiting, running, done and failed.

Every claim has a token of its own. What a process writes about a job is bound to the token, so a process that was
frozen or cut off and lost its lease meanwhile can't overwrite what its successor did.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Literal, cast

import msgspec
from sqlalchemy import Table as CoreTable
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database import Database
from orrery.jobs.catalog import JobCatalog
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c
_COLUMNS = (_t.id, _t.name, _t.queue, _t.payload, _t.attempts)
_TAKE = (
    update(_jobs)
    .where(_t.id == bindparam("b_id"), _t.status == "waiting")
    .values(
        status="running",
        attempts=_t.attempts + 1,
        lease_owner=bindparam("b_token"),
        lease_expires_at=bindparam("b_expires"),
    )
)
# A waiting job with a mark was announced. No clock is asked: the announcer's and the worker's may differ.
_TAKE_ANNOUNCED = _TAKE.where(_t.lease_expires_at.is_not(None), _t.name == bindparam("b_name"))
_PASS_ON = (
    update(_jobs)
    .where(_t.id == bindparam("b_id"), _t.status == "waiting", _t.lease_expires_at.is_not(None))
    .values(lease_expires_at=None)
)
_FINISH = (
    update(_jobs)
    .where(_t.id == bindparam("b_id"), _t.lease_owner == bindparam("b_token"), _t.status == "running")
    .values(
        status=bindparam("b_status"),
        attempts=bindparam("b_attempts"),
        due_at=bindparam("b_due_at"),
        error=bindparam("b_error"),
        finished_at=bindparam("b_finished_at"),
        lease_owner=None,
        lease_expires_at=None,
    )
)
_FAMILY = ("mysql", "mariadb")


class _Found(msgspec.Struct, frozen=True):
    id: str
    name: str
    queue: str
    payload: object
    attempts: int


class Claimed(msgspec.Struct, frozen=True):
    """A job that this process runs now. ``attempt`` counts from 1; ``payload`` is plain JSON data."""

    id: str
    name: str
    queue: str
    payload: object
    attempt: int
    token: str


class Verdict(msgspec.Struct, frozen=True):
    """How an attempt ended. ``due_at`` says when a job that waits again is due; ``attempts`` is what counts so far."""

    claimed: Claimed
    status: Literal["done", "failed", "waiting"]
    at: datetime
    attempts: int
    due_at: datetime
    error: str | None = None


class Claims:
    """Claims of one process. ``owner`` (at most 50 characters) names the process in the rows it holds."""

    def __init__(self, database: Database, catalog: JobCatalog, owner: str) -> None:
        self._database = database
        self._catalog = catalog
        self._owner = owner[:50]
        self._numbers = count(1)

    async def turn(
        self, verdicts: Sequence[Verdict], room: Mapping[str, int], now: datetime, *, most: int = 1000
    ) -> list[Claimed]:
        """Writes ``verdicts`` and takes due jobs, in one transaction: one commit for both.

        ``room``: for each queue, how many jobs of it may be taken; ``most``: of all queues together. Fewer may be
        taken than are due, never none while there is room. A verdict whose lease was lost changes nothing.
        """
        async with _transaction(self._database) as connection:
            if verdicts:
                await connection.execute(_FINISH, [_row_of(verdict) for verdict in verdicts])
            open_queues = [queue for queue, free in room.items() if free > 0]
            if not open_queues:
                return []
            query = (
                select(*_COLUMNS)
                .where(
                    _t.status == "waiting",
                    _t.due_at <= now,
                    _t.queue.in_(open_queues),
                    _t.name.in_(self._catalog.names),
                )
                .order_by(_t.due_at, _t.id)
                .limit(most)
                # Servers only: SQLite's writers are alone from their BEGIN on.
                .with_for_update(skip_locked=True)
            )
            found = [_Found(*row) for row in await connection.execute(query)]
            claimed = [self._claimed(one) for one in _within(found, room)]
            if not claimed:
                return []
            await connection.execute(_TAKE, [self._take_row(one, now) for one in claimed])
            return claimed

    async def take_one(self, job_id: str, name: str, payload: object, now: datetime) -> Claimed | None:
        """Takes this very job if it waits and was announced; None if not, or if this version has no such job.

        ``payload`` is what came with the message, which saves reading it from the row.
        """
        bound = self._catalog.get(name)
        if bound is None:
            return None
        claimed = Claimed(job_id, name, bound.declaration.queue, payload, 0, self._token())
        async with self._database.connection() as connection:
            row = {**self._take_row(claimed, now), "b_name": name}
            if (await connection.execute(_TAKE_ANNOUNCED, row)).rowcount != 1:
                return None
            attempt = await connection.scalar(select(_t.attempts).where(_t.id == job_id))
        return msgspec.structs.replace(claimed, attempt=attempt or 1)

    async def pass_on(self, job_id: str) -> None:
        """Has a job that this version does not know announced again, by whoever knows it."""
        async with self._database.connection() as connection:
            await connection.execute(_PASS_ON, {"b_id": job_id})

    async def next_due(self, queues: Sequence[str]) -> datetime | None:
        """When the next waiting job of ``queues`` is due; may lie in the past. Takes no lock."""
        query = (
            select(_t.due_at)
            .where(_t.status == "waiting", _t.queue.in_(queues), _t.name.in_(self._catalog.names))
            .order_by(_t.due_at)
            .limit(1)
        )
        async with self._database.reader.connect() as connection:
            return await connection.scalar(query)

    def _token(self) -> str:
        return f"{self._owner}/{next(self._numbers):x}"

    def _claimed(self, found: _Found) -> Claimed:
        return Claimed(found.id, found.name, found.queue, found.payload, found.attempts + 1, self._token())

    def _take_row(self, claimed: Claimed, now: datetime) -> dict[str, object]:
        bound = self._catalog.get(claimed.name)
        assert bound is not None, "only jobs of the catalog are taken"
        expires = now + timedelta(seconds=bound.declaration.lease)
        return {"b_id": claimed.id, "b_token": claimed.token, "b_expires": expires}


async def write_verdict(database: Database, verdict: Verdict) -> bool:
    """Writes one verdict on its own; False when the lease was lost."""
    async with database.connection() as connection:
        return (await connection.execute(_FINISH, _row_of(verdict))).rowcount == 1


def _within(found: Sequence[_Found], room: Mapping[str, int]) -> list[_Found]:
    """The first jobs of each queue that there is room for."""
    left = dict(room)
    chosen: list[_Found] = []
    for one in found:
        if left[one.queue] > 0:
            left[one.queue] -= 1
            chosen.append(one)
    return chosen


def _row_of(verdict: Verdict) -> dict[str, object]:
    return {
        "b_id": verdict.claimed.id,
        "b_token": verdict.claimed.token,
        "b_status": verdict.status,
        "b_attempts": verdict.attempts,
        "b_due_at": verdict.due_at,
        "b_error": verdict.error,
        "b_finished_at": None if verdict.status == "waiting" else verdict.at,
    }


@asynccontextmanager
async def _transaction(database: Database) -> AsyncGenerator[AsyncConnection]:
    async with database.writer.connect() as connection:
        if database.dialect in _FAMILY:
            # With the default isolation the locks of the search would cover the gaps, and make enqueuers wait.
            await connection.execution_options(isolation_level="READ COMMITTED")
        async with connection.begin():
            yield connection
