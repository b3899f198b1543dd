from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from sqlalchemy import select

from orrery.database import Database
from orrery.jobs import Handler, JobNeeds, Jobs, Wake
from orrery.jobs.tables import Job

from .conftest import JobClock
from .samples import Minutely, Nightly


def keeper(database: Database, clock: JobClock, handler: Handler) -> Jobs[Wake]:
    jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="test", clock=clock))
    jobs.catalog._schedules.clear()
    jobs.catalog.add([handler])
    return jobs


async def fired(database: Database) -> list[str]:
    async with database.read() as session:
        found = await session.scalars(select(Job.due_at).order_by(Job.due_at))
        return [due.strftime("%d %H:%M") for due in found]


async def test_a_due_time_fires_once_even_with_two_processes(database: Database, clock: JobClock) -> None:
    one, two = (keeper(database, clock, Minutely().minutely) for _ in range(2))
    await one.timekeeper.fire()
    already = len(await fired(database))
    assert await two.timekeeper.fire() == 0
    for _ in range(100):
        clock.advance(minutes=1)
        counts = await asyncio.gather(one.timekeeper.fire(), two.timekeeper.fire())
        assert sorted(counts) == [0, 1]
    assert len(await fired(database)) == already + 100


async def test_only_the_last_missed_time_within_the_grace_fires(database: Database, clock: JobClock) -> None:
    jobs = keeper(database, clock, Nightly().nightly)
    assert await jobs.timekeeper.fire() == 0
    clock.advance(days=5, hours=15)
    assert await jobs.timekeeper.fire() == 1
    assert await fired(database) == ["07 02:30"]
    clock.advance(days=1, hours=2)
    assert await jobs.timekeeper.fire() == 0, "the grace of an hour is over"


async def test_every_missed_time_within_the_grace_fires_where_that_is_wanted(
    database: Database, clock: JobClock
) -> None:
    assert await keeper(database, clock, Minutely().minutely).timekeeper.fire() == 10
    clock.advance(minutes=3)
    assert await keeper(database, clock, Minutely().minutely).timekeeper.fire() == 3, "a restart, not a new start"
    clock.advance(hours=5)
    assert await keeper(database, clock, Minutely().minutely).timekeeper.fire() == 10


@pytest.mark.parametrize("jump", [{"hours": -1}, {"hours": 1}])
async def test_a_clock_that_jumps_and_returns_repeats_nothing(
    database: Database, clock: JobClock, jump: dict[str, float]
) -> None:
    jobs = keeper(database, clock, Minutely().minutely)
    await jobs.timekeeper.fire()
    clock.advance(**jump)
    await jobs.timekeeper.fire()
    clock.advance(**{unit: -amount for unit, amount in jump.items()})
    await jobs.timekeeper.fire()
    clock.advance(minutes=1)
    assert await jobs.timekeeper.fire() == 1, "and goes on at once"
    due = await fired(database)
    assert len(set(due)) == len(due)


async def test_what_could_not_be_written_is_tried_again(database: Database, clock: JobClock) -> None:
    jobs = keeper(database, clock, Minutely().minutely)
    await jobs.timekeeper.fire()
    clock.advance(minutes=1)
    async with database.connection() as connection:
        await connection.exec_driver_sql("ALTER TABLE jobs RENAME TO away")
    with pytest.raises(Exception, match="no such table"):
        await jobs.timekeeper.fire()
    async with database.connection() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO jobs")
    assert await jobs.timekeeper.fire() == 1


async def test_it_sleeps_until_something_is_due_but_not_for_long(database: Database, clock: JobClock) -> None:
    jobs = keeper(database, clock, Nightly().nightly)
    assert jobs.timekeeper.until_next() == 30
    clock.advance(hours=14, minutes=29, seconds=55)
    assert jobs.timekeeper.until_next() == 5
    loop = asyncio.create_task(jobs.timekeeper.run())
    while clock.slept < 60:
        await asyncio.sleep(0.001)
    loop.cancel()
    assert await fired(database) == ["02 02:30"]
    assert jobs.catalog.schedules[0].job.declaration.name == "nightly"
    assert isinstance(clock.now(), datetime)
