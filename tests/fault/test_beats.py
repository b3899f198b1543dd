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
from sqlalchemy import select
from tests.fault.outside import RedisServer
from tests.fault.scale import scaled
from tests.integration.jobs.conformance import effects, until
from tests.integration.jobs.fleet_world import FleetWorld
from tests.support.databases import postgres_url

from orrery.database.migrate import migrate
from orrery.jobs.tables import Job
from orrery.schema import schema

pytest.importorskip("celery", reason="the celery extra is not installed")
pytestmark = [pytest.mark.postgres, pytest.mark.redis]

DUE_TIMES = scaled(60, 500)
ROUNDS = scaled(2, 12)
SPEED = 600
"""A minute of the schedule lasts a tenth of a second, so that a kill is never far from a due time."""
BEGIN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START_SECONDS = 3.0
GRACE = 300 * 60.0
"""Half a minute of real time in which the one that is left may be slow."""


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
    world = FleetWorld(tmp_path, postgres_url(), f"redis://127.0.0.1:{redis.port}/1", clock=clock, grace=GRACE)
    await migrate(world.database, schema())
    yield world
    await world.close()


def _fired(world: FleetWorld) -> Counter[datetime]:
    """How often each due time since the beginning was carried out."""
    fired = (datetime.fromisoformat(line) for line in effects(world))
    return Counter(due for due in fired if due >= BEGIN)


async def _kept(world: FleetWorld, missing: list[datetime]) -> str:
    """What the table holds of the jobs of these due times."""
    async with world.database.read() as session:
        query = select(Job.due_at, Job.status, Job.attempts, Job.error).where(Job.due_at.in_(missing))
        rows = [tuple(row) for row in await session.execute(query)]
    return f"{len(missing)} from {missing[0]} to {missing[-1]}; in the table {rows}"


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
        wanted, up = DUE_TIMES * (number + 1) // (ROUNDS + 1), 3 + 2 * number
        await until(lambda wanted=wanted: len(_fired(world)) >= wanted)
        await until(lambda up=up: len(list(world.folder.glob("up-*"))) == up)
        await _around_a_due_time(world)
        for _ in range(2):
            world.kill(beats.pop(0))
        beats += [world.launch("beat"), world.launch("beat")]
    due = {BEGIN + timedelta(minutes=number) for number in range(DUE_TIMES)}
    # All of them: one whose beat died before it sent the message comes later than those after it.
    deadline = time.monotonic() + 120
    while missing := sorted(due - set(_fired(world))):
        assert time.monotonic() < deadline, await _kept(world, missing)
        await asyncio.sleep(0.1)
    await world.stop()
    assert [one for one, times in _fired(world).items() if times != 1] == []
    measured("due times", DUE_TIMES)
    measured("beats killed", 2 * ROUNDS)
