"""Jobs of a fleet: Celery over a real Redis, workers as processes, PostgreSQL below."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import redis
from sqlalchemy import update
from tests.integration.jobs.conformance import JobsConformance, effects, until, until_status
from tests.integration.jobs.fleet_process import fleet_jobs
from tests.integration.jobs.sample import Note, Slow
from tests.support.databases import postgres_url

from orrery.apps.schema import schema
from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.jobs.clock import SystemClock
from orrery.jobs.fleet.application import WAKE_QUEUE, WAKE_TASK, celery_app
from orrery.jobs.fleet.broker import Broker
from orrery.jobs.fleet.relay import Relay
from orrery.jobs.tables import Job

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = [pytest.mark.postgres, pytest.mark.redis]

_ROOT = Path(__file__).parents[3]
_indexes = count()


class CeleryWorld:
    """The enqueuing side here, workers and beats as processes."""

    def __init__(self, folder: Path, database_url: str, broker_url: str) -> None:
        self.folder = folder
        self._urls = (database_url, broker_url)
        self.broker_url = broker_url
        self.database = Database(database_url)
        self.jobs = fleet_jobs(self.database, broker_url, folder, owner="test")
        self.processes: list[subprocess.Popen[bytes]] = []

    def launch(self, role: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.integration.jobs.fleet_process", role, *self._urls, str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, cwd=_ROOT, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    async def start(self) -> None:
        self.launch("worker")

    async def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            await asyncio.to_thread(process.wait, 20)
        self.processes.clear()

    async def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        await self.jobs.needs.announcer.close()
        await self.database.close()


@pytest.fixture
async def world(redis_url: str, tmp_path: Path) -> AsyncIterator[CeleryWorld]:
    world = CeleryWorld(tmp_path, postgres_url(), f"{redis_url}/{next(_indexes)}")
    await migrate(world.database, schema())
    yield world
    await world.close()
    log = tmp_path / "log"
    sys.stdout.write(log.read_text() if log.exists() else "")


class TestCelery(JobsConformance):
    pass


def _pids(lines: list[str], word: str) -> list[int]:
    return [int(line.split()[2]) for line in lines if line.split()[1] == word]


@pytest.mark.fault
async def test_a_job_of_a_killed_worker_is_done_once_more_by_another(world: CeleryWorld) -> None:
    workers = {process.pid: process for process in (world.launch("worker"), world.launch("worker"))}
    job_id = await world.jobs.outbox.enqueue_now(Slow(1.0))
    await until(lambda: len(effects(world)) == 1)
    first = _pids(effects(world), "begins")[0]
    workers[first].kill()
    view = await until_status(world, job_id, "done")
    assert view.attempts == 2
    # Long enough for a third run to begin, if there were one.
    await asyncio.sleep(1.0)
    begun, ended = _pids(effects(world), "begins"), _pids(effects(world), "ends")
    assert len(begun) == 2
    assert ended == [begun[1]]
    assert begun[1] != first


@pytest.mark.fault
async def test_what_a_frozen_worker_writes_late_does_not_count(world: CeleryWorld) -> None:
    workers = {process.pid: process for process in (world.launch("worker"), world.launch("worker"))}
    job_id = await world.jobs.outbox.enqueue_now(Slow(1.0))
    await until(lambda: len(effects(world)) == 1)
    frozen = workers[_pids(effects(world), "begins")[0]]
    frozen.send_signal(signal.SIGSTOP)
    # The broker may hand the new message to the frozen worker's open connection: the relay sends another one.
    while (done := await world.jobs.inspection.get(job_id)).status != "done":
        await _forget_announcements(world)
        await asyncio.sleep(0.2)
    frozen.send_signal(signal.SIGCONT)
    await asyncio.sleep(1.0)
    later = await world.jobs.inspection.get(job_id)
    assert later == done
    assert later.attempts == 2
    # The worker itself is well: it goes on with other jobs.
    await until_status(world, await world.jobs.outbox.enqueue_now(Note("after")), "done")


async def test_a_job_whose_message_was_lost_is_announced_again(world: CeleryWorld) -> None:
    job_id = await world.jobs.outbox.enqueue_now(Note("lost"))
    await until(lambda: _broker(world).llen("mail") == 1)
    _broker(world).flushdb()
    await _forget_announcements(world)
    await world.start()
    await until_status(world, job_id, "done")
    assert effects(world) == ["lost"]


async def test_a_queue_that_is_only_long_is_not_made_longer(world: CeleryWorld) -> None:
    for number in range(3):
        await world.jobs.outbox.enqueue_now(Note(f"n{number}"))
    await until(lambda: _broker(world).llen("mail") == 3)
    await _forget_announcements(world)
    relay = Relay(world.database, world.jobs.catalog, world.jobs.needs.announcer, SystemClock())
    assert await relay.step() == 0
    assert _broker(world).llen("mail") == 3


@pytest.mark.fault
async def test_three_beats_fire_each_of_100_due_times_once(world: CeleryWorld) -> None:
    # One simulated minute lasts a tenth of a second, and begins when the processes have started.
    told = {"origin": datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp(), "zero": time.time() + 3, "speed": 600}
    (world.folder / "clock.json").write_text(json.dumps(told))
    await world.start()
    beats = [world.launch("beat"), world.launch("beat")]
    await until(lambda: len(effects(world)) >= 30)
    beats[0].kill()
    await until(lambda: len(effects(world)) >= 50)
    world.launch("beat")
    await until(lambda: len(effects(world)) >= 105)
    await world.stop()
    fired = sorted(datetime.fromisoformat(line) for line in effects(world))
    whole = [fired[0] + timedelta(minutes=number) for number in range(len(fired))]
    assert fired[:100] == whole[:100]
    assert len(set(fired)) == len(fired)


async def test_a_wake_message_makes_a_worker_look_at_the_schedules(world: CeleryWorld) -> None:
    await world.start()
    app = celery_app(Broker(url=world.broker_url, transport_options={}))
    app.send_task(WAKE_TASK, (), queue=WAKE_QUEUE)
    # The grace time makes up for the last minute, whatever the time is now.
    await until(lambda: len(effects(world)) >= 1)
    app.close()


async def _forget_announcements(world: CeleryWorld) -> None:
    """As if the time had passed for which an announcement is trusted."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with world.database.write() as session:
        await session.execute(update(Job).where(Job.status == "waiting").values(lease_expires_at=past))


def _broker(world: CeleryWorld) -> redis.Redis:
    return redis.Redis.from_url(world.broker_url)
