from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert, select

from orrery.database import Database
from orrery.jobs import (
    Attempt,
    EmbeddedJobs,
    Handler,
    JobCatalog,
    JobNeeds,
    Jobs,
    JobsConfigurationError,
    RunnerLimits,
    TryAgain,
    Wake,
    job,
)
from orrery.jobs.announcing import ANNOUNCED_FOR
from orrery.jobs.claims import Claimed, Verdict
from orrery.jobs.lanes import SPARE
from orrery.jobs.outbox import INSERT_JOB
from orrery.jobs.tables import Job

from .conftest import JobClock
from .parts import Ear, row

QUEUE = "priority_dataset"
ALL = {QUEUE: 100, "dataset": 100}


class Chore(msgspec.Struct):
    tenant_id: str
    text: str = ""


class Chores:
    def __init__(self) -> None:
        self.done: list[str] = []
        self.again: set[str] = set()

    def declared(self) -> tuple[Handler, ...]:
        return (self.chore,)

    @job("chore", queue=QUEUE, tenant="tenant_id")
    async def chore(self, payload: Chore, attempt: Attempt) -> None:
        if payload.text in self.again and attempt.number == 1:
            raise TryAgain("not yet", after=100)
        self.done.append(payload.text)


class World:
    def __init__(self, database: Database, clock: JobClock, *, places: int = 1, carries: bool = False) -> None:
        self.chores = Chores()
        self.ear = Ear(carries=carries)
        self.clock = clock
        self.database = database
        self.jobs = Jobs.build(
            JobNeeds(database=database, announcer=self.ear, owner="a", clock=clock, tenant_places=places)
        )
        self.jobs.catalog.add(self.chores.declared())

    async def add(self, tenant: str, *texts: str) -> list[str]:
        async with self.database.write() as session:
            return await self.jobs.outbox.enqueue_many(session, [Chore(tenant, text) for text in texts])

    async def take(self) -> list[Claimed]:
        return await self.jobs.claims.turn([], ALL, self.clock.now())

    async def run(self, claimed: Claimed) -> Verdict:
        verdict = await self.jobs.execution.run(claimed)
        assert verdict is not None
        return verdict

    async def in_order(self) -> list[str]:
        """Runs what is there, a place for a single job after the other; the texts as they were done."""
        verdicts: list[Verdict] = []
        while taken := await self.jobs.claims.turn(verdicts, ALL, self.clock.now(), most=1):
            verdicts = [await self.run(one) for one in taken]
            self.clock.advance(seconds=1)
        return self.chores.done

    async def status(self) -> Counter[str]:
        async with self.database.read() as session:
            return Counter(await session.scalars(select(Job.status)))


def texts(claimed: Sequence[Claimed]) -> list[str]:
    return [msgspec.convert(one.payload, Chore).text for one in claimed]


@pytest.mark.parametrize("one_by_one", [True, False])
async def test_of_many_jobs_only_some_are_released(database: Database, clock: JobClock, one_by_one: bool) -> None:
    world = World(database, clock, places=2)
    if one_by_one:
        for number in range(5):
            await world.jobs.outbox.enqueue_now(Chore("a", str(number)))
    else:
        await world.add("a", *"01234")
    await world.add("b", "of b")
    await world.jobs.outbox.enqueue_now(Chore("a", "elsewhere"), queue="dataset")
    assert await world.status() == {"waiting": 4, "held": 3}
    assert sorted(texts(await world.take())) == ["0", "1", "elsewhere", "of b"], "a lane is of one tenant and queue"
    assert await world.take() == []


async def test_who_comes_new_waits_behind_one_job_of_each_other(database: Database, clock: JobClock) -> None:
    world = World(database, clock)
    await world.add("a", *(f"a{number}" for number in range(10)))
    clock.advance(seconds=1)
    await world.add("b", "b0", "b1")
    clock.advance(seconds=1)
    await world.add("c", "c0")
    assert await world.in_order() == ["a0", "b0", "c0", "a1", "b1", *(f"a{number}" for number in range(2, 10))]
    assert await world.status() == {"done": 13}


