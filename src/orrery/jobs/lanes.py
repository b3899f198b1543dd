"""Lanes: what keeps the many jobs of one workspace from delaying another's single one (deployment.md 3.3).

A job whose declaration names the field of its workspace goes in a lane, one for each workspace and queue. At most
``places`` jobs of a lane are released at a time: they wait for a worker, or run. The others are held in the table,
where no worker sees them; each end of a job releases the next, which goes to the end of its queue. So whoever comes
new to a queue waits behind a few jobs of each other workspace, in the table as with a broker.

No place of a worker is wasted for that. While nothing waits in a queue, which is while there are idle workers, some of
what lanes hold is released beyond the bound; and a lane that is alone in its queue keeps what it has got that way. It
goes back to its bound, job by job, as soon as there is another's job.

Bounds are kept by counting, without a lock: jobs that are added at the very same moment may both be released.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import Integer, bindparam, func, select, update
from sqlalchemy import Table as CoreTable
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database import Database
from orrery.jobs.announcing import ANNOUNCED_FOR, Announced, Announcer
from orrery.jobs.clock import Clock
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c

LOOK_SECONDS = 1.0
"""Between two looks for lanes whose next job nobody released: a job that was added while the one before it ended, one
that waits for its next attempt, one whose process died."""

SPARE = 4
"""How many held jobs of a queue are released at each look that finds nothing waiting there."""

_IN_LANE = (_t.tenant_id == bindparam("b_tenant"), _t.queue == bindparam("b_queue"))
_UNDER_WAY = ("held", "waiting", "running")
_RELEASED = select(func.count()).where(_t.status.in_(("waiting", "running")), *_IN_LANE)
_FIRST_HELD = (
    select(_t.id, _t.name, _t.queue, _t.payload, _t.due_at)
    .where(_t.status == "held", *_IN_LANE, _t.due_at <= bindparam("b_now"))
    .order_by(_t.due_at, _t.id)
    .limit(bindparam("b_most", type_=Integer))
)
_RELEASE = (
    update(_jobs)
    .where(_t.id == bindparam("b_id"), _t.status == "held")
    .values(status="waiting", due_at=bindparam("b_now"), lease_expires_at=bindparam("b_announced"))
)
_OF_JOBS = select(_t.queue, _t.tenant_id).where(_t.tenant_id.is_not(None))
# Others on both sides of this one, so that the index is never read through the lane's own jobs.
_OTHERS = [
    select(_t.id)
    .where(_t.status == status, side, _t.queue == bindparam("b_queue"), _t.due_at <= bindparam("b_now"))
    .limit(1)
    for status in _UNDER_WAY
    for side in (_t.tenant_id < bindparam("b_tenant"), _t.tenant_id > bindparam("b_tenant"))
]
_WAITING = select(_t.id).where(_t.status == "waiting", _t.queue == bindparam("b_queue")).limit(1)
_WITH_HELD = select(_t.queue, _t.tenant_id).where(_t.status == "held", _t.due_at <= bindparam("b_now")).distinct()


class Lane(msgspec.Struct, frozen=True):
    """One workspace's jobs in one queue."""

    queue: str
    tenant_id: str


class Lanes:
    """Counts lanes and releases what they hold. ``places``: jobs of a lane that are released at a time."""

    def __init__(self, database: Database, announcer: Announcer, clock: Clock, *, places: int = 1) -> None:
        self._database = database
        self._announcer = announcer
        self._clock = clock
        self._places = places

    async def room(self, connection: AsyncConnection, lane: Lane) -> int:
        """How many more jobs of this lane may be released; in the caller's transaction."""
        released = await connection.scalar(_RELEASED, _row_of(lane))
        return max(self._places - (released or 0), 0)

    async def release_after(self, connection: AsyncConnection, ended: Sequence[str], now: datetime) -> list[Announced]:
        """Releases what follows these jobs in their lanes, in the transaction of their end; `announce` it after."""
        found = await connection.execute(_OF_JOBS.where(_t.id.in_(ended)))
        counted = Counter(Lane(*row) for row in found)
        released: list[Announced] = []
        for lane, number in counted.items():
            room = await self.room(connection, lane)
            if room < number and await self._is_alone(connection, lane, now):
                room = number
            released += await self._release(connection, lane, room, now)
        return released

    async def look(self) -> int:
        """Releases what some lane has room for and nobody released; how many jobs. Raises what the database says."""
        now = self._clock.now()
        async with self._database.reader.connect() as connection:
            lanes = [Lane(*row) for row in await connection.execute(_WITH_HELD, {"b_now": now})]
            wanted = await self._wanted(connection, lanes)
        if not wanted:
            return 0
        released: list[Announced] = []
        async with self._database.connection() as connection:
            for lane, number in wanted.items():
                released += await self._release(connection, lane, number, now)
        self.announce(released)
        return len(released)

    def announce(self, released: Sequence[Announced]) -> None:
        """Tells of released jobs whose transaction committed."""
        if released:
            self._announcer.announce(released)

    async def _wanted(self, connection: AsyncConnection, lanes: Sequence[Lane]) -> dict[Lane, int]:
        """How many jobs of each lane may be released: up to its bound, and of idle queues some more."""
        wanted = {lane: room for lane in lanes if (room := await self.room(connection, lane))}
        for queue in {lane.queue for lane in lanes} - {lane.queue for lane in wanted}:
            if (await connection.execute(_WAITING, {"b_queue": queue})).first() is None:
                idle = [lane for lane in lanes if lane.queue == queue]
                wanted |= {lane: max(SPARE // len(idle), 1) for lane in idle[:SPARE]}
        return wanted

    async def _is_alone(self, connection: AsyncConnection, lane: Lane, now: datetime) -> bool:
        row = {**_row_of(lane), "b_now": now}
        for others in _OTHERS:
            if (await connection.execute(others, row)).first() is not None:
                return False
        return True

    async def _release(self, connection: AsyncConnection, lane: Lane, most: int, now: datetime) -> list[Announced]:
        if most <= 0:
            return []
        released: list[Announced] = []
        mark = now + ANNOUNCED_FOR if self._announcer.carries else None
        # Whoever releases the same lane meanwhile takes the same jobs, and only one of both can.
        first = {**_row_of(lane), "b_now": now, "b_most": most}
        for row in (await connection.execute(_FIRST_HELD, first)).all():
            job = Announced(*row)
            told = {"b_id": job.id, "b_now": now, "b_announced": mark}
            if (await connection.execute(_RELEASE, told)).rowcount == 1:
                released.append(msgspec.structs.replace(job, due_at=now))
        return released


def _row_of(lane: Lane) -> dict[str, object]:
    return {"b_queue": lane.queue, "b_tenant": lane.tenant_id}
