from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from orrery.database import Database
from orrery.jobs.claims import Claimed
from orrery.jobs.holdings import Holdings
from orrery.jobs.takeover import LOST_LIMIT

from .conftest import JobClock
from .parts import Ear, jobs_of, row
from .samples import Ping, Pong, Samples

ROOM = {"mail": 10, "dataset": 10}


async def test_a_lease_that_nobody_renews_is_over_after_its_length(database: Database, clock: JobClock) -> None:
    dead, ear = jobs_of(database, clock, Samples()), Ear()
    watcher = jobs_of(database, clock, Samples(), owner="b", ear=ear)
    job_id = await dead.outbox.enqueue_now(Ping("x"))
    await dead.claims.turn([], ROOM, clock.now())
    assert await watcher.takeover.look() == 0
    clock.advance(seconds=29)
    assert await watcher.takeover.look() == 0
    clock.advance(seconds=1)
    assert await watcher.takeover.look() == 1
    assert ear.heard == [job_id]
    back = await row(database, job_id)
    assert (back.status, back.attempts, back.lease_owner) == ("waiting", 1, None)
    assert await watcher.takeover.look() == 0


class Jumping(JobClock):
    """Its wall clock can jump alone."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = timedelta()

    def now(self) -> datetime:
        return super().now() + self.offset


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_wall_clock_that_jumps_neither_ends_a_lease_nor_keeps_it(database: Database, hours: int) -> None:
    clock = Jumping()
    owner, watcher = jobs_of(database, clock, Samples()), jobs_of(database, clock, Samples(), owner="b")
    await owner.outbox.enqueue_now(Ping("x"))
    await owner.claims.turn([], ROOM, clock.now())
    await watcher.takeover.look()
    clock.offset = timedelta(hours=hours)
    assert await watcher.takeover.look() == 0
    clock.advance(seconds=30)
    assert await watcher.takeover.look() == 1


async def test_a_sign_of_life_keeps_the_job(database: Database, clock: JobClock) -> None:
    owner, watcher = jobs_of(database, clock, Samples()), jobs_of(database, clock, Samples(), owner="b")
    await owner.outbox.enqueue_now(Ping("x"))
    (claimed,) = await owner.claims.turn([], ROOM, clock.now())
    holding = owner.holdings.take(claimed, 30)
    for _ in range(6):
        clock.advance(seconds=20)
        await owner.holdings.renew()
        owner.holdings.end_overdue()
        assert await watcher.takeover.look() == 0
    assert holding.reason is None


async def test_a_job_that_kills_its_processes_fails_in_the_end(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    job_id = await jobs.outbox.enqueue_now(Pong())
    for _ in range(LOST_LIMIT - 1):
        await jobs.claims.turn([], ROOM, clock.now())
        assert await jobs.takeover.put_back_all() == 1
    await jobs.claims.turn([], ROOM, clock.now())
    assert await jobs.takeover.put_back_all() == 0
    failed = await row(database, job_id)
    assert (failed.status, failed.error) == ("failed", "its process died too often, at last in attempt 3")


async def _begin(holdings: Holdings, claimed: Claimed) -> asyncio.Task[str]:
    started = asyncio.Event()

    async def work() -> str:
        holding = holdings.take(claimed, 30)
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return str(holding.reason)
        return "ended"

    task = asyncio.create_task(work())
    await started.wait()
    return task


async def test_work_whose_lease_went_to_another_is_ended(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    await jobs.outbox.enqueue_now(Ping("x"))
    (claimed,) = await jobs.claims.turn([], ROOM, clock.now())
    work = await _begin(jobs.holdings, claimed)
    await jobs.holdings.renew()
    other = jobs_of(database, clock, Samples(), owner="b")
    await other.takeover.put_back_all()
    await other.claims.turn([], ROOM, clock.now())
    await jobs.holdings.renew()
    assert await work == "lost"


async def test_work_is_ended_when_no_sign_of_life_gets_through(database: Database, clock: JobClock) -> None:
    jobs = jobs_of(database, clock, Samples())
    await jobs.outbox.enqueue_now(Ping("x"))
    (claimed,) = await jobs.claims.turn([], ROOM, clock.now())
    work = await _begin(jobs.holdings, claimed)
    clock.advance(seconds=30)
    jobs.holdings.end_overdue()
    assert not work.done()
    clock.advance(seconds=1)
    jobs.holdings.end_overdue()
    assert await work == "lost"
