"""Turning due times into jobs, once each, in any number of processes.

The id of a scheduled job is made of the schedule's name and the due time, so the table's primary key lets exactly one
process add it. Nothing else is remembered: a process that starts looks back over the grace time and adds what nobody
added, and a clock that jumps back meets the rows that are there already.
"""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import msgspec

from orrery.jobs.catalog import BoundJob, BoundSchedule, JobCatalog
from orrery.jobs.clock import Clock
from orrery.jobs.declaration import Due
from orrery.jobs.outbox import JobOutbox

_log = logging.getLogger(__name__)

_LONGEST_SLEEP = 30.0
"""Seconds; after so long the wall clock is read again, for it may have jumped."""
_TROUBLE_SECONDS = 5.0
_MOST_MISSED = 1000


class Timekeeper:
    """Fires the schedules of a catalog."""

    def __init__(self, catalog: JobCatalog, outbox: JobOutbox, clock: Clock) -> None:
        self._catalog = catalog
        self._outbox = outbox
        self._clock = clock
        self._looked: dict[str, datetime] = {}

    async def run(self) -> None:
        """Fires until cancelled."""
        while True:
            try:
                await self.fire()
            except Exception:  # noqa: BLE001  (a top loop: its end would silence every schedule)
                _log.exception("the schedules could not be fired; it is tried again")
                await self._clock.sleep(_TROUBLE_SECONDS)
            await self._clock.sleep(self.until_next())

    async def fire(self) -> int:
        """Adds the jobs that came due since the last call; how many of them no other process had added."""
        now = self._clock.now()
        wanted: list[tuple[BoundJob, msgspec.Struct, datetime, str]] = []
        for schedule in self._catalog.schedules:
            wanted.extend(
                (schedule.job, Due(due), due, due.astimezone(UTC).isoformat()) for due in self._due(schedule, now)
            )
        added = await self._outbox.add_due(wanted) if wanted else []
        # Only now: what could not be written is tried again.
        self._looked = {schedule.job.declaration.name: now for schedule in self._catalog.schedules}
        return len(added)

    def until_next(self) -> float:
        """Seconds until something is due, bounded, so that jumps of the clock are noticed."""
        now = self._clock.now()
        firsts = [next(schedule.due_times.after(now), None) for schedule in self._catalog.schedules]
        waits = [(due - now).total_seconds() for due in firsts if due is not None]
        return min([*waits, _LONGEST_SLEEP])

    def _due(self, schedule: BoundSchedule, now: datetime) -> deque[datetime]:
        earliest = now - timedelta(seconds=schedule.declaration.grace)
        looked = self._looked.get(schedule.job.declaration.name, earliest)
        # A clock that was set back: what lies between is in the table already, and is not asked for.
        start = max(min(looked, now), earliest)
        kept = 1 if schedule.declaration.missed == "latest" else _MOST_MISSED
        return deque(takewhile(lambda moment: moment <= now, schedule.due_times.after(start)), maxlen=kept)
