"""Jobs of a fleet: Celery over a real Redis, workers as processes, PostgreSQL below."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import redis
from tests.integration.jobs.conformance import JobsConformance, effects, until, until_status
from tests.integration.jobs.fleet_world import FleetWorld
from tests.integration.jobs.sample import Held, Note, may_end
from tests.support.migrated import migrated_url

from orrery.jobs.clock import SystemClock
from orrery.jobs.fleet.application import WAKE_QUEUE, WAKE_TASK, celery_app
from orrery.jobs.fleet.broker import Broker
from orrery.jobs.fleet.relay import Relay

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = [pytest.mark.postgres, pytest.mark.redis]

_indexes = count()


@pytest.fixture
async def world(redis_url: str, tmp_path: Path) -> AsyncIterator[FleetWorld]:
    world = FleetWorld(tmp_path, await migrated_url("postgresql", tmp_path), f"{redis_url}/{next(_indexes)}")
    yield world
    await world.close()


class TestCelery(JobsConformance):
    pass


def _pids(lines: list[str], word: str) -> list[int]:
    return [int(line.split()[2]) for line in lines if line.split()[1] == word]


@pytest.mark.fault
async def test_a_job_of_a_killed_worker_is_done_once_more_by_another(world: FleetWorld) -> None:
    workers = {process.pid: process for process in (world.launch("worker"), world.launch("worker"))}
    job_id = await world.jobs.outbox.enqueue_now(Held("once"))
    await until(lambda: len(effects(world)) == 1)
    first = _pids(effects(world), "begins")[0]
    workers[first].kill()
    may_end(world.folder, "once").touch()
    view = await until_status(world, job_id, "done")
    assert view.attempts == 2
    # Long enough for a third run to begin, if there were one.
    await asyncio.sleep(1.0)
    begun, ended = _pids(effects(world), "begins"), _pids(effects(world), "ends")
    assert len(begun) == 2
    assert ended == [begun[1]]
    assert begun[1] != first


@pytest.mark.fault
async def test_what_a_frozen_worker_writes_late_does_not_count(world: FleetWorld) -> None:
    workers = {process.pid: process for process in (world.launch("worker"), world.launch("worker"))}
    job_id = await world.jobs.outbox.enqueue_now(Held("frozen"))
    await until(lambda: len(effects(world)) == 1)
    frozen = workers[_pids(effects(world), "begins")[0]]
    frozen.send_signal(signal.SIGSTOP)
    may_end(world.folder, "frozen").touch()
    # The broker may hand the new message to the frozen worker's open connection: the relay sends another one.
    while (done := await world.jobs.inspection.get(job_id)).status != "done":
        await world.forget_announcements()
        await asyncio.sleep(0.2)
    frozen.send_signal(signal.SIGCONT)
    await asyncio.sleep(1.0)
    later = await world.jobs.inspection.get(job_id)
    assert later == done
    assert later.attempts == 2
    # The worker itself is well: it goes on with other jobs.
    await until_status(world, await world.jobs.outbox.enqueue_now(Note("after")), "done")


async def test_a_job_whose_message_was_lost_is_announced_again(world: FleetWorld) -> None:
    job_id = await world.jobs.outbox.enqueue_now(Note("lost"))
    await until(lambda: _broker(world).llen("mail") == 1)
    _broker(world).flushdb()
    await world.forget_announcements()
    await world.start()
    await until_status(world, job_id, "done")
    assert effects(world) == ["lost"]


async def test_a_queue_that_is_only_long_is_not_made_longer(world: FleetWorld) -> None:
    for number in range(3):
        await world.jobs.outbox.enqueue_now(Note(f"n{number}"))
    await until(lambda: _broker(world).llen("mail") == 3)
    await world.forget_announcements()
    relay = Relay(world.database, world.jobs.catalog, world.jobs.needs.announcer, SystemClock())
    assert await relay.step() == 0
    assert _broker(world).llen("mail") == 3


async def test_a_wake_message_makes_a_worker_look_at_the_schedules(world: FleetWorld) -> None:
    await world.start()
    app = celery_app(Broker(url=world.broker_url, transport_options={}))
    app.send_task(WAKE_TASK, (), queue=WAKE_QUEUE)
    # The grace time makes up for the last minute, whatever the time is now.
    await until(lambda: len(effects(world)) >= 1)
    app.close()


def _broker(world: FleetWorld) -> redis.Redis:
    return redis.Redis.from_url(world.broker_url)
