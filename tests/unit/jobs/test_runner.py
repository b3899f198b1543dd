from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import event

from orrery.database import Database
from orrery.jobs import EmbeddedJobs, JobNeeds, Jobs, JobsConfigurationError, RunnerLimits, Wake
from orrery.jobs.clock import SystemClock
from orrery.jobs.housekeeping import JobHousekeeping

from .parts import row
from .samples import Ping, Pong, Samples, Wait


class House:
    def __init__(self, database: Database) -> None:
        self.samples = Samples()
        self.jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="a"))
        self.jobs.catalog.add(self.samples.declared())
        self.running: EmbeddedJobs | None = None

    async def start(self, limits: RunnerLimits, *, alone: bool = False, queues: tuple[str, ...] = ()) -> None:
        self.running = EmbeddedJobs(self.jobs, limits, queues=queues, schedules=False)
        await self.running.start(alone=alone)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    house = House(database)
    yield house
    house.samples.go.set()
    if house.running is not None:
        await house.running.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_job_starts_at_once_without_a_poll(house: House) -> None:
    await house.start(RunnerLimits(poll=600))
    await asyncio.sleep(0.02)
    await house.jobs.outbox.enqueue_now(Ping("now"))
    await until(lambda: house.samples.heard == ["now"])


async def test_a_delayed_job_starts_at_its_time_and_not_at_the_next_poll(house: House) -> None:
    await house.start(RunnerLimits(poll=600))
    due = SystemClock().now() + timedelta(seconds=0.1)
    await house.jobs.outbox.enqueue_now(Ping("then"), due_at=due)
    await until(lambda: house.samples.heard == ["then"])
    assert SystemClock().now() >= due


async def test_a_full_queue_leaves_room_for_the_others(house: House) -> None:
    await house.start(RunnerLimits(at_once=4, per_queue=3, by_queue={"plugin": 2}, poll=600))
    for _ in range(5):
        await house.jobs.outbox.enqueue_now(Wait())
    await house.jobs.outbox.enqueue_now(Pong(7))
    await until(lambda: (7, 1, True) in house.samples.heard and house.samples.most_at_once == 2)
    house.samples.go.set()
    await until(lambda: house.samples.heard.count("waited") == 5)
    assert house.samples.most_at_once == 2


async def test_all_queues_together_keep_to_the_limit(house: House) -> None:
    for queue in ("mail", "plugin", "dataset", "workflow", "mail", "plugin"):
        await house.jobs.outbox.enqueue_now(Wait(), queue=queue)
    await house.start(RunnerLimits(at_once=3, per_queue=2, poll=600))
    await until(lambda: house.samples.most_at_once == 3)
    await asyncio.sleep(0.03)
    assert house.samples.most_at_once == 3
    house.samples.go.set()
    await until(lambda: house.samples.heard.count("waited") == 6)
    assert house.samples.most_at_once == 3


async def test_only_the_chosen_queues_are_served(house: House, database: Database) -> None:
    await house.start(RunnerLimits(poll=600), queues=("dataset",))
    ping = await house.jobs.outbox.enqueue_now(Ping("never"))
    await house.jobs.outbox.enqueue_now(Pong(1))
    await until(lambda: house.samples.heard == [(1, 1, True)])
    assert (await row(database, ping)).status == "waiting"


async def test_a_start_alone_goes_on_with_what_a_crash_left(house: House, database: Database) -> None:
    job_id = await house.jobs.outbox.enqueue_now(Ping("again"))
    dead = House(database).jobs
    await dead.claims.turn([], {"mail": 1}, SystemClock().now())
    await house.start(RunnerLimits(poll=600), alone=True)
    await until(lambda: house.samples.heard == ["again"])
    assert (await row(database, job_id)).attempts == 2


