"""Shared commits: everybody's rows or nobody's error, on every engine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url

from orrery.database import Database, GroupCommit, new_id
from orrery.workspaces.accounts.tables import Setup
from orrery.workspaces.members.tables import Workspace

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

INSERT = insert(Setup)
RENAME = update(Workspace).where(Workspace.id == bindparam("b_id"), Workspace.plan == bindparam("b_plan")).values(
    name=bindparam("b_name"), updated_at=bindparam("b_now")
)  # fmt: skip


async def _names(database: Database) -> set[str]:
    async with database.read() as session:
        return set(await session.scalars(select(Setup.version)))


@pytest.fixture
async def database(backend: str, tmp_path: Path):
    database = Database(await migrated_url(backend, tmp_path))
    yield database
    await database.close()


def _row(name: str) -> dict[str, object]:
    return {"version": name, "setup_at": datetime.now(UTC)}


async def test_many_callers_share_few_commits(database: Database) -> None:
    group = GroupCommit(database, (INSERT,))
    await asyncio.gather(*(group.commit([(INSERT, _row(f"v{i}"))]) for i in range(100)))
    assert await _names(database) == {f"v{i}" for i in range(100)}
    assert group.commits <= 5


@pytest.mark.parametrize("rows", [1, 2, 3, 31, 168, 301])
async def test_any_number_of_rows_is_written_whole(database: Database, rows: int) -> None:
    group = GroupCommit(database, (INSERT,))
    await group.commit([(INSERT, _row(f"v{i}")) for i in range(rows)])
    async with database.read() as session:
        found = list(await session.scalars(select(Setup.version)))
    assert sorted(found) == sorted(f"v{i}" for i in range(rows))


async def test_one_bad_row_fails_only_its_owner(database: Database) -> None:
    group = GroupCommit(database, (INSERT,))
    await group.commit([(INSERT, _row("taken"))])
    results = await asyncio.gather(
        *(group.commit([(INSERT, _row(name))]) for name in ("a", "taken", "b")), return_exceptions=True
    )
    assert [(r is None) for r in results] == [True, False, True]
    assert isinstance(results[1], SQLAlchemyError)
    assert await _names(database) == {"taken", "a", "b"}


async def test_a_fence_that_does_not_match_writes_nothing(database: Database) -> None:
    workspace_id = new_id()
    async with database.write() as session:
        session.add(Workspace(id=workspace_id, name="old", plan="basic"))
    group = GroupCommit(database, (RENAME, INSERT))

    def rename(plan: str) -> tuple[object, dict[str, object]]:
        return RENAME, {"b_id": workspace_id, "b_plan": plan, "b_name": "new", "b_now": datetime.now(UTC)}

    lost, held = await asyncio.gather(
        group.commit_fenced([rename("other"), (INSERT, _row("lost"))]),
        group.commit_fenced([rename("basic"), (INSERT, _row("held"))]),
    )
    assert (lost, held) == (False, True)
    assert await _names(database) == {"held"}
