"""Several processes' jobs over one database, on every engine: each with connections of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.integration.jobs.sample import Chore, MinuteJobs, Note, SampleJobs
from tests.support.clock import MovableClock
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url

from orrery.database import Database
from orrery.jobs import EmbeddedJobs, JobNeeds, Jobs, LeaseLost, NoAnnouncer, RunnerLimits, Wake
from orrery.jobs.attempt import Attempt
from orrery.jobs.tables import Job

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


class Clock(MovableClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
async def databases(backend: str, tmp_path: Path) -> AsyncIterator[list[Database]]:
    url = await migrated_url(backend, tmp_path)
    databases = [Database(url) for _ in range(3)]
    yield databases
    for database in databases:
        await database.close()


async def test_each_job_is_taken_by_one_of_many_processes(databases: list[Database], tmp_path: Path) -> None:
    running: list[EmbeddedJobs] = []
    for number, database in enumerate(databases):
        jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner=f"p{number}"))
        jobs.catalog.add(SampleJobs(tmp_path).declared())
        running.append(EmbeddedJobs(jobs, RunnerLimits(poll=0.02), schedules=False))
    outside = Jobs.build(JobNeeds(database=databases[0], announcer=NoAnnouncer(), owner="api"))
    outside.catalog.add(SampleJobs(tmp_path).declared())
    for one in running:
        await one.start()
    for start in range(0, 200, 50):
        async with databases[0].write() as session:
            for number in range(start, start + 50):
                await outside.outbox.enqueue(session, Note(f"n{number}"))
    async with asyncio.timeout(120):
        while [(count.status, count.number) for count in await outside.inspection.counts()] != [("done", 200)]:
            await asyncio.sleep(0.05)
    for one in running:
        await one.close()
    lines = (tmp_path / "effects").read_text().splitlines()
    assert sorted(lines) == sorted(f"n{number}" for number in range(200))


async def test_each_job_that_was_held_is_released_and_done_once(databases: list[Database], tmp_path: Path) -> None:
    processes = [
        Jobs.build(JobNeeds(database=database, announcer=Wake(), owner=f"p{number}", tenant_places=2))
        for number, database in enumerate(databases)
    ]
    for one in processes:
        one.catalog.add(SampleJobs(tmp_path).declared())
    jobs, running = processes[0], [EmbeddedJobs(one, RunnerLimits(poll=0.02), schedules=False) for one in processes]
    async with databases[0].write() as session:
        await jobs.outbox.enqueue_many(session, [Chore(tenant, f"{tenant}{n}") for tenant in "ab" for n in range(12)])
    assert {count.status: count.number for count in await jobs.inspection.counts()} == {"waiting": 4, "held": 20}
    for each in running:
        await each.start()
    async with asyncio.timeout(120):
        while [(count.status, count.number) for count in await jobs.inspection.counts()] != [("done", 24)]:
            await asyncio.sleep(0.05)
    for each in running:
        await each.close()
    lines = (tmp_path / "effects").read_text().splitlines()
    assert sorted(lines) == sorted(f"{tenant}{number}" for tenant in "ab" for number in range(12))


async def test_each_due_time_is_fired_by_one_of_many_beats(databases: list[Database], tmp_path: Path) -> None:
    clock = Clock()
    beats: list[Jobs[NoAnnouncer]] = []
    for database in databases:
        jobs = Jobs.build(JobNeeds(database=database, announcer=NoAnnouncer(), owner="beat", clock=clock))
        jobs.catalog.add(MinuteJobs(tmp_path).declared())
        beats.append(jobs)
    fired = [0, 0, 0]
    for _ in range(50):
        clock.advance(minutes=2)
        added = await asyncio.gather(*(beat.timekeeper.fire() for beat in beats))
        fired = [before + now for before, now in zip(fired, added, strict=True)]
    async with databases[0].read() as session:
        rows = await session.scalar(select(func.count()).select_from(Job).where(Job.name == "minute"))
        due = set(await session.scalars(select(Job.due_at).where(Job.name == "minute")))
    last = clock.now()
    assert {last - timedelta(minutes=number) for number in range(100)} <= due
    assert rows == len(due)


async def test_effects_are_tied_to_the_lease(databases: list[Database], tmp_path: Path) -> None:
    jobs = Jobs.build(JobNeeds(database=databases[0], announcer=NoAnnouncer(), owner="one"))
    other = Jobs.build(JobNeeds(database=databases[1], announcer=NoAnnouncer(), owner="two"))
    for one in (jobs, other):
        one.catalog.add(SampleJobs(tmp_path).declared())
    await jobs.outbox.enqueue_now(Note("x"))
    (claimed,) = await jobs.claims.turn([], {"mail": 1}, datetime.now(UTC))
    attempt = Attempt(claimed.id, claimed.token, 1, last=False)
    async with databases[0].write() as session:
        await attempt.hold(session)
        await attempt.hold(session)
    assert await other.takeover.put_back_all() == 1
    with pytest.raises(LeaseLost):
        async with databases[0].write() as session:
            await attempt.hold(session)