async def test_a_workspace_alone_gets_the_places_that_are_idle_until_another_comes(
    database: Database, clock: JobClock
) -> None:
    world = World(database, clock)
    await world.add("a", *(f"a{number}" for number in range(12)))
    running = await world.take()
    assert texts(running) == ["a0"]
    assert await world.jobs.lanes.look() == SPARE, "nothing waits, so there are idle workers"
    assert await world.jobs.lanes.look() == 0, "now something does"
    running += await world.take()
    assert len(running) == 1 + SPARE
    verdicts = [await world.run(running.pop(0)) for _ in range(2)]
    running += await world.jobs.claims.turn(verdicts, ALL, clock.now())
    assert len(running) == 1 + SPARE, "who is alone keeps what he has got"
    await world.add("b", "b0", "b1")
    verdicts = [await world.run(running.pop(0)) for _ in range(3)]
    taken = await world.jobs.claims.turn(verdicts, ALL, clock.now())
    assert texts(taken) == ["b0"], "and goes back to one when another is there"


async def test_idle_places_are_shared_among_those_who_wait(database: Database, clock: JobClock) -> None:
    world = World(database, clock)
    await world.add("a", *(f"a{number}" for number in range(6)))
    await world.add("b", *(f"b{number}" for number in range(6)))
    assert sorted(texts(await world.take())) == ["a0", "b0"]
    assert await world.jobs.lanes.look() == SPARE
    assert sorted(texts(await world.take())) == ["a1", "a2", "b1", "b2"]


async def test_a_carrier_is_told_of_a_job_when_it_is_released(database: Database, clock: JobClock) -> None:
    world = World(database, clock, carries=True)
    first, second, third = await world.add("a", "0", "1", "2")
    assert world.ear.heard == [first]
    assert (await row(database, second)).lease_expires_at is None
    taken = await world.jobs.claims.take_one(first, "chore", {"tenant_id": "a", "text": "0"}, clock.now())
    assert taken is not None
    assert await world.jobs.claims.take_one(second, "chore", {"tenant_id": "a", "text": "1"}, clock.now()) is None
    clock.advance(seconds=5)
    assert await world.jobs.claims.finish(await world.run(taken))
    assert world.ear.heard == [first, second]
    released = await row(database, second)
    assert (released.status, released.due_at) == ("waiting", clock.now())
    assert released.lease_expires_at == clock.now() + ANNOUNCED_FOR
    assert (await row(database, third)).status == "held"


async def test_an_attempt_that_is_made_later_gives_up_its_place(database: Database, clock: JobClock) -> None:
    world = World(database, clock)
    world.chores.again.add("a0")
    failing, *_ = await world.add("a", "a0", "a1", "a2")
    assert await world.in_order() == ["a1", "a2"]
    assert (await row(database, failing)).status == "held"
    assert await world.jobs.lanes.look() == 0, "it is not due"
    clock.advance(seconds=100)
    assert await world.jobs.lanes.look() == 1
    assert await world.in_order() == ["a1", "a2", "a0"]


async def test_a_job_that_a_stopping_process_puts_back_keeps_its_place(database: Database, clock: JobClock) -> None:
    world = World(database, clock)
    first, _ = await world.add("a", "a0", "a1")
    (taken,) = await world.take()
    now = clock.now()
    await world.jobs.claims.turn([Verdict(taken, "waiting", now, 0, now)], {}, now)
    assert (await row(database, first)).status == "waiting"
    assert await world.jobs.lanes.look() == 0
    assert await world.in_order() == ["a0", "a1"]


async def test_what_nobody_released_is_found(database: Database, clock: JobClock) -> None:
    """A job that was added while the last one of its lane ended, and one whose process died."""
    world = World(database, clock, carries=True)
    (late,) = await world.add("a", "late")
    async with database.write() as session:
        (await session.get_one(Job, late)).status = "held"
    world.ear.heard.clear()
    assert await world.jobs.lanes.look() == 1
    assert world.ear.heard == [late]
    assert await world.jobs.lanes.look() == 0


