"""Putting jobs into the table: in the caller's transaction, so that a job exists exactly if the change it follows does.

After the commit the process that enqueued tells the `Announcer`, which wakes the runner or sends a message. That is
only for speed: an announcement that is lost is made up for by whoever polls the table.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import Insert, event, insert
from sqlalchemy import Table as CoreTable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session

from orrery.database import Database, new_id
from orrery.jobs.announcing import ANNOUNCED_FOR, Announced, Announcer
from orrery.jobs.catalog import BoundJob, JobCatalog
from orrery.jobs.clock import Clock
from orrery.jobs.errors import JobsConfigurationError
from orrery.jobs.lanes import Lane, Lanes
from orrery.jobs.queues import KNOWN
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
INSERT_JOB = insert(_jobs)
"""The statement that `PreparedJob.row` is for."""
_KEYED = uuid.UUID("8f0c3f0e-5d0a-5c52-9a4e-6f6b1d2c7a11")
_PENDING = "orrery_jobs"


class PreparedJob(msgspec.Struct, frozen=True):
    """A job as the row of a statement, for writers that take rows and no session. ``announced`` goes to `announce`."""

    row: Mapping[str, object]
    announced: Announced | None


class JobOutbox:
    """Enqueues jobs by their payload: its type says which job it is for."""

    def __init__(
        self, database: Database, catalog: JobCatalog, lanes: Lanes, announcer: Announcer, clock: Clock
    ) -> None:
        self._catalog = catalog
        self._lanes = lanes
        self._announcer = announcer
        self._clock = clock
        self._database = database
        self._insert_new = _insert_unless_there(database.dialect)

    async def enqueue(
        self,
        session: AsyncSession,
        payload: msgspec.Struct,
        *,
        due_at: datetime | None = None,
        key: str | None = None,
        queue: str | None = None,
    ) -> str:
        """Adds a job to the caller's transaction; its id.

        ``due_at``: not before this time. ``key``: at most one job of this kind per key, as long as its row is kept;
        a second one is ignored. ``queue``: another queue than the declared one. Raises `JobsConfigurationError` when
        no job takes this payload.
        """
        job, lane = self._job(self._catalog.of_payload(type(payload)), payload, due_at, key, queue)
        connection = await session.connection()
        released = await self._released(connection, [(job, lane)])
        row = self._row(job, lane, held=job not in released)
        added = await connection.execute(self._insert_new if key is not None else insert(_jobs), row)
        if key is None or added.rowcount == 1:
            self._announce_after_commit(session.sync_session, released)
        return job.id

    async def enqueue_many(
        self, session: AsyncSession, payloads: Sequence[msgspec.Struct], *, due_at: datetime | None = None
    ) -> list[str]:
        """Adds one job for each payload to the caller's transaction, by one statement; their ids."""
        jobs = [self._job(self._catalog.of_payload(type(one)), one, due_at, None, None) for one in payloads]
        if not jobs:
            return []
        connection = await session.connection()
        released = await self._released(connection, jobs)
        ids = {job.id for job in released}
        await connection.execute(insert(_jobs), [self._row(job, lane, held=job.id not in ids) for job, lane in jobs])
        self._announce_after_commit(session.sync_session, released)
        return [job.id for job, _ in jobs]

    async def _released(
        self, connection: AsyncConnection, jobs: Sequence[tuple[Announced, Lane | None]]
    ) -> list[Announced]:
        """Those that need not wait for others of their lane."""
        now = self._clock.now()
        room = {lane: await self._lanes.room(connection, lane) for lane in {lane for _, lane in jobs if lane}}
        used: Counter[Lane] = Counter()
        released: list[Announced] = []
        for job, lane in jobs:
            if lane is not None:
                if job.due_at > now or used[lane] >= room[lane]:
                    continue
                used[lane] += 1
            released.append(job)
        return released

    async def enqueue_now(
        self,
        payload: msgspec.Struct,
        *,
        due_at: datetime | None = None,
        key: str | None = None,
        queue: str | None = None,
    ) -> str:
        """Adds a job in a transaction of its own; its id. For callers that change nothing else."""
        async with self._database.write() as session:
            return await self.enqueue(session, payload, due_at=due_at, key=key, queue=queue)

    def prepared(
        self, payload: msgspec.Struct, *, due_at: datetime | None = None, queue: str | None = None
    ) -> PreparedJob:
        """A job for `INSERT_JOB` in somebody else's transaction; `announce` it when that is durable."""
        job, lane = self._job(self._catalog.of_payload(type(payload)), payload, due_at, None, queue)
        # Nothing can be counted here: whoever looks after the lanes releases it within a moment.
        return PreparedJob(self._row(job, lane, held=lane is not None), None if lane is not None else job)

    def announce(self, job: PreparedJob) -> None:
        """Tells of a prepared job whose transaction committed. Returns at once and never raises."""
        if job.announced is not None:
            self._announcer.announce([job.announced])

    async def add_due(self, wanted: Sequence[tuple[BoundJob, msgspec.Struct, datetime, str]]) -> list[str]:
        """Adds scheduled jobs (job, payload, due time, key) that nobody added before; the ids of those added."""
        added: list[Announced] = []
        async with self._database.connection() as connection:
            for bound, payload, due_at, key in wanted:
                job, lane = self._job(bound, payload, due_at, key, None)
                if (await connection.execute(self._insert_new, self._row(job, lane))).rowcount == 1:
                    added.append(job)
        self._announcer.announce(added)
        return [one.id for one in added]

    def _job(
        self, bound: BoundJob, payload: msgspec.Struct, due_at: datetime | None, key: str | None, queue: str | None
    ) -> tuple[Announced, Lane | None]:
        name = bound.declaration.name
        if queue is not None and queue not in KNOWN:
            raise JobsConfigurationError(f"job {name}: there is no queue {queue}")
        job = Announced(
            new_id() if key is None else keyed_id(name, key),
            bound.name,
            queue or bound.declaration.queue,
            msgspec.to_builtins(payload),
            due_at or self._clock.now(),
        )
        return job, bound.lane_of(payload, job.queue)

    def _row(self, job: Announced, lane: Lane | None, *, held: bool = False) -> dict[str, object]:
        now = self._clock.now()
        carried = self._announcer.carries and job.due_at <= now and not held
        return {
            **msgspec.structs.asdict(job),
            "status": "held" if held else "waiting",
            "attempts": 0,
            "created_at": now,
            # While a job waits this says until when its message is trusted to be under way.
            "lease_expires_at": now + ANNOUNCED_FOR if carried else None,
            "tenant_id": lane.tenant_id if lane is not None else None,
        }

    def _announce_after_commit(self, session: Session, told: Sequence[Announced]) -> None:
        known = cast("list[Announced] | None", session.info.get(_PENDING))
        if known is not None:
            known.extend(told)
            return
        # The listeners stay with the session, which lives for one transaction or few.
        pending = list(told)
        session.info[_PENDING] = pending

        def committed(_session: Session) -> None:
            jobs = list(pending)
            pending.clear()
            if jobs:
                self._announcer.announce(jobs)

        def rolled_back(_session: Session) -> None:
            pending.clear()

        event.listen(session, "after_commit", committed)
        event.listen(session, "after_rollback", rolled_back)


def keyed_id(name: str, key: str) -> str:
    """The id of the job ``name`` with this key: the same in every process."""
    return str(uuid.uuid5(_KEYED, f"{name}\n{key}"))


def _insert_unless_there(dialect: str) -> Insert:
    """An insert that does nothing when the id is taken; the row count says which."""
    # Lazy: each dialect costs 10 to 20 ms, and the engine has loaded the one that is used.
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(_jobs).on_conflict_do_nothing(index_elements=["id"])
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(_jobs).on_conflict_do_nothing(index_elements=["id"])
    from sqlalchemy.dialects import mysql

    return mysql.insert(_jobs).prefix_with("IGNORE")
