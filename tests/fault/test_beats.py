"""Three beats, of which two die around a due time again and again: each due time fires once (F4, G7)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.fault.outside import RedisServer
from tests.fault.scale import scaled
from tests.integration.jobs.conformance import effects, until
from tests.integration.jobs.fleet_world import FleetWorld
from tests.support.databases import postgres_url

from orrery.apps.schema import schema
from orrery.database.migrate import migrate

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = [pytest.mark.postgres, pytest.mark.redis]

DUE_TIMES = scaled(60, 500)
ROUNDS = scaled(2, 12)
SPEED = 600
"""A minute of the schedule lasts a tenth of a second, so that a kill is never far from a due time."""
BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START_SECONDS = 3.0


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    redis = RedisServer()
    try:
        redis.start()
        yield redis
    finally:
        redis.close()


@pytest.fixture
async def world(redis: RedisServer, tmp_path: Path) -> AsyncIterator[FleetWorld]:
    clock = {"origin": BEGIN.timestamp(), "zero": time.time() + START_SECONDS, "speed": SPEED}
    world = FleetWorld(tmp_path, postgres_url(), f"redis://127.0.0.1:{redis.port}/1", clock=clock)
    await migrate(world.database, schema())
    yield world
    await world.close()


def _fired(world: FleetWorld) -> Counter[datetime]:
    """How often each due time since the beginning was carried out."""
    fired = (datetime.fromisoformat(line) for line in effects(world))
    return Counter(due for due in fired if due >= BEGIN)


async def _around_a_due_time(world: FleetWorld) -> None:
    """Until shortly before or after the next one, by the clock of the beats."""
    now = world.jobs.needs.clock.now()
    wait = (timedelta(minutes=1) - (now - BEGIN) % timedelta(minutes=1)).total_seconds() / SPEED
    await asyncio.sleep(wait + random.uniform(-0.02, 0.02))


@pytest.mark.row("F4", "G7")
async def test_three_beats_fire_each_due_time_once_though_two_are_killed(
    world: FleetWorld, measured: Callable[[str, object], None]
) -> None:
    await world.start()
    beats = [world.launch("beat") for _ in range(3)]
    for number in range(ROUNDS):
        # At a third, two thirds, ... of all due times.
        await until(lambda number=number: len(_fired(world)) >= DUE_TIMES * (number + 1) // (ROUNDS + 1))
        await _around_a_due_time(world)
        for _ in range(2):
            world.kill(beats.pop(0))
        beats += [world.launch("beat"), world.launch("beat")]
    last = BEGIN + timedelta(minutes=DUE_TIMES)
    await until(lambda: last in _fired(world))
    await world.stop()
    fired = _fired(world)
    due = [BEGIN + timedelta(minutes=number) for number in range(DUE_TIMES + 1)]
    assert [one for one in due if one not in fired] == []
    assert [one for one, times in fired.items() if times != 1] == []
    measured("due times", DUE_TIMES)
    measured("beats killed", 2 * ROUNDS)
