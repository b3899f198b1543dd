"""Scheduled and asked-for runs on every database: each due time once, each wish one run (reliability.md G7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from tests.integration.runs.house import House, house
from tests.support import dsl
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url

from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.spec import RunUser
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.triggers.jobs import TriggerJobs
from orrery.apps.triggers.schedules import PollLimits, Schedules
from orrery.apps.triggers.service import TriggerService
from orrery.apps.triggers.starting import Starts, StartTriggered, Wanted
from orrery.apps.triggers.tables import AppTrigger, SchedulePlan, TriggerLog
from orrery.database import Database
from orrery.jobs import Attempt, JobCatalog, JobNeeds, Jobs, NoAnnouncer, TryAgain
from orrery.jobs.tables import Job
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Membership


class Clockwork:
    """A house with schedules; ``look`` is one process's look, at a time that tests choose."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.now = datetime.now(UTC)
        self.office = home.office
        self.outbox = Jobs.build(JobNeeds(database=home.database, announcer=NoAnnouncer(), owner="t"))
        self.jobs = self._jobs_of()
        self.outbox.catalog.add(self.jobs.declared()[:1])

    def _jobs_of(self) -> TriggerJobs:
        return TriggerJobs(self.home.database, self.office.runs, self.office.published, self.schedules())

    def schedules(self, limits: PollLimits | None = None) -> Schedules:
        return Schedules(
            self.home.database, Starts(self.outbox.outbox, self.office.group), limits or PollLimits(), lambda: self.now
        )

    async def app(self, cron: str = "*/5 * * * *", zone: str = "UTC") -> str:
        node = dsl.node("clock", "trigger-schedule", mode="cron", cron_expression=cron, timezone=zone)
        return await self.home.new_app("workflow", dsl.chain(node, dsl.end(at=["clock", "sys.timestamp"])))

    async def add_owner(self) -> None:
        async with self.home.database.write() as session:
            account = Account(name="Ada", email="ada@example.com")
            session.add(account)
            await session.flush()
            session.add(Membership(tenant_id=self.home.who.workspace_id, account_id=account.id, role="owner"))

    async def wanted(self, app_id: str) -> Wanted:
        app = (await self.home.apps.get(self.home.who.workspace_id, app_id)).app
        return Wanted(
            workspace_id=app.tenant_id, app_id=app_id, workflow_id=app.workflow_id or "", node_id="clock",
            kind="schedule", user=RunUser("account", app_id, app_id), inputs={}, metadata={},
        )  # fmt: skip

    async def logs(self) -> list[TriggerLog]:
        async with self.home.database.read() as session:
            return list(await session.scalars(select(TriggerLog).order_by(TriggerLog.created_at, TriggerLog.id)))

    async def due(self, app_id: str) -> datetime | None:
        async with self.home.database.read() as session:
            return await session.scalar(select(SchedulePlan.next_run_at).where(SchedulePlan.app_id == app_id))

    async def ended(self, run_id: str) -> WorkflowRun:
        live = self.office.runs.live.by_run(run_id)
        if live is not None:
            await live.wait()
        async with self.home.database.read() as session:
            row = await session.get(WorkflowRun, run_id)
        assert row is not None
        return row

    async def count(self, kind: Callable[[], type[Job | WorkflowRun]]) -> int:
        async with self.home.database.read() as session:
            return await session.scalar(select(func.count()).select_from(kind())) or 0


EVERYWHERE = pytest.mark.parametrize("clockwork", BACKENDS, indirect=True)
"""For what depends on how an engine locks."""


@pytest.fixture(params=["sqlite"])
async def clockwork(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Clockwork]:
    database = Database(await migrated_url(str(request.param), tmp_path))
    try:
        async with house(database, tmp_path) as home:
            made = Clockwork(home)
            await made.add_owner()
            yield made
    finally:
        await database.close()


def first(attempt: int = 1, *, last: bool = False) -> Attempt:
    return Attempt("job", "token", attempt, last=last)


@EVERYWHERE
async def test_many_lookers_fire_each_due_time_once_and_nothing_twice(clockwork: Clockwork) -> None:
    apps = [await clockwork.app() for _ in range(6)]
    assert await clockwork.schedules().fire() == 0
    clockwork.now += timedelta(minutes=17)
    fired = await asyncio.gather(*[clockwork.schedules(PollLimits(batch=2)).fire() for _ in range(4)])
    # The due times that passed while nobody looked are one: the newest look decides.
    assert sum(fired) == 6
    assert sorted(log.app_id for log in await clockwork.logs()) == sorted(apps)
    assert await clockwork.schedules().fire() == 0
    due = await clockwork.due(apps[0])
    assert due is not None
    assert clockwork.now < due <= clockwork.now + timedelta(minutes=5)
    clockwork.now = due
    assert sum(await asyncio.gather(*[clockwork.schedules().fire() for _ in range(3)])) == 6


@EVERYWHERE
async def test_a_due_schedule_runs_as_the_workspaces_owner(clockwork: Clockwork) -> None:
    app_id = await clockwork.app()
    clockwork.now += timedelta(minutes=6)
    assert await clockwork.schedules().fire() == 1
    (log,) = await clockwork.logs()
    assert (log.status, log.queue_name, log.created_by_role) == ("queued", "schedule_executor", "account")
    # The same job twice, at the same moment and later: one run.
    await asyncio.gather(*[clockwork.jobs.start(StartTriggered(log.id), first()) for _ in range(2)])
    run = await clockwork.ended(log.workflow_run_id)
    await clockwork.jobs.start(StartTriggered(log.id), first(2))
    assert (run.status, run.triggered_from, run.app_id) == ("succeeded", "schedule", app_id)
    assert await clockwork.count(lambda: WorkflowRun) == 1
    (log,) = await clockwork.logs()
    assert (log.status, log.error, log.finished_at is not None) == ("succeeded", None, True)


