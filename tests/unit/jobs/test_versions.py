"""Two versions over one table of jobs: each does what it can read, and leaves what only the other can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import cast

import msgspec
import pytest

from orrery.database import Database
from orrery.jobs import EmbeddedJobs, JobNeeds, Jobs, JobsConfigurationError, RunnerLimits, Wake
from orrery.jobs.catalog import JobCatalog
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.fleet.service import FleetService
from orrery.jobs.versions import Earlier

from .parts import row
from .samples import Ping


class Greeting(msgspec.Struct, frozen=True):
    """As the older version knows it."""

    name: str


class GreetingTo(msgspec.Struct, frozen=True):
    """As the newer one does."""

    first: str
    last: str
    loud: bool = False


class Wider(msgspec.Struct, frozen=True):
    """What the older version knows, and one field more that may be missing."""

    name: str
    title: str = "Dr"


class Older:
    def __init__(self) -> None:
        self.heard: list[object] = []

    @job("greet", queue="mail", retry_delay=0.0)
    async def greet(self, greeting: Greeting) -> None:
        self.heard.append(greeting)

    @scheduled(every=3600)
    @job("daily", queue="mail")
    async def daily(self, due: Due) -> None:
        self.heard.append(due)

    def declared(self) -> tuple[Handler, ...]:
        return (self.greet, self.daily)


def from_first(old: Greeting) -> GreetingTo:
    first, _, last = old.name.partition(" ")
    return GreetingTo(first, last)


def to_itself(old: Greeting) -> Greeting:
    return old


class Newer:
    def __init__(self) -> None:
        self.heard: list[object] = []

    @job("greet", queue="mail", version=2, earlier={1: from_first})
    async def greet(self, greeting: GreetingTo) -> None:
        self.heard.append(greeting)

    @scheduled(every=3600)
    @job("daily", queue="mail")
    async def daily(self, due: Due) -> None:
        self.heard.append(due)

    @job("new_work", queue="mail")
    async def new_work(self, ping: Ping) -> None:
        self.heard.append(ping)

    def declared(self) -> tuple[Handler, ...]:
        return (self.greet, self.daily, self.new_work)


class Process:
    def __init__(self, database: Database, work: Older | Newer) -> None:
        self.work = work
        self.jobs = Jobs.build(JobNeeds(database=database, announcer=Wake(), owner=type(work).__name__))
        self.jobs.catalog.add(work.declared())
        self._running = EmbeddedJobs(self.jobs, RunnerLimits(poll=0.01), schedules=False)

    async def start(self) -> None:
        await self._running.start()

    async def close(self) -> None:
        await self._running.close()


@pytest.fixture
async def older(database: Database) -> AsyncIterator[Process]:
    process = Process(database, Older())
    yield process
    await process.close()


@pytest.fixture
async def newer(database: Database) -> AsyncIterator[Process]:
    process = Process(database, Newer())
    yield process
    await process.close()


async def until_done(database: Database, *ids: str) -> None:
    async with asyncio.timeout(60):
        while {(await row(database, one)).status for one in ids} != {"done"}:
            await asyncio.sleep(0.005)


async def test_each_form_is_done_by_whoever_reads_it(database: Database, older: Process, newer: Process) -> None:
    old = await older.jobs.outbox.enqueue_now(Greeting("Ann Lee"))
    new = await newer.jobs.outbox.enqueue_now(GreetingTo("Bob", "Roe", loud=True))
    only_new = await newer.jobs.outbox.enqueue_now(Ping("x"))
    await older.start()
    await until_done(database, old)
    # The older version looked at the whole queue by then, and again since.
    second = await older.jobs.outbox.enqueue_now(Greeting("Cid Doe"))
    await until_done(database, second)
    assert older.work.heard == [Greeting("Ann Lee"), Greeting("Cid Doe")]
    assert [((one := await row(database, job_id)).name, one.status, one.attempts) for job_id in (new, only_new)] == [
        ("greet@2", "waiting", 0),
        ("new_work", "waiting", 0),
    ]
    await newer.start()
    await until_done(database, new, only_new)
    assert sorted(map(str, newer.work.heard)) == sorted(map(str, [GreetingTo("Bob", "Roe", loud=True), Ping("x")]))


async def test_the_newer_version_reads_older_forms(database: Database, older: Process, newer: Process) -> None:
    waiting = await older.jobs.outbox.enqueue_now(Greeting("Ann Lee"))
    await newer.start()
    await until_done(database, waiting)
    assert newer.work.heard == [GreetingTo("Ann", "Lee")]


async def test_fields_that_are_new_and_may_be_missing_need_no_version(
    database: Database, older: Process, newer: Process
) -> None:
    """An old reader passes over them; so a version is only for what an old reader would get wrong."""

    @job("greet", queue="mail")
    async def greet(wider: Wider) -> None:
        del wider

    next_version = JobCatalog()
    next_version.add([greet])
    bound = next_version.get("greet")
    assert bound is not None
    assert bound.form.read({"name": "Ann"}) == Wider("Ann", "Dr")
    old = older.jobs.catalog.get("greet")
    assert old is not None
    assert old.form.read(msgspec.to_builtins(Wider("Ann", "Prof"))) == Greeting("Ann")


async def test_one_due_time_is_one_job_for_both(database: Database, older: Process, newer: Process) -> None:
    due = datetime(2026, 5, 1, tzinfo=UTC)
    for process in (older, newer):
        schedule = next(one for one in process.jobs.catalog.schedules if one.job.name == "daily")
        await process.jobs.outbox.add_due([(schedule.job, Due(due), due, due.isoformat())])
    counts = await older.jobs.inspection.list("waiting")
    assert [one.name for one in counts] == ["daily"]


async def test_a_key_holds_across_versions(database: Database, older: Process, newer: Process) -> None:
    first = await older.jobs.outbox.enqueue_now(Greeting("Ann Lee"), key="k")
    second = await newer.jobs.outbox.enqueue_now(GreetingTo("Ann", "Lee"), key="k")
    assert first == second
    assert (await row(database, first)).name == "greet"


async def test_a_message_that_meets_an_older_worker_is_sent_again(database: Database, newer: Process) -> None:
    """By a newer one: the older worker gives the job back at once, and nobody counts an attempt."""
    announced = Process(database, Newer())
    job_id = await announced.jobs.outbox.enqueue_now(GreetingTo("Bob", "Roe"))
    async with database.write() as session:
        kept = await session.get_one(type(await row(database, job_id)), job_id)
        kept.lease_expires_at = datetime(2099, 1, 1, tzinfo=UTC)
    carrier = cast("CeleryCarrier", _NoBroker())
    worker = Jobs.build(JobNeeds(database=database, announcer=carrier, owner="old worker"))
    worker.catalog.add(Older().declared())
    carried = await FleetService(worker).carry("greet@2", {"first": "Bob", "last": "Roe"}, job_id)
    assert carried.end == "nothing"
    given_back = await row(database, job_id)
    assert (given_back.status, given_back.attempts, given_back.lease_expires_at) == ("waiting", 0, None)


class _NoBroker(CeleryCarrier):
    """Stands where a broker's carrier would; nothing is sent in these tests."""

    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(
    ("name", "version", "earlier"),
    [
        ("gr@eet", 1, {}),
        ("greet", 0, {}),
        ("greet", 2, {2: from_first}),
        ("greet", 2, {0: from_first}),
        ("greet", 2, {1: to_itself}),
    ],
)
def test_wrong_declarations(name: str, version: int, earlier: Earlier) -> None:
    @job(name, queue="mail", version=version, earlier=earlier)
    async def greet(greeting: GreetingTo) -> None:
        del greeting

    with pytest.raises(JobsConfigurationError, match=r"greet|gr@eet"):
        JobCatalog().add([greet])


def test_two_jobs_of_one_name_are_refused_whatever_their_versions() -> None:
    catalog = JobCatalog()
    catalog.add(Newer().declared())
    with pytest.raises(JobsConfigurationError, match="two jobs are called greet"):
        catalog.add([Older().greet])
