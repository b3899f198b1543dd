"""Looking at the jobs that are kept, and trying failed ones again by hand.

A job is ``waiting`` when a worker may take it, and ``held`` while others of its lane go first (`orrery.jobs.lanes`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast

import msgspec
from sqlalchemy import Table as CoreTable
from sqlalchemy import case, delete, func, select, update

from orrery.database import Database
from orrery.jobs.announcing import ANNOUNCED_FOR, Announced, Announcer
from orrery.jobs.clock import Clock
from orrery.jobs.errors import JobNotFailed, JobNotFound
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c

Status = Literal["waiting", "held", "running", "done", "failed"]


class JobCount(msgspec.Struct, frozen=True):
    """How many jobs of a queue are in a state; ``oldest`` is the earliest due time among them."""

    queue: str
    status: str
    number: int
    oldest: datetime


class JobView(msgspec.Struct, frozen=True):
    """A job without its payload, which may hold what an operator should not see."""

    id: str
    name: str
    queue: str
    status: str
    attempts: int
    due_at: datetime
    lease_owner: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


_VIEW = (
    _t.id, _t.name, _t.queue, _t.status, _t.attempts, _t.due_at, _t.lease_owner, _t.error, _t.created_at,
    _t.finished_at,
)  # fmt: skip


class JobInspection:
    """Reads the table; the only things it changes are failed jobs, which are to run again or to be forgotten."""

    def __init__(self, database: Database, announcer: Announcer, clock: Clock) -> None:
        self._database = database
        self._announcer = announcer
        self._clock = clock

    async def counts(self) -> list[JobCount]:
        """By queue and status, sorted."""
        query = (
            select(_t.queue, _t.status, func.count(), func.min(_t.due_at, type_=_t.due_at.type))
            .group_by(_t.queue, _t.status)
            .order_by(_t.queue, _t.status)
        )
        async with self._database.reader.connect() as connection:
            return [JobCount(*row) for row in (await connection.execute(query))]

    async def list(self, status: Status, *, queue: str | None = None, limit: int = 100, skip: int = 0) -> list[JobView]:
        """The jobs in a state, the latest first; ``skip`` leaves out so many of them."""
        latest = (_t.created_at.desc(), _t.id.desc())
        query = select(*_VIEW).where(_t.status == status).order_by(*latest).limit(limit).offset(skip)
        if queue is not None:
            query = query.where(_t.queue == queue)
        async with self._database.reader.connect() as connection:
            return [JobView(*row) for row in await connection.execute(query)]

    async def get(self, job_id: str) -> JobView:
        """One job. Raises `JobNotFound`."""
        async with self._database.reader.connect() as connection:
            row = (await connection.execute(select(*_VIEW).where(_t.id == job_id))).first()
        if row is None:
            raise JobNotFound
        return JobView(*row)

    async def retry(self, job_id: str) -> None:
        """Puts a failed job back into its queue with all its attempts. Raises `JobNotFound`, `JobNotFailed`."""
        now = self._clock.now()
        async with self._database.connection() as connection:
            changed = await connection.execute(
                update(_jobs)
                .where(_t.id == job_id, _t.status == "failed")
                .values(
                    # In a lane it waits for its turn among the others: a thousand may be tried again at once.
                    status=case((_t.tenant_id.is_(None), "waiting"), else_="held"),
                    attempts=0,
                    due_at=now,
                    error=None,
                    finished_at=None,
                    lease_expires_at=now + ANNOUNCED_FOR if self._announcer.carries else None,
                )
            )
            row = (
                await connection.execute(
                    select(_t.id, _t.name, _t.queue, _t.payload, _t.due_at, _t.tenant_id).where(_t.id == job_id)
                )
            ).first()
        if row is None:
            raise JobNotFound
        if changed.rowcount != 1:
            raise JobNotFailed
        *job, tenant = row
        if tenant is None:
            self._announcer.announce([Announced(*job)])

    async def forget(self, job_id: str) -> None:
        """Deletes a failed job for good. Raises `JobNotFound`, `JobNotFailed`."""
        async with self._database.connection() as connection:
            gone = await connection.execute(delete(_jobs).where(_t.id == job_id, _t.status == "failed"))
            left = (await connection.execute(select(_t.id).where(_t.id == job_id))).first()
        if gone.rowcount == 1:
            return
        if left is None:
            raise JobNotFound
        raise JobNotFailed("Only a failed job can be deleted.")
