"""Sending messages for waiting jobs that have none: delayed ones when they come due, and those whose message was lost.

Runs in every worker and in beat; what one process takes up, others skip.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, cast

from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy import Table as CoreTable

from orrery.database import Database
from orrery.jobs.announcing import ANNOUNCED_FOR, Announced, Announcer
from orrery.jobs.catalog import JobCatalog
from orrery.jobs.clock import Clock
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c
_BATCH = 200
_MARK = (
    update(_jobs)
    .where(_t.id == bindparam("b_id"), _t.status == "waiting")
    .values(lease_expires_at=bindparam("b_until"))
)


class Carrier(Announcer, Protocol):
    """An announcer that also knows how much is under way."""

    async def depth(self, queue: str) -> int | None: ...


class Relay:
    """One step looks once."""

    def __init__(self, database: Database, catalog: JobCatalog, carrier: Carrier, clock: Clock) -> None:
        self._database = database
        self._catalog = catalog
        self._carrier = carrier
        self._clock = clock

    async def step(self) -> int:
        """Announces what needs it; how many jobs. Raises what the database says."""
        now = self._clock.now()
        sent = await self._send(now, _t.lease_expires_at.is_(None))
        for queue in await self._overdue(now):
            # An overdue message that is only far back in its queue is not sent again: the queue would grow.
            if await self._carrier.depth(queue) == 0:
                sent += await self._send(now, (_t.lease_expires_at < now) & (_t.queue == queue))
        return sent

    async def _overdue(self, now: datetime) -> list[str]:
        query = select(_t.queue).where(*self._due(now), _t.lease_expires_at < now).distinct()
        async with self._database.reader.connect() as connection:
            return list(await connection.scalars(query))

    async def _send(self, now: datetime, which: ColumnElement[bool]) -> int:
        query = (
            select(_t.id, _t.name, _t.queue, _t.payload, _t.due_at)
            .where(*self._due(now), which)
            .order_by(_t.due_at)
            .limit(_BATCH)
        )
        async with self._database.reader.connect() as connection:
            if (await connection.execute(query.limit(1))).first() is None:
                return 0
        async with self._database.connection() as connection:
            found = await connection.execute(query.with_for_update(skip_locked=True))
            jobs = [Announced(*row) for row in found]
            if jobs:
                await connection.execute(_MARK, [{"b_id": job.id, "b_until": now + ANNOUNCED_FOR} for job in jobs])
        self._carrier.announce(jobs)
        return len(jobs)

    def _due(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return (_t.status == "waiting", _t.due_at <= now, _t.name.in_(self._catalog.names))
