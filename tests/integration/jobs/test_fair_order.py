"""In which order a worker takes from several queues over Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis
from tests.integration.jobs.conformance import effects, until
from tests.integration.jobs.fleet_world import FleetWorld
from tests.integration.jobs.sample import Note
from tests.support.migrated import migrated_url

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = pytest.mark.redis


@pytest.fixture
async def world(redis_url: str, tmp_path: Path) -> AsyncIterator[FleetWorld]:
    # One job at a time: what was taken first has its effect first.
    world = FleetWorld(tmp_path, await migrated_url("sqlite", tmp_path), f"{redis_url}/50", places=1)
    yield world
    await world.close()


async def test_urgent_jobs_go_before_long_queues_and_none_of_those_starves(world: FleetWorld) -> None:
    numbers = {"dataset": 40, "mail": 40, "priority_dataset": 16}
    for queue, number in numbers.items():
        for _ in range(number):
            await world.jobs.outbox.enqueue_now(Note(queue), queue=queue)
    broker = redis.Redis.from_url(world.broker_url)
    await until(lambda: all(broker.llen(queue) == number for queue, number in numbers.items()))
    broker.close()
    await world.start()
    await until(lambda: len(effects(world)) == 96)
    # While all of them wait, of eleven turns eight are urgent, two plain, and one is of those that are in no hurry.
    first = effects(world)[:22]
    assert {queue: first.count(queue) for queue in numbers} == {"dataset": 4, "mail": 2, "priority_dataset": 16}
