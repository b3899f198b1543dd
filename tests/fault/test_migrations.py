"""Migrations that are killed or cut off at a statement: done again they end as if nothing had been (F32, G12).

As the next version, over rows of the first one, on each database. While they are half done, the version before works.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.fault.breaking import Breaker, How
from tests.fault.scale import FULL, scaled
from tests.fault.scenes import Beginning, Reached, Scene, Way
from tests.support.databases import BACKENDS
from tests.support.next_version import REVISION
from tests.support.schema_shape import Shape

OLDEST = "0001"
TASTE = {"sqlite": 1, "postgresql": 1, "mariadb": 2}
"""MariaDB keeps what was done before the break: there is more to see there."""
AT_ONCE = scaled(1, 3)
"""Scenes that are played beside each other: a break waits for servers more than it computes."""

WAYS = (
    Way("a new database", (), "head", rows=False),
    Way("forward over rows", (OLDEST,), REVISION, rows=True),
    Way("back", (REVISION,), OLDEST, rows=False),
)


class Blow(msgspec.Struct, frozen=True):
    """Where and how a migration is struck."""

    at: int
    how: How


class Plain(msgspec.Struct, frozen=True):
    """What a migration that nobody disturbed began with, came to, and how many places it passed."""

    begun: Shape
    whole: Reached
    points: int


@pytest.fixture(scope="module")
def breakers() -> Iterator[Sequence[Breaker]]:
    made = [Breaker() for _ in range(AT_ONCE)]
    for one in made:
        one.start()
    yield made
    for one in made:
        one.close()


def blows(backend: str, number: int) -> list[Blow]:
    """All statements in all ways, or a few of them."""
    hows: Sequence[How] = ("before", "during") if backend == "sqlite" else ("before", "during", "cut")
    everywhere = range(1, number + 1)
    if FULL:
        return [Blow(at, how) for at in everywhere for how in hows]
    # The same ones in every run of the tests; all of them have been struck.
    few = sorted(random.Random(f"{backend} {number}").sample(everywhere, TASTE[backend]))
    return [Blow(at, hows[place % len(hows)]) for place, at in enumerate(few)]


async def undisturbed(scene: Scene, way: Way) -> Plain:
    try:
        begun = await scene.look()
        ended = await scene.run(way.target)
        assert ended.status == 0, ended
        return Plain(begun.shape, await scene.look(), ended.points)
    finally:
        await scene.close()


async def struck(scene: Scene, way: Way, blow: Blow, plain: Plain) -> bool:
    """Whether the blow hit; in any case all is well afterwards."""
    try:
        broken = await scene.run(way.target, blow.at, blow.how)
        half, whole = await scene.look(), plain.whole
        if half.done:
            # Nothing calls itself whole that is not: it is where it was, on a station of its way, or there.
            at_goal, at_start = half.revision == whole.revision, half.shape == plain.begun
            assert at_goal == (half.shape == whole.shape), (blow, broken)
            assert at_goal or at_start or half.revision not in {OLDEST, REVISION}, (blow, broken)
        again = await scene.run(way.target)
        assert again.status == 0, (blow, broken, again)
        assert await scene.look() == whole, (blow, broken)
    finally:
        await scene.close()
    return broken.status != 0


@pytest.mark.row("F32", "G12")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name.replace(" ", "-"))
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_migration_that_broke_off_is_gone_on_with(
    backend: str, way: Way, breakers: Sequence[Breaker], tmp_path: Path, measured: Callable[[str, object], None]
) -> None:
    beginning = Beginning(backend, way, tmp_path)
    await beginning.prepare(breakers[0])
    plain = await undisturbed(await beginning.scene(breakers[0]), way)
    waiting = deque(blows(backend, plain.points))
    hits: list[bool] = []

    async def strike(breaker: Breaker) -> None:
        while waiting:
            blow = waiting.popleft()
            hits.append(await struck(await beginning.scene(breaker), way, blow, plain))

    async with asyncio.TaskGroup() as group:
        # One after the other there: under cut connections of several migrations the server itself crashes at times.
        for breaker in breakers[:1] if backend == "mariadb" else breakers:
            group.create_task(strike(breaker))
    assert any(hits)
    measured("struck", sum(hits))
    measured("of places", plain.points)
