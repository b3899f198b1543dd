"""PgBouncer in transaction mode: the product's own statements, a migration, and how it is noticed that one is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from tests.support.databases import postgres_url
from tests.support.pooler import CONNECTIONS, pooled

from orrery.database import Database, new_id
from orrery.database.engine import PoolOptions
from orrery.database.limits import read_limit
from orrery.database.migrate import migrate, require_current
from orrery.jobs import JobNeeds, Jobs
from orrery.jobs.announcing import NoAnnouncer
from orrery.schema import schema
from orrery.workspaces.members.tables import Workspace

pytestmark = pytest.mark.postgres

AT_ONCE = 20
ROUNDS = 15


@pytest.fixture
def url() -> Iterator[URL]:
    with pooled(postgres_url()) as address:
        yield address


@pytest.fixture
async def database(url: URL) -> AsyncIterator[Database]:
    database = Database(url, PoolOptions(size=AT_ONCE, behind_pooler=True))
    yield database
    await database.close()


async def test_many_transactions_share_few_connections(database: Database) -> None:
    """Each with statements that repeat, on whatever connection of the server it is given."""
    await migrate(database, schema())

    async def work(name: str) -> None:
        for _ in range(ROUNDS):
            row = Workspace(id=new_id(), name=name)
            async with database.write() as session:
                session.add(row)
                await session.flush()
                await session.execute(update(Workspace).where(Workspace.id == row.id).values(name=f"{name}!"))
            async with database.read() as session:
                assert await session.scalar(select(Workspace.name).where(Workspace.id == row.id)) == f"{name}!"
            async with database.connection() as connection:
                many = [{"id": new_id(), "name": name} for _ in range(3)]
                await connection.execute(insert(Workspace), many)
                ids = [one["id"] for one in many]
                assert (await connection.execute(delete(Workspace).where(Workspace.id.in_(ids)))).rowcount == 3

    await asyncio.gather(*(work(str(number)) for number in range(AT_ONCE)))
    async with database.read() as session:
        assert len(list(await session.scalars(select(Workspace.id)))) == AT_ONCE * ROUNDS
        seen = await session.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
            )
        )
    assert seen <= CONNECTIONS


async def test_new_connections_ask_nothing_outside_of_a_transaction(url: URL) -> None:
    """Made all at once, each would have its question answered by a connection that never heard it."""

    async def one() -> None:
        database = Database(url, PoolOptions(size=1, behind_pooler=True))
        await database.ping()
        await database.close()

    for _ in range(3):
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def test_one_of_several_migrates(url: URL) -> None:
    """The lock belongs to the transaction, and so to whatever connection of the server has it."""
    databases = [Database(url, PoolOptions(size=1, behind_pooler=True)) for _ in range(4)]
    outcomes = await asyncio.gather(*(migrate(one, schema()) for one in databases))
    assert sorted(outcomes) == ["created", "current", "current", "current"]
    assert [await migrate(one, schema(), target="0001") for one in databases] == ["migrated", *["current"] * 3]
    await migrate(databases[0], schema())
    await require_current(databases[0])
    async with databases[0].read() as session:
        # None is left behind on a connection that others are given next.
        assert await session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0
    for one in databases:
        await one.close()


async def test_jobs_are_claimed_once(database: Database) -> None:
    await migrate(database, schema())
    offices = [
        Jobs.build(JobNeeds(database=database, announcer=NoAnnouncer(), owner=str(number))) for number in range(6)
    ]
    schedules = offices[0].catalog.schedules
    assert await offices[0].timekeeper.fire() >= len(schedules)
    now = offices[0].needs.clock.now()
    claimed = await asyncio.gather(*(one.claims.turn([], {"retention": 100}, now) for one in offices))
    ids = [one.id for found in claimed for one in found]
    assert len(ids) == len(set(ids)) > 0


async def test_without_the_setting_it_is_refused_or_noticed(url: URL, database: Database) -> None:
    plain = Database(url)
    with pytest.raises((DBAPIError, OSError), match="idle_in_transaction_session_timeout"):
        await plain.ping()
    await plain.close()
    behind = await read_limit(database)
    direct = Database(postgres_url())
    limit = await read_limit(direct)
    assert behind is not None
    assert limit is not None
    assert (behind.pooler, limit.pooler) == (True, False)
    assert 0 < limit.usable < limit.most
    await direct.close()
