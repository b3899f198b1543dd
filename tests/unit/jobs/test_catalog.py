from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest

from orrery.jobs import Due, Handler, JobCatalog, JobsConfigurationError, job, scheduled, setting_values
from orrery.jobs.declaration import job_of, schedule_of
from orrery.settings.groups.jobs import Jobs as JobSettings

from .samples import Minutely, Nightly, Ping, Pong, Samples


class Alone(msgspec.Struct):
    pass


class Patient(msgspec.Struct):
    pass


@job("alone", queue="mail")
async def alone(payload: Alone) -> None: ...


@job("other", queue="mail")
async def same_payload(payload: Alone) -> None: ...


@job("alone", queue="mail")
async def same_name(payload: Ping) -> None: ...


@job("nowhere", queue="no_such_queue")
async def unknown_queue(payload: Alone) -> None: ...


@job("empty", queue="mail")
async def without_payload() -> None: ...


async def patient(payload: Patient) -> None: ...


@job("text", queue="mail")
async def wrong_payload(payload: str) -> None: ...


@job("second", queue="mail")
async def wrong_second(payload: Alone, more: int) -> None: ...


@job("three", queue="mail")
async def too_many(payload: Alone, more: int, most: int) -> None: ...


@scheduled(every=60)
@job("payload", queue="mail")
async def scheduled_with_payload(payload: Alone) -> None: ...


@scheduled(every=60, switch="NO_SUCH_SETTING")
@job("switch", queue="mail")
async def unknown_switch(payload: Due) -> None: ...


@scheduled(cron="99 * * * *")
@job("cron", queue="mail")
async def wrong_cron(payload: Due) -> None: ...


@scheduled(every=60, switch="WORKFLOW_LOG_CLEANUP_ENABLED")
@job("switched", queue="retention")
async def switched(payload: Due) -> None: ...


@scheduled(cron="0 4 */{CELERY_BEAT_SCHEDULER_TIME} * *")
@job("every_few_days", queue="retention")
async def every_few_days(payload: Due) -> None: ...


async def undeclared(payload: Alone) -> None: ...


def not_async(payload: Alone) -> None: ...


def test_a_declaration_is_data_on_the_function_and_on_the_bound_method() -> None:
    declaration = job_of(Samples().ping)
    assert declaration is not None
    assert (declaration.name, declaration.queue, declaration.retries, declaration.lease) == ("ping", "mail", 2, 30)
    assert schedule_of(Samples().ping) is None
    nightly = schedule_of(Nightly().nightly)
    assert nightly is not None
    assert nightly.cron == "30 2 * * *"


def test_jobs_are_found_by_name_and_by_payload() -> None:
    catalog = JobCatalog()
    catalog.add(Samples().declared())
    assert catalog.names == ("ping", "pong", "wait")
    assert catalog.queues == {"mail", "dataset", "plugin"}
    assert catalog.of_payload(Ping) is catalog.get("ping")
    assert catalog.get("ping") is not None
    assert [catalog.of_payload(kind).wants_attempt for kind in (Ping, Pong)] == [False, True]
    assert catalog.get("nothing") is None
    with pytest.raises(JobsConfigurationError, match="no job takes a Alone"):
        catalog.of_payload(Alone)


def test_a_lease_is_the_declared_one_or_else_the_installations() -> None:
    catalog = JobCatalog(lease=12.0)
    catalog.add([alone, job("own", queue="mail", lease=3.0)(patient)])
    leases = [bound.lease for name in ("alone", "own") if (bound := catalog.get(name)) is not None]
    assert leases == [12.0, 3.0]
    assert catalog.shortest_lease == 3.0
    assert JobCatalog(lease=9.0).shortest_lease == 9.0


def test_two_catalogs_know_nothing_of_each_other() -> None:
    first, second = JobCatalog(), JobCatalog()
    first.add([alone])
    assert second.names == ()


@pytest.mark.parametrize(
    ("handlers", "text"),
    [
        ([undeclared], "is not declared"),
        ([job("sync", queue="mail")(not_async)], "not a coroutine function"),  # type: ignore[list-item]
        ([alone, same_payload], "share a payload type"),
        ([alone, same_name], "two jobs are called alone"),
        ([unknown_queue], "no queue no_such_queue"),
        ([without_payload], "must take one msgspec struct"),
        ([wrong_payload], "must take one msgspec struct"),
        ([too_many], "must take one msgspec struct"),
        ([wrong_second], "can only be the Attempt"),
        ([scheduled_with_payload], "must be Due"),
        ([unknown_switch], "NO_SUCH_SETTING, which is not a setting"),
        ([wrong_cron], "not a cron expression"),
    ],
)
def test_a_wrong_declaration_is_refused(handlers: list[Handler], text: str) -> None:
    with pytest.raises(JobsConfigurationError, match=text):
        JobCatalog().add(handlers)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: job("x", queue="mail", lease=0),
        lambda: job("x", queue="mail", timeout=0),
        lambda: job("x", queue="mail", retries=-1),
        scheduled,
        lambda: scheduled(cron="* * * * *", every=1),
        lambda: scheduled(every=0),
    ],
)
def test_impossible_numbers_are_refused(declare: Callable[[], object]) -> None:
    with pytest.raises(JobsConfigurationError):
        declare()


@pytest.mark.parametrize(("on", "count"), [(True, 1), (False, 0)])
def test_a_switch_decides_whether_a_schedule_exists_but_not_the_job(on: bool, count: int) -> None:
    catalog = JobCatalog(setting_values([JobSettings(log_cleanup=on)]))
    catalog.add([switched])
    assert len(catalog.schedules) == count
    assert catalog.get("switched") is not None


def test_a_setting_stands_in_a_cron_expression() -> None:
    catalog = JobCatalog(setting_values([JobSettings(cleanup_days=10)]))
    catalog.add([every_few_days])
    due = catalog.schedules[0].due_times.after(datetime(2026, 3, 1, 5, 0, tzinfo=UTC))
    assert [next(due).day for _ in range(4)] == [11, 21, 31, 1]


def test_the_zone_of_the_installation_moves_cron_times() -> None:
    catalog = JobCatalog(zone="Asia/Shanghai")
    catalog.add([Nightly().nightly, Minutely().minutely])
    nightly = catalog.schedules[0]
    assert next(nightly.due_times.after(datetime(2026, 3, 1, tzinfo=UTC))) == datetime(2026, 3, 1, 18, 30, tzinfo=UTC)


def test_setting_values_leave_secrets_out() -> None:
    values = setting_values([JobSettings(broker_url="redis://:secret@host/1")])
    assert values["CELERY_BEAT_SCHEDULER_TIME"] == 1
    assert "CELERY_BROKER_URL" not in values


def test_a_queue_that_nobody_serves_is_told() -> None:
    catalog = JobCatalog()
    catalog.add(Samples().declared())
    catalog.require_served(["mail", "dataset", "plugin", "workflow"])
    with pytest.raises(JobsConfigurationError, match="dataset, plugin"):
        catalog.require_served(["mail"])
