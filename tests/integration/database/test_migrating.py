"""Waiting for others with a bound, failing with the reason, telling what would run, and writing it out instead."""

from __future__ import annotations

import asyncio
import io
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.support.databases import BACKENDS, url_of
from tests.support.schema_shape import Shape, shape_of

from orrery.database import Database
from orrery.database.migrate import HEAD, SERVES_FROM, SchemaNotReady, migrate, require_current, schema_state
from orrery.database.migrating import lock, record
from orrery.database.migrating.chain import Chain
from orrery.database.migrating.errors import MigrationBusy, MigrationFailed, UnknownRevision
from orrery.database.migrating.preview import plan
from orrery.database.migrating.record import Doubt
from orrery.database.migrating.repeatable import RepeatableStatements
from orrery.database.migrating.script_sql import DIALECTS, DialectName, write_sql
from orrery.database.outages import is_outage
from orrery.schema import schema

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture
async def database(backend: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(url_of(backend, tmp_path))
    yield database
    await database.close()


async def _shape(database: Database) -> Shape:
    async with database.reader.connect() as connection:
        return await connection.run_sync(shape_of)


async def test_who_migrates_is_waited_for_up_to_a_bound(database: Database) -> None:
    told: list[str] = []
    async with database.writer.connect() as connection, lock.held(connection):
        other = Database(database.url)
        with pytest.raises(MigrationBusy, match=r"(?s)^Another process has been migrating.*--wait"):
            await migrate(other, schema(), wait=0.3, tell=told.append)
        assert told[0].startswith("waiting: another process")
        waiting = asyncio.create_task(migrate(other, schema(), wait=600, tell=told.append))
        while len(told) < 2:
            await asyncio.sleep(0.01)
        assert not waiting.done()
    assert await waiting == "created"
    await other.close()


async def test_who_migrates_another_database_of_the_server_is_not_waited_for(
    backend: str, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Database(url_of(backend, tmp_path / "other"))
    async with database.writer.connect() as connection, lock.held(connection):
        assert await migrate(other, schema(), wait=0) == "created"
    await other.close()


async def test_a_table_that_is_held_is_waited_for_up_to_a_bound(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And others that want the table are let pass meanwhile: no statement queues before them for long."""
    monkeypatch.setattr(lock, "STATEMENT_LOCK_SECONDS", 1)
    await migrate(database, schema())
    table, before = "knowledge_terms", SERVES_FROM
    other = Database(database.url)
    async with other.writer.connect() as held:
        # Whoever reads a table in a transaction keeps it from being dropped.
        await held.execute(text(f"SELECT count(*) FROM {table}"))
        with pytest.raises(MigrationBusy, match=r"have been holding what|has been migrating"):
            await migrate(database, schema(), target=before, wait=0)
        if database.dialect != "mysql":
            await require_current(database)
        await held.rollback()
    assert await migrate(database, schema(), target=before) == "migrated"
    assert (await schema_state(database)).doubt is None
    await other.close()


async def test_a_statement_that_fails_is_told_and_leaves_no_way_in(database: Database) -> None:
    await migrate(database, schema(), target="0001")
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE human_input_forms (mine INTEGER)"))
    with pytest.raises(MigrationFailed, match=r"(?s)0001 -> 0002.*CREATE TABLE human_input_forms.*exist"):
        await migrate(database, schema())
    with pytest.raises(SchemaNotReady, match="orrery migrate"):
        await require_current(database)
    # What somebody else made is not taken for ours, also when the step is done again.
    with pytest.raises(MigrationFailed, match="human_input_forms"):
        await migrate(database, schema())
    async with database.connection() as connection:
        await connection.execute(text("DROP TABLE human_input_forms"))
    await migrate(database, schema())
    await require_current(database)


async def test_tables_of_another_program_are_left_alone(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE accounts (mine INTEGER)"))
    with pytest.raises(SchemaNotReady, match=r"another program.*\(accounts\).*DB_DATABASE"):
        await migrate(database, schema())
    assert set(await _shape(database)) == {"accounts"}


async def test_a_revision_that_nobody_knows(database: Database) -> None:
    await migrate(database, schema())
    with pytest.raises(UnknownRevision, match=f"no revision 7777.*base, 0001.*{HEAD}"):
        await migrate(database, schema(), target="7777")
    await require_current(database)


@pytest.mark.parametrize("serves_from", [HEAD, "9000"])
async def test_a_newer_schema_is_taken_if_it_says_that_it_serves_this_version(
    database: Database, serves_from: str
) -> None:
    await migrate(database, schema())
    async with database.connection() as connection:
        await connection.run_sync(record.write_done, "9001", serves_from, None)
    if serves_from == HEAD:
        await require_current(database)
        assert await migrate(database, schema()) == "current"
        return
    for attempt in (require_current(database), migrate(database, schema()), migrate(database, schema(), target="0001")):
        with pytest.raises(SchemaNotReady, match=f"revision 9001, which serves versions from 9000 on.*{HEAD}"):
            await attempt


async def test_nothing_starts_on_a_schema_in_doubt(database: Database) -> None:
    await migrate(database, schema())
    state = await schema_state(database)
    assert (state.serves_from, state.doubt) == (SERVES_FROM, None)
    async with database.connection() as connection:
        standing = await connection.run_sync(record.read)
        await connection.run_sync(record.write_doubt, standing, Doubt(HEAD, "9001"))
    with pytest.raises(SchemaNotReady, match=f"between the revisions {HEAD} and 9001 is under way or was broken off"):
        await require_current(database)
    with pytest.raises(SchemaNotReady, match="of the version that has both"):
        await migrate(database, schema())


async def test_a_dry_run_tells_and_changes_nothing(database: Database) -> None:
    await migrate(database, schema())
    await migrate(database, schema(), target="0001")
    async with database.connection() as connection:
        await connection.execute(
            text("INSERT INTO dify_setups (version, setup_at) VALUES ('1', '2026-01-01 00:00:00')")
        )
    before = await _shape(database)
    async with database.reader.connect() as connection:
        forward = await connection.run_sync(plan, Chain.load(), "head")
        back = await connection.run_sync(plan, Chain.load(), "base")
    assert [(str(one.step)[:12], one.statements[0][:12]) for one in forward.steps] == [
        ("0001 -> 0002", "CREATE TABLE"),
        ("0002 -> 0003", "CREATE TABLE"),
    ]
    assert {one.rows for one in forward.steps[0].touched} == {None}
    assert {one.table: one.rows for one in back.steps[0].touched}["dify_setups"] == 1
    assert await _shape(database) == before


def _feed(url: sa.URL, script: str) -> None:
    """Runs a script with the database's own client, as people do."""
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(url.database or "") as connection:
            connection.executescript(script)
        connection.close()
        return
    port, user, name = str(url.port), str(url.username), str(url.database)
    if url.get_backend_name() == "postgresql":
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", port, "-U", user, name]
    else:
        command = ["mariadb", "--no-defaults", "-h", "127.0.0.1", "-P", port, "-u", user, name]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_statements_that_are_run_by_hand_make_the_same_schema(
    backend: str, database: Database, tmp_path: Path
) -> None:
    def script(start: str, goal: str) -> str:
        out = io.StringIO()
        name: DialectName = next(one for one in DIALECTS if one == backend)
        assert write_sql(out, Chain.load(), name, start=start, goal=goal)
        return out.getvalue()

    (tmp_path / "other").mkdir()
    other = Database(url_of(backend, tmp_path / "other"))
    await migrate(other, schema(), target=HEAD)
    await asyncio.to_thread(_feed, database.url, script("base", "head"))
    await require_current(database)
    assert await _shape(database) == await _shape(other)
    assert await schema_state(database) == await schema_state(other)
    await asyncio.to_thread(_feed, database.url, script("head", "base"))
    assert await _shape(database) == {}
    assert await migrate(database, schema()) == "created"
    await other.close()


async def test_statements_in_doubt_may_be_done_twice(backend: str, database: Database) -> None:
    if backend != "mariadb":
        pytest.skip("the others undo what broke off")

    def add(op: Operations) -> None:
        op.create_table("a", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.String(9), index=True))
        op.create_table("b", sa.Column("id", sa.Integer, primary_key=True), sa.Column("a_id", sa.Integer))
        op.create_index("ix_b", "b", ["a_id"])
        op.add_column("b", sa.Column("more", sa.String(9), nullable=True))
        op.create_foreign_key("fk_b", "b", "a", ["a_id"], ["id"])
        op.create_unique_constraint("uq_b", "b", ["more"])
        op.rename_table("old", "new")

    def remove(op: Operations) -> None:
        op.rename_table("new", "old")
        op.drop_constraint("fk_b", "b", type_="foreignkey")
        op.drop_constraint("uq_b", "b", type_="unique")
        op.drop_column("b", "more")
        op.drop_index("ix_b", "b")
        op.drop_table("b")

    def twice(connection: Connection) -> tuple[Shape, Shape]:
        context = MigrationContext.configure(connection)
        Operations(context).create_table("old", sa.Column("id", sa.Integer, primary_key=True))
        add(Operations(context))
        made = shape_of(connection)
        context.impl = RepeatableStatements(context.dialect, connection, False, False, None, {})
        op = Operations(context)
        op.drop_index("ix_a_n", "a")
        # A table without its index is what a break between the two leaves.
        for step in (add, remove, remove):
            step(op)
            if step is add:
                assert shape_of(connection) == made
        return made, shape_of(connection)

    async with database.writer.connect() as connection:
        made, left = await connection.run_sync(twice)
    assert (set(made), set(left)) == ({"a", "b", "new"}, {"a", "old"})


async def test_a_statement_of_before_a_migration_is_worth_another_try(backend: str, database: Database) -> None:
    """A type that changes under a process that runs: PostgreSQL refuses the statement once, as it was prepared."""
    if backend != "postgresql":
        pytest.skip("the others prepare nothing")
    other = Database(database.url)
    async with database.connection() as connection:
        await connection.execute(text("CREATE TABLE old (name VARCHAR(9))"))
    query = sa.select(sa.table("old", sa.column("name")))
    async with database.read() as session:
        await session.execute(query)
    async with other.connection() as connection:
        await connection.execute(text("ALTER TABLE old ALTER name TYPE VARCHAR(19)"))
    with pytest.raises(DBAPIError) as refused:
        async with database.read() as session:
            await session.execute(query)
    assert is_outage(refused.value)
    async with database.read() as session:
        await session.execute(query)
    await other.close()
