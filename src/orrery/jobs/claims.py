"""Taking jobs and giving them back: the only statements that move a job between waiting, running, done and failed.

Every claim has a token of its own. What a process writes about a job is bound to the token, so a process that was
frozen or cut off and lost its lease meanwhile can't overwrite what its successor did.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Literal, cast

import msgspec
from sqlalchemy import Executable, and_, bindparam, case, exists, select, update
from sqlalchemy import Table as CoreTable
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database import Database
from orrery.jobs.announcing import Announced
from orrery.jobs.catalog import JobCatalog
from orrery.jobs.lanes import Lanes
from orrery.jobs.tables import Job
from orrery.jobs.turns import QueueTurns

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
_STATUS = bindparam("b_status", type_=_t.status.type)
_FINISH = (
    update(_jobs)
    .where(_t.id == bindparam("b_id"), _t.lease_owner == bindparam("b_token"), _t.status == "running")
    .values(
        # A row without a lane (its version knew of none) is held by nothing that would release it.
        status=case((and_(_STATUS == "held", _t.tenant_id.is_(None)), "waiting"), else_=_STATUS),
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
    """How an attempt ended. ``due_at`` says when a job that waits again is due; ``attempts`` is what counts so far.

    ``held``: it waits for its next attempt outside of its lane, which goes on without it.
    """

    claimed: Claimed
    status: Literal["done", "failed", "waiting", "held"]
    at: datetime
    attempts: int
    due_at: datetime
    error: str | None = None


class Claims:
    """Claims of one process. ``owner`` (at most 50 characters) names the process in the rows it holds."""

    def __init__(self, database: Database, catalog: JobCatalog, lanes: Lanes, owner: str) -> None:
        self._database = database
        self._catalog = catalog
        self._lanes = lanes
        self._owner = owner[:50]
        self._numbers = count(1)
        self._turns = QueueTurns()

    async def turn(
        self, verdicts: Sequence[Verdict], room: Mapping[str, int], now: datetime, *, most: int = 1000
    ) -> list[Claimed]:
        """Writes ``verdicts`` and takes due jobs, in one transaction: one commit for both.

        ``room``: for each queue, how many jobs of it may be taken; ``most``: of all queues together. Fewer may be
        taken than are due, never none while there is room. Within a queue the one due first goes first, among queues
        `QueueTurns` decides. A verdict whose lease was lost changes nothing.
        """
        async with _transaction(self._database) as connection:
            # What follows in their lanes is taken here, or found by the next turn: nobody need be told of it.
            await self._write(connection, verdicts, now)
            claimed = [self._claimed(one) for one in await self._find(connection, dict(room), now, most)]
            if claimed:
                await connection.execute(_TAKE, [self._take_row(one, now) for one in claimed])
            return claimed

    async def finish(self, verdict: Verdict) -> bool:
        """Writes one verdict on its own, and tells of what follows it; False when the lease was lost."""
        async with self._database.connection() as connection:
            written, released = await self._write(connection, [verdict], verdict.at)
        self._lanes.announce(released)
        return written == 1

    async def _write(
        self, connection: AsyncConnection, verdicts: Sequence[Verdict], now: datetime
    ) -> tuple[int, list[Announced]]:
        """How many rows were written, and which jobs were released by it."""
        if not verdicts:
            return 0, []
        rows = [_row_of(verdict) for verdict in verdicts]
        # A list of one would be told no count by some drivers.
        written = await connection.execute(_FINISH, rows if len(rows) > 1 else rows[0])
        ended = [verdict.claimed.id for verdict in verdicts if self._leaves_a_lane(verdict)]
        released = await self._lanes.release_after(connection, ended, now) if ended else []
        return written.rowcount, released

    def _leaves_a_lane(self, verdict: Verdict) -> bool:
        bound = self._catalog.get(verdict.claimed.name)
        return verdict.status != "waiting" and bound is not None and bound.declaration.tenant is not None

    async def _find(self, connection: AsyncConnection, room: dict[str, int], now: datetime, most: int) -> list[_Found]:
        """Jobs to take, locked where a server can lock: the first ones of each queue, as the queues' turns come."""
        queues = {queue for queue, free in room.items() if free > 0}
        if len(queues) > 1 and most > 0:
            queues = await self._with_work(connection, queues, now)
        found: list[_Found] = []
        while shares := self._turns.share(sorted(queues), room, most - len(found)):
            for queue, number in shares.items():
                here = [_Found(*row) for row in await connection.execute(self._first(queue, number, found, now))]
                for _ in here:
                    self._turns.took(queue)
                found += here
                room[queue] -= len(here)
                if len(here) < number:
                    queues.discard(queue)
        return found

    async def _with_work(self, connection: AsyncConnection, queues: set[str], now: datetime) -> set[str]:
        """Those of the queues that have a due job."""
        row = (await connection.execute(_any_due(tuple(sorted(queues))), {"b_now": now})).one()
        return {queue for queue, waits in zip(sorted(queues), row, strict=True) if waits}

    def _first(self, queue: str, number: int, without: Sequence[_Found], now: datetime) -> Executable:
        query = (
            select(*_COLUMNS)
            .where(
                _t.status == "waiting", _t.queue == queue, _t.due_at <= now, _t.name.in_(self._catalog.names),
            )
            .order_by(_t.due_at, _t.id)
            .limit(number)
            # Servers only: SQLite's writers are alone from their BEGIN on.
            .with_for_update(skip_locked=True)
        )  # fmt: skip
        taken = [one.id for one in without if one.queue == queue]
        return query.where(_t.id.not_in(taken)) if taken else query

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
        expires = now + timedelta(seconds=bound.lease)
        return {"b_id": claimed.id, "b_token": claimed.token, "b_expires": expires}


@cache
def _any_due(queues: tuple[str, ...]) -> Executable:
    """One row: for each queue, whether a job of it is due. Each is one step into an index."""
    due = (_t.status == "waiting", _t.due_at <= bindparam("b_now"))
    return select(*(exists().where(*due, _t.queue == queue).label(f"q{at}") for at, queue in enumerate(queues)))


def _row_of(verdict: Verdict) -> dict[str, object]:
    return {
        "b_id": verdict.claimed.id,
        "b_token": verdict.claimed.token,
        "b_status": verdict.status,
        "b_attempts": verdict.attempts,
        "b_due_at": verdict.due_at,
        "b_error": verdict.error,
        "b_finished_at": verdict.at if verdict.status in ("done", "failed") else None,
    }


@asynccontextmanager
async def _transaction(database: Database) -> AsyncGenerator[AsyncConnection]:
    async with database.writer.connect() as connection:
        if database.dialect in _FAMILY:
            # With the default isolation the locks of the search would cover the gaps, and make enqueuers wait.
            await connection.execution_options(isolation_level="READ COMMITTED")
        async with connection.begin():
            yield connection
