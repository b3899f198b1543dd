"""Jobs and schedules inside one process, over its own database: the default, and the worker without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from orrery.jobs.parts import Jobs
from orrery.jobs.runner import JobRunner, RunnerLimits, RunnerParts, Wake, cancel


class EmbeddedJobs:
    """Runs the jobs of `Jobs` here. `start` and `close` bracket it.

    ``queues``: the ones to serve, empty for all. ``schedules``: whether this process also fires them.
    """

    def __init__(
        self,
        jobs: Jobs[Wake],
        limits: RunnerLimits | None = None,
        *,
        queues: Sequence[str] = (),
        schedules: bool = True,
    ) -> None:
        self._jobs = jobs
        self._queues = jobs.queues(queues)
        self._all = not queues
        self._schedules = schedules
        parts = RunnerParts(
            claims=jobs.claims,
            execution=jobs.execution,
            holdings=jobs.holdings,
            takeover=jobs.takeover,
            lanes=jobs.lanes if jobs.catalog.has_lanes else None,
            clock=jobs.needs.clock,
        )
        self._runner = JobRunner(parts, self._queues, limits or RunnerLimits(), jobs.needs.announcer)
        self._timekeeper: asyncio.Task[None] | None = None

    async def start(self, *, alone: bool = False) -> None:
        """Begins to run jobs and to fire schedules.

        ``alone``: no other process uses this database, so that jobs found running can be put back at once. Raises
        `JobsConfigurationError` when a declared job would never run, and what the database says.
        """
        if self._all:
            self._jobs.catalog.require_served(self._queues)
        await self._runner.start(alone=alone, sign_of_life=self._jobs.sign_of_life)
        if self._schedules:
            self._timekeeper = asyncio.create_task(self._jobs.timekeeper.run(), name="jobs-schedules")

    async def close(self) -> None:
        """Fires nothing more, lets running jobs finish for a while, and puts the rest back. Safe to call twice."""
        if self._timekeeper is not None:
            await cancel([self._timekeeper])
            self._timekeeper = None
        await self._runner.close()
