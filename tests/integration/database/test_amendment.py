"""Values that many change at once, through shared commits of several processes, on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select
from tests.support.databases import BACKENDS, url_of

from orrery.database import Database, GroupCommit
from orrery.database.amendment import Amendment
from orrery.database.columns import JsonText, Utc

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

COUNTERS = Table(
    "counters",
    MetaData(),
    Column("name", String(36), primary_key=True),
    Column("owner", String(36), primary_key=True),
    Column("data", JsonText()),
    Column("counted_at", Utc()),
)
INSERT = insert(COUNTERS)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def added(stored: object, row: Mapping[str, object]) -> object:
    return {"n": cast("dict[str, int]", stored)["n"] + cast("int", row["add"])}


ADD = Amendment(COUNTERS, "data", "counted_at", added)


def add(number: int, name: str, owner: str = "o") -> tuple[Amendment, dict[str, object]]:
    return ADD, {"name": name, "owner": owner, "add": number, "counted_at": NOW}


def new(name: str, owner: str = "o") -> dict[str, object]:
    return {"name": name, "owner": owner, "data": {"n": 0}, "counted_at": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.fixture
async def url(backend: str, tmp_path: Path) -> str:
    url = url_of(backend, tmp_path)
    database = Database(url)
    async with database.writer.begin() as connection:
        await connection.run_sync(COUNTERS.metadata.create_all)
    await database.close()
    return url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


async def held(database: Database) -> dict[str, object]:
    async with database.read() as session:
        rows = await session.execute(select(COUNTERS.c.name, COUNTERS.c.owner, COUNTERS.c.data))
        return {f"{row[0]}-{row[1]}": row[2]["n"] for row in rows}


async def test_every_change_of_a_commit_is_done_and_nothing_else_is_touched(database: Database) -> None:
    group = GroupCommit(database, (INSERT, ADD))
    places = [("a", "o"), ("a", "p"), ("b", "o"), ("c", "o"), ("d", "o")]
    await group.commit([(INSERT, new(*place)) for place in places])
    await asyncio.gather(
        group.commit([add(1, "a"), add(2, "a"), add(5, "b")]),
        group.commit([add(10, "a"), add(7, "c"), add(1, "gone"), add(1, "b", "p")]),
    )
    assert await held(database) == {"a-o": 13, "a-p": 0, "b-o": 5, "c-o": 7, "d-o": 0}
    async with database.read() as session:
        changed = await session.scalars(select(COUNTERS.c.name).where(COUNTERS.c.counted_at == NOW))
        assert sorted(changed) == ["a", "b", "c"]
    # What a commit inserts it can change, too.
    await group.commit([add(3, "e"), (INSERT, new("e"))])
    assert (await held(database))["e-o"] == 3
    await group.close()


async def test_processes_that_write_at_once_lose_nothing(url: str, database: Database) -> None:
    """Each in its own order, so that they meet at one row after another."""
    other = Database(url)
    groups = [GroupCommit(each, (INSERT, ADD), most_batches=2) for each in (database, other)]
    names = [f"n{number}" for number in range(5)]
    await groups[0].commit([(INSERT, new(name)) for name in names])
    orders = [names, names[::-1]]
    await asyncio.gather(*(groups[n % 2].commit([add(1, name) for name in orders[n % 2]]) for n in range(60)))
    assert set((await held(database)).values()) == {60}
    for group in groups:
        await group.close()
    await other.close()
