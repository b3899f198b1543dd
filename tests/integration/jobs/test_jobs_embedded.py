"""Jobs inside the process, on every database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.jobs.conformance import JobsConformance, World
from tests.integration.jobs.sample import SampleJobs
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url

from orrery.database import Database
from orrery.jobs import EmbeddedJobs, JobNeeds, Jobs, RunnerLimits, Wake

LIMITS = RunnerLimits(poll=0.2, grace=2)


class EmbeddedWorld:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="test"))
        self.jobs.catalog.add(SampleJobs(folder).declared())
        self._running: EmbeddedJobs | None = None

    async def start(self) -> None:
        self._running = EmbeddedJobs(self.jobs, LIMITS, schedules=False)
        await self._running.start()

    async def stop(self) -> None:
        if self._running is not None:
            await self._running.close()


@pytest.mark.parametrize("backend", BACKENDS)
class TestEmbedded(JobsConformance):
    @pytest.fixture
    async def world(self, backend: str, tmp_path: Path) -> AsyncIterator[World]:
        database = Database(await migrated_url(backend, tmp_path))
        world = EmbeddedWorld(database, tmp_path)
        yield world
        await world.stop()
        await database.close()
