"""Beat: fires schedules and relays delayed jobs, from any number of processes at once."""

from __future__ import annotations

import asyncio

from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.fleet.relay import Relay
from orrery.jobs.fleet.service import RELAY_SECONDS
from orrery.jobs.outbox import Announcer
from orrery.jobs.parts import Jobs
from orrery.jobs.runner import cancel, forever


class Beat:
    """`start` and `close` bracket it. Without a broker only the schedules are fired; workers look for jobs anyway."""

    def __init__(self, jobs: Jobs[CeleryCarrier] | Jobs[Announcer]) -> None:
        self._jobs = jobs
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins the loops."""
        needs = self._jobs.needs
        self._loops = [asyncio.create_task(self._jobs.timekeeper.run(), name="jobs-schedules")]
        if isinstance(needs.announcer, CeleryCarrier):
            relay = Relay(needs.database, self._jobs.catalog, needs.announcer, needs.clock)
            self._loops.append(asyncio.create_task(forever(relay.step, RELAY_SECONDS), name="jobs-relay"))

    async def close(self) -> None:
        """Ends the loops. The announcer is closed by whoever made it."""
        await cancel(self._loops)
        self._loops = []
