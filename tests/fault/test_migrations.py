"""Migrations that are killed or cut off at a statement: done again they end as if nothing had been (F32, G12).

As the next version, over rows of the first one, on each database. While they are half done, the version before works.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection
from tests.fault.breaking import Breaker, Ended, How, Wanted
from tests.fault.scale import FULL
from tests.support.databases import BACKENDS, url_of
from tests.support.next_version import REVISION
from tests.support.schema_shape import Rows, Shape, add_rows, check_rows, shape_of, tables_of

from orrery.database import Database
from orrery.database.migrating import record

OLDEST = "0001"
TASTE = {"sqlite": 1, "postgresql": 1, "mariadb": 2}
"""MariaDB keeps what was done before the break: there is more to see there."""


class Way(msgspec.Struct, frozen=True):
    """A migration to break off: ``before`` is done without a fault."""

    name: str
    before: Sequence[str]
    target: str
    rows: bool


WAYS = (
    Way("a new database", (), "head", rows=False),
    Way("forward over rows", (OLDEST,), REVISION, rows=True),
    Way("back", (REVISION,), OLDEST, rows=False),
)


class Reached(msgspec.Struct, frozen=True):
    """A database at a moment: ``done`` when it says that its schema is whole, at ``revision``."""

    done: bool
    revision: str
    shape: Shape


@pytest.fixture(scope="module")
def breaker() -> Iterator[Breaker]:
    with Breaker() as one:
        yield one


class Scene:
    """One database on its way."""

    def __init__(self, breaker: Breaker, url: str, way: Way) -> None:
        self._breaker = breaker
        self._way = way
        self._database = Database(url)
        self.url = url
        self._kept: Rows = {}

    async def prepare(self) -> None:
        """Goes where the way begins."""
        for target in self._way.before:
            ended = await self.run(target)
            assert ended.status == 0, ended
        if self._way.rows:
            async with self._database.connection() as connection:
                self._old = await connection.run_sync(tables_of)
                self._kept = await connection.run_sync(add_rows, self._old)

    async def run(self, target: str, at: int = 0, how: How = "before") -> Ended:
        wanted = Wanted(url=self.url, target=target, at=at, how=how)
        return await asyncio.to_thread(self._breaker.run, wanted)

    async def look(self) -> Reached:
        """How it stands; where there are rows, the old version reads its own and adds others."""

        def seen(connection: Connection) -> Reached:
            # A server may still be at the last words of a process that is gone: both are to be of one moment.
            while True:
                standing, shape = record.read(connection), shape_of(connection)
                connection.rollback()
                if record.read(connection) == standing:
                    return Reached(standing.doubt is None, standing.revision, shape)

        async with self._database.writer.connect() as connection:
            reached = await connection.run_sync(seen)
            if self._kept:
                await connection.run_sync(check_rows, self._old, self._kept)
                await connection.run_sync(add_rows, self._old)
                await connection.commit()
        return reached

    async def close(self) -> None:
        await self._database.close()


def places(backend: str, number: int) -> list[int]:
    """Which statements are struck: all of them, or a few."""
    if FULL:
        return list(range(1, number + 1))
    # The same ones in every run of the tests; all of them have been struck.
    return sorted(random.Random(f"{backend} {number}").sample(range(1, number + 1), TASTE[backend]))


@pytest.mark.row("F32", "G12")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name.replace(" ", "-"))
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_migration_that_broke_off_is_gone_on_with(
    backend: str, way: Way, breaker: Breaker, tmp_path: Path, measured: Callable[[str, object], None]
) -> None:
    number = 0

    async def scene() -> Scene:
        nonlocal number
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        made = Scene(breaker, url_of(backend, folder), way)
        await made.prepare()
        return made

    plain = await scene()
    begun = (await plain.look()).shape
    ended = await plain.run(way.target)
    assert ended.status == 0, ended
    whole = await plain.look()
    await plain.close()
    hows: Sequence[How] = ("before", "during") if backend == "sqlite" else ("before", "during", "cut")
    struck = 0
    for place, at in enumerate(places(backend, ended.points)):
        for how in hows if FULL else (hows[place % len(hows)],):
            one = await scene()
            try:
                broken = await one.run(way.target, at, how)
                struck += broken.status != 0
                half = await one.look()
                if half.done:
                    # Nothing calls itself whole that is not: it is where it was, on a station of its way, or there.
                    at_goal, at_start = half.revision == whole.revision, half.shape == begun
                    assert at_goal == (half.shape == whole.shape), (at, how, broken)
                    assert at_goal or at_start or half.revision not in {OLDEST, REVISION}, (at, how, broken)
                again = await one.run(way.target)
                assert again.status == 0, (at, how, broken, again)
                assert await one.look() == whole, (at, how, broken)
            finally:
                await one.close()
    assert struck
    measured("struck", struck)
    measured("of places", ended.points)
