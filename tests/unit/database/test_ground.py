"""Ids that sort, columns that keep what they are given, batches that are written whole or not at all."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Executable, bindparam, insert, select, text, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from tests.support.app import new_database

from orrery.database import Database, GroupCommit, new_id
from orrery.database.batch_writer import Batch, ServerBatches, batch_writer
from orrery.database.columns import JsonText, LongText, Money, Utc
from orrery.database.ids import IdSource, is_id
from orrery.database.migrate import HEAD, SchemaNotReady, require_current, schema_state
from orrery.workspaces.accounts.tables import Setup
from orrery.workspaces.members.tables import Workspace

DIALECTS: list[Any] = [sqlite.dialect(), postgresql.dialect(), mysql.dialect()]
INSERT = insert(Setup)
RENAME = (
    update(Workspace).where(Workspace.id == bindparam("b_id"), Workspace.plan == bindparam("b_plan"))
    .values(name=bindparam("b_name"), updated_at=bindparam("b_now"))
)  # fmt: skip


def test_ids_sort_by_their_making_even_across_threads() -> None:
    source, made = IdSource(), list[list[str]]()

    def work() -> None:
        made.append([source() for _ in range(500)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(ids == sorted(ids) for ids in made)
    everything = {one for ids in made for one in ids}
    assert len(everything) == 2000
    assert all(uuid.UUID(one).version == 7 and uuid.UUID(one).variant == uuid.RFC_4122 for one in everything)


def test_ids_go_on_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([2_000_000_000, 1_000_000_000, 1_000_000_001])
    monkeypatch.setattr("orrery.database.ids.time.time_ns", lambda: next(times))
    source = IdSource()
    made = [source(), source(), source()]
    assert made == sorted(set(made))


@pytest.mark.parametrize(
    "text_", ["", "x", None, 5, "0" * 36, new_id()[:-1], new_id() + "0", new_id().replace("-", "")]
)
def test_what_is_no_id(text_: object) -> None:
    assert not is_id(text_)
    assert is_id(new_id())
    assert is_id(new_id().upper())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_times_come_back_aware(dialect: Any) -> None:
    given_ = datetime(2026, 3, 1, 12, 0, 0, 5, timezone(timedelta(hours=8)))
    bound = Utc().process_bind_param(given_, dialect)
    assert Utc().process_result_value(bound, dialect) == given_
    assert Utc().process_bind_param(None, dialect) is None
    with pytest.raises(TypeError, match="naive"):
        Utc().process_bind_param(datetime(2026, 3, 1), dialect)


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), inner, max_size=3),
        max_leaves=6,
    )
)  # fmt: skip
def test_json_comes_back_as_it_was(value: object) -> None:
    column = JsonText()
    for dialect in DIALECTS:
        assert column.process_result_value(column.process_bind_param(value, dialect), dialect) == value


def test_damaged_json_hides_itself_only(caplog: pytest.LogCaptureFixture) -> None:
    assert JsonText().process_result_value("{broken", DIALECTS[0]) is None
    assert "no JSON" in caplog.text


def test_nul_is_dropped_from_long_texts() -> None:
    assert [LongText().process_bind_param(v, DIALECTS[1]) for v in ("a\x00b", "ab", None)] == ["ab", "ab", None]


@pytest.mark.parametrize("amount", ["0", "0.0000001", "12345.6789012", "-1"])
def test_money_is_exact(amount: str) -> None:
    column = Money()
    for dialect in DIALECTS:
        assert column.process_result_value(column.process_bind_param(Decimal(amount), dialect), dialect) == Decimal(
            amount
        )


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with new_database(tmp_path) as made:
        yield made


def row(name: str) -> dict[str, object]:
    return {"version": name, "setup_at": datetime.now(UTC)}


async def names(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(await session.scalars(select(Setup.version)))


@pytest.fixture(params=["own thread", "engine"])
async def writer(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Any]:
    rank: dict[Executable, int] = {RENAME: 0, INSERT: 1}
    made = batch_writer(database, (RENAME, INSERT)) if request.param == "own thread" else ServerBatches(database, rank)
    yield made
    await made.close()


async def test_guards_decide_for_their_batch_alone(database: Database, writer: Any) -> None:
    workspace_id = new_id()
    async with database.write() as session:
        session.add(Workspace(id=workspace_id, name="old", plan="basic"))

    def guard(plan: str) -> Any:
        return RENAME, {"b_id": workspace_id, "b_plan": plan, "b_name": "new", "b_now": datetime.now(UTC)}

    written = await writer.write(
        [
            Batch(guard("other"), [(INSERT, row("lost"))]),
            Batch(guard("basic"), [(INSERT, row("held"))]),
            Batch(None, [(INSERT, row("free"))]),
            Batch(None, []),
        ]
    )
    assert written == [False, True, True, True]
    assert await names(database) == ["free", "held"]


async def test_one_bad_row_undoes_its_whole_commit(database: Database, writer: Any) -> None:
    await writer.write([Batch(None, [(INSERT, row("taken"))])])
    with pytest.raises(IntegrityError):
        await writer.write([Batch(None, [(INSERT, row("a"))]), Batch(None, [(INSERT, row("taken"))])])
    assert await names(database) == ["taken"]
    await writer.write([Batch(None, [(INSERT, row("b"))])])
    assert await names(database) == ["b", "taken"]


async def test_rows_that_can_not_be_built_fail_their_owner_only(database: Database) -> None:
    group = GroupCommit(database, (INSERT,))
    results = await asyncio.gather(
        group.commit([(INSERT, row("a"))]),
        group.commit([(INSERT, {"version": "b", "setup_at": "no time"})]),
        group.commit([(INSERT, row("c"))]),
        return_exceptions=True,
    )
    assert [result is None for result in results] == [True, False, True]
    assert await names(database) == ["a", "c"]
    await group.close()


async def test_a_file_that_is_locked_is_an_operational_error(database: Database, tmp_path: Path) -> None:
    made: Any = batch_writer(database, (INSERT,))
    await made.write([Batch(None, [(INSERT, row("a"))])])
    await asyncio.get_running_loop().run_in_executor(made._thread, made._connection.execute, "PRAGMA busy_timeout=1")
    other = sqlite3.connect(tmp_path / "orrery.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError):
        await made.write([Batch(None, [(INSERT, row("b"))])])
    other.execute("ROLLBACK")
    other.close()
    await made.write([Batch(None, [(INSERT, row("c"))])])
    assert await names(database) == ["a", "c"]
    await made.close()


async def test_writers_of_one_process_wait_in_line(database: Database) -> None:
    async def add(name: str) -> None:
        async with database.write() as session:
            session.add(Setup(version=name, setup_at=datetime.now(UTC)))
            await session.flush()
            await asyncio.sleep(0)

    await asyncio.gather(*(add(f"v{i}") for i in range(12)))
    assert len(await names(database)) == 12


async def test_what_fails_is_undone_and_reads_keep_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            session.add(Setup(version="x", setup_at=datetime.now(UTC)))
            raise RuntimeError
    async with database.read() as session:
        await session.execute(text("DELETE FROM tenants"))
        session.add(Setup(version="y", setup_at=datetime.now(UTC)))
    assert await names(database) == []
    await database.ping()


async def test_foreign_keys_hold(database: Database) -> None:
    async with database.reader.connect() as connection:
        assert (await connection.execute(text("PRAGMA foreign_keys"))).scalar() == 1
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"


async def test_a_database_without_a_revision_is_not_ready(database: Database) -> None:
    state = await schema_state(database)
    assert (state.revision, state.tables, state.is_current) == (None, True, False)
    with pytest.raises(SchemaNotReady, match=f"revision none, this version needs {HEAD}"):
        await require_current(database)
