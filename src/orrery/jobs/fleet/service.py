"""The part of a Celery worker that is not Celery: one event loop on which all its jobs run."""

from __future__ import annotations

import asyncio
import logging
from typing import Literal

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from orrery.jobs.claims import Verdict
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.fleet.relay import Relay
from orrery.jobs.lanes import LOOK_SECONDS
from orrery.jobs.parts import Jobs
from orrery.jobs.runner import cancel, forever

_log = logging.getLogger(__name__)

RELAY_SECONDS = 1.0
_WRITE_ATTEMPTS = 5


class Carried(msgspec.Struct, frozen=True):
    """What became of a message.

    ``done``, ``failed`` or ``waiting`` for another attempt, as its job ended here, with the last line of its error.
    ``nothing``: somebody else has the job or had it. ``stopping``: the message belongs to another worker.
    """

    end: Literal["done", "failed", "waiting", "nothing", "stopping"]
    error: str = ""


class FleetService:
    """Carries out what messages bring. All methods run on one loop."""

    def __init__(self, jobs: Jobs[CeleryCarrier]) -> None:
        self._jobs = jobs
        needs = jobs.needs
        self._relay = Relay(needs.database, jobs.catalog, needs.announcer, needs.clock)
        self._loops: list[asyncio.Task[None]] = []
        self._closing = False

    async def start(self) -> None:
        """Begins to give signs of life, to look for jobs of dead workers, and to relay delayed jobs."""
        pause = self._jobs.sign_of_life
        self._loops = [
            asyncio.create_task(forever(self._renew, pause), name="jobs-renew"),
            asyncio.create_task(forever(self._jobs.takeover.look, pause), name="jobs-takeover"),
            asyncio.create_task(forever(self._relay.step, RELAY_SECONDS), name="jobs-relay"),
        ]
        if self._jobs.catalog.has_lanes:
            self._loops.append(asyncio.create_task(forever(self._jobs.lanes.look, LOOK_SECONDS), name="jobs-lanes"))

    async def carry(self, name: str, payload: object, job_id: str) -> Carried:
        """Runs the job of a message, unless somebody else has it or had it. Raises what the database says."""
        if self._closing:
            return Carried("stopping")
        if self._jobs.catalog.get(name) is None:
            _log.info("job %s (%s) is for a newer version", job_id, name)
            await self._jobs.claims.pass_on(job_id)
            return Carried("nothing")
        claimed = await self._jobs.claims.take_one(job_id, name, payload, self._jobs.needs.clock.now())
        if claimed is None:
            _log.info("message for job %s (%s) came too late or twice", job_id, name)
            return Carried("nothing")
        verdict = await self._jobs.execution.run(claimed)
        if verdict is None:
            return Carried("nothing")
        await self._write(verdict)
        end = "waiting" if verdict.status == "held" else verdict.status
        return Carried(end, (verdict.error or "").strip().rpartition("\n")[2])

    async def wake(self) -> None:
        """Fires the schedules that are due."""
        await self._jobs.timekeeper.fire()

    async def drain(self, grace: float) -> None:
        """Takes no more jobs, and after ``grace`` seconds puts back into the queue what still runs."""
        self._closing = True
        await self._jobs.holdings.wait_idle(grace)
        self._jobs.holdings.release()

    async def close(self) -> None:
        """Ends the loops; called when no job runs any more. The announcer is closed by whoever made it."""
        self._closing = True
        await cancel(self._loops)

    async def _write(self, verdict: Verdict) -> None:
        for attempt in range(_WRITE_ATTEMPTS):
            try:
                await self._jobs.claims.finish(verdict)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("the end of job %s could not be written: %s", verdict.claimed.id, error)
                await asyncio.sleep(2.0**attempt)
            else:
                return
        _log.error("the end of job %s was not written; it will be run again", verdict.claimed.id)

    async def _renew(self) -> None:
        try:
            await self._jobs.holdings.renew()
        finally:
            self._jobs.holdings.end_overdue()
