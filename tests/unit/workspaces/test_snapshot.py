from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.support.app import new_database
from tests.support.away import AwayCache
from tests.support.clock import MovableClock

from orrery.cache.memory import MemoryCache
from orrery.database import Database
from orrery.workspaces.members.tables import Workspace
from orrery.workspaces.models.snapshot import MOST_SECONDS, Snapshots
from orrery.workspaces.models.store import ModelKey, set_default, switch_model
from orrery.workspaces.models.tables import ProviderCredential

MODEL = ModelKey("a/b/c", "m", "llm")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with new_database(tmp_path) as made:
        async with made.write() as session:
            session.add_all(Workspace(id=name, name=name) for name in ("here", "there"))
        yield made


def counted(database: Database) -> list[str]:
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.reader.sync_engine, "before_cursor_execute", note)
    return statements


async def add_credential(database: Database, workspace: str) -> None:
    async with database.write() as session:
        session.add(
            ProviderCredential(
                tenant_id=workspace, provider_name="a/b/c", credential_name="n", encrypted_config="x", active=True
            )
        )


async def test_rows_are_read_once_until_they_change_in_any_process(database: Database) -> None:
    shared = MemoryCache()
    one, other = Snapshots(database, shared), Snapshots(database, shared)
    statements = counted(database)
    for snapshots in (one, other, one, other):
        assert (await snapshots.of("here")).provider_credential("a/b/c") is None
    assert len([s for s in statements if "SELECT" in s]) == 8, "four tables, once for each process"

    await add_credential(database, "here")
    await one.changed("here")
    assert (await other.of("here")).provider_credential("a/b/c") is not None
    assert (await one.of("there")).provider_credential("a/b/c") is None


async def test_a_lost_mark_only_costs_a_read(database: Database) -> None:
    cache = MemoryCache()
    snapshots = Snapshots(database, cache)
    await snapshots.of("here")
    await add_credential(database, "here")
    await cache.delete("workspace_models:here")
    assert (await snapshots.of("here")).provider_credential("a/b/c") is not None


async def test_while_the_cache_is_away_rows_are_read_each_time(database: Database) -> None:
    cache, clock = AwayCache(), MovableClock()
    here, other = Snapshots(database, cache), Snapshots(database, cache, clock.monotonic)
    assert (await here.of("here")).provider_credential("a/b/c") is None
    assert (await other.of("here")).provider_credential("a/b/c") is None
    cache.away = True
    await add_credential(database, "here")
    await here.changed("here")
    assert (await here.of("here")).provider_credential("a/b/c") is not None
    cache.away = False
    assert (await here.of("here")).provider_credential("a/b/c") is not None
    clock.advance(seconds=MOST_SECONDS)
    assert (await other.of("here")).provider_credential("a/b/c") is not None, (
        "told by nobody, but never later than this"
    )


async def test_switches_and_defaults(database: Database) -> None:
    snapshots = Snapshots(database, MemoryCache())
    for enabled in (False, True, False):
        async with database.write() as session:
            await switch_model(session, "here", MODEL, enabled=enabled)
        await snapshots.changed("here")
        assert (await snapshots.of("here")).is_enabled(MODEL) is enabled
        assert (await snapshots.of("there")).is_enabled(MODEL)
    for name in ("m", "n"):
        async with database.write() as session:
            await set_default(session, "here", ModelKey("a/b/c", name, "llm"))
        await snapshots.changed("here")
        assert (await snapshots.of("here")).default("llm") == ModelKey("a/b/c", name, "llm")
    assert (await snapshots.of("there")).default("llm") is None