@EVERYWHERE
async def test_wishes_of_many_callers_share_a_commit_and_become_runs(clockwork: Clockwork) -> None:
    app_id = await clockwork.app()
    starts, wanted = Starts(clockwork.outbox.outbox, clockwork.office.group), await clockwork.wanted(app_id)
    before = clockwork.office.group.commits
    runs = await asyncio.gather(*[starts.ask_at_once(wanted, clockwork.now) for _ in range(20)])
    assert clockwork.office.group.commits - before < 5
    assert await clockwork.count(lambda: Job) == 20
    for log in await clockwork.logs():
        await clockwork.jobs.start(StartTriggered(log.id), first())
    assert {(await clockwork.ended(run_id)).status for run_id in runs} == {"succeeded"}
    assert {log.status for log in await clockwork.logs()} == {"succeeded"}


async def test_what_is_switched_off_is_not_made_up_for(clockwork: Clockwork) -> None:
    app_id = await clockwork.app()
    service = TriggerService(clockwork.home.database)
    workspace_id = clockwork.home.who.workspace_id
    (trigger,) = await service.all(workspace_id, app_id)
    await service.switch(workspace_id, app_id, trigger.id, on=False)
    clockwork.now += timedelta(minutes=30)
    assert await clockwork.schedules().fire() == 0
    await service.switch(workspace_id, app_id, trigger.id, on=True)
    assert await clockwork.logs() == []


async def test_a_look_starts_no_more_than_it_may(clockwork: Clockwork) -> None:
    for _ in range(3):
        await clockwork.app()
    clockwork.now += timedelta(minutes=6)
    assert await clockwork.schedules(PollLimits(batch=2, most=2)).fire() == 2
    assert await clockwork.schedules(PollLimits(batch=2, most=2)).fire() == 1


async def test_schedules_keep_their_due_time_until_they_change(clockwork: Clockwork) -> None:
    app_id = await clockwork.app("0 0 1 1 *", "Asia/Tokyo")
    before = await clockwork.due(app_id)
    assert before is not None
    assert (before.hour, before.day, before.month) == (15, 31, 12)
    home = clockwork.home
    await home.workflows.publish(home.who, app_id, name="again", comment="")
    assert await clockwork.due(app_id) == before
    async with home.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(AppTrigger)) == 1


async def test_a_full_app_is_tried_again_and_told(clockwork: Clockwork) -> None:
    app_id = await clockwork.app()
    office = clockwork.home.open_office("full", RunPolicy(max_live_runs=0))
    jobs = TriggerJobs(clockwork.home.database, office.runs, office.published, clockwork.schedules())
    async with clockwork.home.database.write() as session:
        await Starts(clockwork.outbox.outbox, clockwork.office.group).ask(
            session, await clockwork.wanted(app_id), clockwork.now
        )
    (log,) = await clockwork.logs()
    with pytest.raises(TryAgain):
        await jobs.start(StartTriggered(log.id), first())
    assert (await clockwork.logs())[0].status == "retrying"
    await jobs.start(StartTriggered(log.id), first(11, last=True))
    (log,) = await clockwork.logs()
    assert (log.status, log.finished_at is not None) == ("failed", True)
    assert log.error
    assert await clockwork.count(lambda: WorkflowRun) == 0


async def test_an_app_that_is_gone_or_a_node_that_is_not_there(clockwork: Clockwork) -> None:
    app_id = await clockwork.app()
    clockwork.now += timedelta(minutes=6)
    await clockwork.schedules().fire()
    (log,) = await clockwork.logs()
    async with clockwork.home.database.write() as session:
        await session.execute(update(TriggerLog).where(TriggerLog.id == log.id).values(root_node_id="nobody"))
    await clockwork.jobs.start(StartTriggered(log.id), first())
    (log,) = await clockwork.logs()
    assert log.status == "failed"
    assert "nobody" in (log.error or "")
    await clockwork.home.apps.delete(clockwork.home.who, app_id)
    await clockwork.jobs.start(StartTriggered(log.id), first())
    assert await clockwork.logs() == []


async def test_the_look_is_a_schedule_of_its_own_switch_and_pace(clockwork: Clockwork) -> None:
    def looks(*, on: bool, minutes: int) -> list[datetime]:
        switches = {"ENABLE_WORKFLOW_SCHEDULE_POLLER_TASK": on, "WORKFLOW_SCHEDULE_POLLER_INTERVAL": minutes}
        catalog = JobCatalog(switches, zone="Asia/Kolkata")
        catalog.add(clockwork.jobs.declared())
        moment = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
        return [next(iter(schedule.due_times.after(moment))) for schedule in catalog.schedules]

    assert looks(on=False, minutes=1) == []
    assert looks(on=True, minutes=1) == [datetime(2026, 3, 1, 12, 2, tzinfo=UTC)]
    assert looks(on=True, minutes=20) == [datetime(2026, 3, 1, 12, 20, tzinfo=UTC)]
