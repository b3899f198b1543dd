"""Finding jobs whose process died, and putting them back into the queue.

A lease counts as over when nobody has renewed it for its length *while this process watched*, measured by the
monotonic clock. The times in the rows are not compared with any wall clock: one that jumps neither ends a lease nor
keeps a dead one alive.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import Table as CoreTable
from sqlalchemy import bindparam, select, update

from orrery.database import Database
from orrery.jobs.announcing import ANNOUNCED_FOR, Announced, Announcer
from orrery.jobs.catalog import JobCatalog
from orrery.jobs.clock import Clock
from orrery.jobs.holdings import Holdings
from orrery.jobs.tables import Job

_log = logging.getLogger(__name__)

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c
_STILL = (_t.id == bindparam("b_id"), _t.status == "running", _t.lease_owner == bindparam("b_token"))
_PUT_BACK = update(_jobs).where(*_STILL).values(
    status="waiting", lease_owner=None, lease_expires_at=bindparam("b_announced"), due_at=bindparam("b_now")
)  # fmt: skip
_FAIL = update(_jobs).where(*_STILL).values(
    status="failed",
    lease_owner=None,
    lease_expires_at=None,
    finished_at=bindparam("b_now"),
    error=bindparam("b_error"),
)  # fmt: skip

LOST_LIMIT = 3
"""So many attempts beyond the declared retries may end with the death of their process; then the job is the likely
cause, and it fails."""


class _Seen(msgspec.Struct):
    token: str | None
    mark: datetime | None
    since: float


class _Running(msgspec.Struct, frozen=True):
    id: str
    name: str
    queue: str
    payload: object
    attempts: int
    token: str | None
    mark: datetime | None


class Takeover:
    """Watches the leases of all processes; one per process that runs jobs."""

    def __init__(
        self, database: Database, catalog: JobCatalog, holdings: Holdings, announcer: Announcer, clock: Clock
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._holdings = holdings
        self._announcer = announcer
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    async def look(self) -> int:
        """Puts back the jobs whose lease is over by now; how many. Raises what the database says."""
        running = await self._running()
        now = self._clock.monotonic()
        self._seen = {one.id: self._observe(one, now) for one in running}
        return await self._put_back([one for one in running if self._is_over(one, now)])

    async def put_back_all(self) -> int:
        """For the start of the only process that uses this database: whoever ran jobs before is gone."""
        return await self._put_back(await self._running())

    def _observe(self, one: _Running, now: float) -> _Seen:
        seen = self._seen.get(one.id)
        if seen is not None and seen.token == one.token and seen.mark == one.mark:
            return seen
        return _Seen(one.token, one.mark, now)

    def _is_over(self, one: _Running, now: float) -> bool:
        bound = self._catalog.get(one.name)
        return bound is not None and now - self._seen[one.id].since >= bound.lease

    async def _running(self) -> list[_Running]:
        query = select(_t.id, _t.name, _t.queue, _t.payload, _t.attempts, _t.lease_owner, _t.lease_expires_at).where(
            _t.status == "running", _t.name.in_(self._catalog.names)
        )
        async with self._database.reader.connect() as connection:
            rows = await connection.execute(query)
            return [_Running(*row) for row in rows if row[0] not in self._holdings]

    async def _put_back(self, jobs: Sequence[_Running]) -> int:
        back: list[Announced] = []
        for one in jobs:
            now = self._clock.now()
            if not await self._move(one, now):
                continue
            _log.warning("job %s (%s) lost its process in attempt %d", one.id, one.name, one.attempts)
            if not self._is_deadly(one):
                back.append(Announced(one.id, one.name, one.queue, one.payload, now))
        self._announcer.announce(back)
        return len(back)

    async def _move(self, one: _Running, now: datetime) -> bool:
        row: dict[str, object] = {"b_id": one.id, "b_token": one.token, "b_now": now}
        if self._is_deadly(one):
            statement, row["b_error"] = _FAIL, f"its process died too often, at last in attempt {one.attempts}"
        else:
            statement, row["b_announced"] = _PUT_BACK, now + ANNOUNCED_FOR if self._announcer.carries else None
        async with self._database.connection() as connection:
            # A lease that was renewed since the look has another mark, and is left alone.
            alive = statement.where(_t.lease_expires_at == one.mark)
            return (await connection.execute(alive, row)).rowcount == 1

    def _is_deadly(self, one: _Running) -> bool:
        bound = self._catalog.get(one.name)
        return bound is not None and one.attempts >= bound.declaration.retries + LOST_LIMIT