async def test_verdicts_wait_for_a_database_that_is_away(house: House, database: Database) -> None:
    await house.start(RunnerLimits(poll=600))
    job_id = await house.jobs.outbox.enqueue_now(Wait())
    await until(lambda: house.samples.most_at_once == 1)
    async with database.connection() as connection:
        await connection.exec_driver_sql("ALTER TABLE jobs RENAME TO away")
    house.samples.go.set()
    await until(lambda: house.samples.heard == ["waited"])
    await asyncio.sleep(0.02)
    async with database.connection() as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO jobs")
    await until_status(database, job_id, "done")
    assert (await row(database, job_id)).attempts == 1


async def test_an_idle_runner_only_reads(house: House, database: Database) -> None:
    read: list[object] = []
    event.listen(database.reader.sync_engine, "begin", read.append)
    await house.start(RunnerLimits(poll=0.005))
    await until(lambda: len(read) > 5)  # what a start has to write is written by then
    written: list[object] = []
    event.listen(database.writer.sync_engine, "begin", written.append)
    before = len(read)
    await until(lambda: len(read) > before + 5)
    assert written == []


async def test_a_start_is_refused_when_a_queue_has_no_worker(database: Database) -> None:
    jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="a", edition="CLOUD"))
    jobs.catalog.add(Samples().declared())
    running = EmbeddedJobs(jobs, schedules=False)
    running._queues = ("mail",)
    with pytest.raises(JobsConfigurationError, match="nobody serves the queues"):
        await running.start()


async def test_housekeeping_forgets_by_age_and_outcome(house: House, database: Database) -> None:
    await house.start(RunnerLimits(poll=600))
    done = await house.jobs.outbox.enqueue_now(Ping("x"))
    await until(lambda: len(house.samples.heard) == 1)
    house.samples.error = RuntimeError("no")
    failed = await house.jobs.outbox.enqueue_now(Ping("fails, and waits for its retry"))
    await until(lambda: len(house.samples.heard) == 2)
    keeping = JobHousekeeping(database, SystemClock())
    day = timedelta(days=1)
    await until_status(database, done, "done")
    await until_status(database, failed, "waiting")
    assert await keeping.forget(done_for=day, failed_for=day) == 0
    assert await keeping.forget(done_for=-day, failed_for=-day) == 1
    left = [view.status for status in ("waiting", "done") for view in await house.jobs.inspection.list(status)]
    assert left == ["waiting"]


async def until_status(database: Database, job_id: str, status: str) -> None:
    async with asyncio.timeout(60):
        while (await row(database, job_id)).status != status:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("busy", [False, True])
async def test_closing_waits_for_nothing_but_the_work(house: House, busy: bool) -> None:
    await house.start(RunnerLimits(poll=600, grace=600))
    await house.jobs.outbox.enqueue_now(Ping("x"))
    await until(lambda: house.samples.heard == ["x"])
    if busy:
        await house.jobs.outbox.enqueue_now(Wait())
        await until(lambda: house.samples.most_at_once == 1)
        asyncio.get_running_loop().call_later(0.05, house.samples.go.set)
    assert house.running is not None
    async with asyncio.timeout(60):
        await house.running.close()
    assert {count.status for count in await house.jobs.inspection.counts()} == {"done"}


@pytest.mark.parametrize("milliseconds", [0, 1, 2, 3, 5, 8])
async def test_a_close_in_the_middle_of_a_claim_leaves_nothing_running(house: House, milliseconds: int) -> None:
    async with house.jobs.needs.database.write() as session:
        await house.jobs.outbox.enqueue_many(session, [Wait() for _ in range(20)])
    await house.start(RunnerLimits(poll=600, grace=0.01))
    await asyncio.sleep(milliseconds / 1000)
    assert house.running is not None
    before = asyncio.all_tasks()
    async with asyncio.timeout(60):
        await house.running.close()
    assert {task for task in before if task.get_name().startswith("job")} & asyncio.all_tasks() == set()
    assert [(count.status, count.number) for count in await house.jobs.inspection.counts()] == [("waiting", 20)]
    assert {view.attempts for view in await house.jobs.inspection.list("waiting")} == {0}
