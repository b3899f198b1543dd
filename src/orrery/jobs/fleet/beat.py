"""Beat: fires schedules and relays delayed jobs, from any number of processes at once."""

from __future__ import annotations

import asyncio

from orrery.jobs.fleet.relay import Relay
from orrery.jobs.fleet.service import RELAY_SECONDS
from orrery.jobs.runner import cancel, forever
from orrery.jobs.timekeeper import Timekeeper


class Beat:
    """`start` and `close` bracket it. ``relay`` is None without a broker: then workers look for jobs themselves."""

    def __init__(self, timekeeper: Timekeeper, relay: Relay | None) -> None:
        self._timekeeper = timekeeper
        self._relay = relay
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins the loops."""
        self._loops = [asyncio.create_task(self._timekeeper.run(), name="jobs-schedules")]
        if self._relay is not None:
            self._loops.append(asyncio.create_task(forever(self._relay.step, RELAY_SECONDS), name="jobs-relay"))

    async def close(self) -> None:
        """Ends the loops. The announcer is closed by whoever made it."""
        await cancel(self._loops)
        self._loops = []
