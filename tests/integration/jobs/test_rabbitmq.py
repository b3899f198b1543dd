"""Celery over RabbitMQ: ``CELERY_BROKER_URL=amqp://...``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.jobs.conformance import effects, until, until_status
from tests.integration.jobs.fleet_world import FleetWorld
from tests.integration.jobs.sample import Doomed, FailFirst, Note, Rich, Slow
from tests.support.migrated import migrated_url
from tests.support.rabbitmq import RabbitServer

from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.broker import broker_of
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs as JobSettings

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = [pytest.mark.postgres, pytest.mark.rabbitmq]


@pytest.fixture(scope="module")
def rabbit() -> Iterator[RabbitServer]:
    with RabbitServer() as rabbit:
        yield rabbit


@pytest.fixture
async def world(rabbit: RabbitServer, tmp_path: Path) -> AsyncIterator[FleetWorld]:
    world = FleetWorld(tmp_path, await migrated_url("postgresql", tmp_path), rabbit.url, places=1)
    yield world
    await world.stop()
    await _empty(world)
    await world.close()


async def _empty(world: FleetWorld) -> None:
    """Takes away what is left in the queues, so that no test meets the messages of another."""
    app = celery_app(broker_of(JobSettings(broker_url=world.broker_url), CacheSettings()))
    with app.connection_for_read() as connection:
        for queue in world.jobs.queues():
            if await world.jobs.needs.announcer.depth(queue):
                connection.default_channel.queue_purge(queue)
    app.close()


async def _until_ready(world: FleetWorld, queue: str, number: int) -> None:
    """Until so many messages of a queue wait for somebody: those that a worker holds do not count."""
    async with asyncio.timeout(60):
        while await world.jobs.needs.announcer.depth(queue) != number:
            await asyncio.sleep(0.02)


def _begun(lines: list[str]) -> list[int]:
    return [int(line.split()[2]) for line in lines if line.split()[1] == "begins"]


async def test_jobs_of_every_kind_are_done(world: FleetWorld) -> None:
    outbox = world.jobs.outbox
    early = await outbox.enqueue_now(Note("early"))
    await _until_ready(world, "mail", 1)
    await world.start()
    rich = Rich(datetime(2026, 3, 1, 12, 30, tzinfo=UTC), [1, 2**60], {"ä": None})
    due = datetime.now(UTC) + timedelta(seconds=0.3)
    wanted = [early, await outbox.enqueue_now(rich), await outbox.enqueue_now(FailFirst(2))]
    delayed = await outbox.enqueue_now(Note("delayed"), due_at=due)
    doomed = await outbox.enqueue_now(Doomed("doomed"))
    for job_id in [*wanted, delayed]:
        view = await until_status(world, job_id, "done")
        assert view.attempts == (3 if job_id == wanted[2] else 1)
    assert (await until_status(world, doomed, "failed")).attempts == 2
    view = await world.jobs.inspection.get(delayed)
    assert view.finished_at is not None
    assert view.finished_at >= due
    expected = ["attempt 1", "attempt 2", "attempt 3", "delayed", "doomed", "doomed", "early"]
    assert sorted(effects(world)) == sorted([*expected, f"{rich.at.isoformat()} {1 + 2**60} {{'ä': None}}"])


async def test_a_message_is_kept_until_its_job_ended_and_the_job_is_redone_once(world: FleetWorld) -> None:
    first = world.launch("worker")
    job_id = await world.jobs.outbox.enqueue_now(Slow(600.0, "held"))
    await until(lambda: len(effects(world)) == 1)
    await _until_ready(world, "workflow", 0)
    world.kill(first)
    # Nobody else is there: what waits again is the message that the dead worker had not acknowledged.
    await _until_ready(world, "workflow", 1)
    second = world.launch("worker")
    await until(lambda: len(effects(world)) == 2)
    view = await world.jobs.inspection.get(job_id)
    assert (view.status, view.attempts) == ("running", 2)
    assert _begun(effects(world)) == [first.pid, second.pid]


async def test_who_is_more_urgent_does_not_wait_behind_a_long_queue(world: FleetWorld) -> None:
    for number in range(30):
        await world.jobs.outbox.enqueue_now(Note(f"n{number}"), queue="dataset")
    await world.jobs.outbox.enqueue_now(Note("urgent"), queue="priority_dataset")
    await _until_ready(world, "dataset", 30)
    await _until_ready(world, "priority_dataset", 1)
    await world.start()
    await until(lambda: len(effects(world)) == 31)
    assert effects(world).index("urgent") < 30


@pytest.mark.fault
async def test_workers_and_senders_come_back_after_the_broker(world: FleetWorld, rabbit: RabbitServer) -> None:
    await world.start()
    await until_status(world, await world.jobs.outbox.enqueue_now(Note("before")), "done")
    await asyncio.to_thread(rabbit.kill)
    meanwhile = await world.jobs.outbox.enqueue_now(Note("meanwhile"))
    await asyncio.to_thread(rabbit.start)
    async with asyncio.timeout(120):
        while (await world.jobs.inspection.get(meanwhile)).status != "done":
            await world.forget_announcements()
            await asyncio.sleep(0.2)
    await until_status(world, await world.jobs.outbox.enqueue_now(Note("after")), "done")
    assert effects(world) == ["before", "meanwhile", "after"]
    assert len(world.processes) == 1
    assert world.processes[0].poll() is None
