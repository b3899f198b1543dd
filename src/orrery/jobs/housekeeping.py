"""The jobs room's own job: forgetting jobs that ended long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from sqlalchemy import Table as CoreTable
from sqlalchemy import delete, select

from orrery.database import Database
from orrery.jobs.clock import Clock
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c
_BATCH = 1000

DONE_KEPT = timedelta(days=2)
"""Longer than every grace time and every plausible jump of a clock: the row is what keeps a due time from firing
again."""
FAILED_KEPT = timedelta(days=30)


class JobHousekeeping:
    """Deletes in batches, so that nobody waits long for a lock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.clean,)

    @scheduled(cron="17 * * * *")
    @job("clean_finished_jobs", queue="retention", retries=1, timeout=600.0)
    async def clean(self, due: Due) -> None:
        """Forgets done jobs after two days, failed ones after thirty."""
        await self.forget(done_for=DONE_KEPT, failed_for=FAILED_KEPT)

    async def forget(self, *, done_for: timedelta, failed_for: timedelta) -> int:
        """Deletes jobs that ended so long ago; how many."""
        now = self._clock.now()
        return await self._delete("done", now - done_for) + await self._delete("failed", now - failed_for)

    async def _delete(self, status: str, before: object) -> int:
        old = select(_t.id).where(_t.status == status, _t.finished_at < before).limit(_BATCH)
        total = 0
        while True:
            # In two steps: MySQL does not limit inside IN.
            async with self._database.reader.connect() as connection:
                ids = list(await connection.scalars(old))
            if not ids:
                return total
            async with self._database.connection() as connection:
                await connection.execute(delete(_jobs).where(_t.id.in_(ids), _t.status == status))
            total += len(ids)