async def test_jobs_for_later_and_prepared_ones_are_released_in_time(database: Database, clock: JobClock) -> None:
    world = World(database, clock)
    due = clock.now() + timedelta(seconds=60)
    later = await world.jobs.outbox.enqueue_now(Chore("a", "later"), due_at=due)
    prepared = world.jobs.outbox.prepared(Chore("b", "prepared"))
    async with database.connection() as connection:
        await connection.execute(INSERT_JOB, dict(prepared.row))
    world.jobs.outbox.announce(prepared)
    assert world.ear.heard == []
    assert await world.take() == []
    assert await world.jobs.lanes.look() == 1
    assert texts(await world.take()) == ["prepared"]
    clock.advance(seconds=60)
    assert await world.jobs.lanes.look() == 1
    assert [one.id for one in await world.take()] == [later]


async def test_failed_jobs_that_are_tried_again_by_hand_wait_for_their_turn(
    database: Database, clock: JobClock
) -> None:
    world = World(database, clock)
    ids = await world.add("a", "0", "1")
    async with database.write() as session:
        for one in ids:
            (await session.get_one(Job, one)).status = "failed"
    for one in ids:
        await world.jobs.inspection.retry(one)
    assert await world.status() == {"held": 2}
    assert await world.jobs.lanes.look() == 1
    assert await world.status() == {"held": 1, "waiting": 1}


async def test_rows_of_a_version_without_lanes_are_done_as_ever(database: Database, clock: JobClock) -> None:
    world = World(database, clock)
    old = {"name": "chore", "queue": QUEUE, "status": "waiting", "attempts": 0, "due_at": clock.now()}
    async with database.connection() as connection:
        for number in range(3):
            values = {**old, "id": f"00000000-0000-7000-8000-00000000000{number}", "created_at": clock.now()}
            await connection.execute(insert(Job).values(**values, payload={"tenant_id": "a", "text": str(number)}))
    world.chores.again.add("1")
    assert await world.in_order() == ["0", "2"]
    clock.advance(seconds=100)
    assert await world.in_order() == ["0", "2", "1"]


class Stay(msgspec.Struct):
    tenant_id: str


class Stays:
    """Each job begins, and ends when it is told to; they are told one by one."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = asyncio.Semaphore(0)

    @job("stay", queue=QUEUE, tenant="tenant_id")
    async def stay(self, payload: Stay) -> None:
        self.begun.append(payload.tenant_id)
        await self.may_end.acquire()


async def test_a_thousand_jobs_fill_idle_places_and_yet_another_workspace_is_next(database: Database) -> None:
    stays = Stays()
    jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner="a"))
    jobs.catalog.add([stays.stay])
    running = EmbeddedJobs(jobs, RunnerLimits(at_once=4, per_queue=4, poll=600, grace=0.01), schedules=False)
    async with database.write() as session:
        await jobs.outbox.enqueue_many(session, [Stay("many") for _ in range(1000)])
    await running.start()
    await _until(lambda: stays.begun == ["many"] * 4)
    await jobs.outbox.enqueue_now(Stay("one"))
    # A look may have released some of the others before this one came, and none since.
    for ended in range(1, SPARE + 2):
        if "one" in stays.begun:
            break
        stays.may_end.release()
        await _until(lambda ended=ended: len(stays.begun) == 4 + ended)
    await running.close()
    assert "one" in stays.begun


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.002)


def test_a_lane_needs_a_field_of_the_payload() -> None:
    class Wrong:
        @job("wrong", queue=QUEUE, tenant="workspace")
        async def wrong(self, payload: Chore) -> None: ...

    with pytest.raises(JobsConfigurationError, match="its payload has no workspace"):
        JobCatalog().add([Wrong().wrong])
