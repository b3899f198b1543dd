"""Texts with NUL: no database fails over one, in a row or in a comparison."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Text, func, insert, literal, select
from tests.support.databases import BACKENDS, url_of

from orrery.database import Database, new_id
from orrery.database.migrate import migrate
from orrery.schema import schema
from orrery.workspaces.members.tables import Workspace

pytestmark = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture
async def database(backend: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(url_of(backend, tmp_path))
    await migrate(database, schema())
    yield database
    await database.close()


async def test_nul_fails_no_statement(database: Database) -> None:
    row = Workspace(id=new_id(), name="a\x00b")
    async with database.write() as session:
        session.add(row)
        await session.execute(insert(Workspace), [{"id": new_id(), "name": "\x00"}, {"id": new_id(), "name": "c"}])
    async with database.read() as session:
        assert await session.scalar(select(Workspace.id).where(Workspace.id == f"{row.id[:-1]}\x00")) is None
        assert await session.scalar(select(Workspace.id).where(Workspace.name.icontains("z\x00z"))) is None
        assert await session.scalar(select(func.lower(literal("C\x00", Text)))) in {"c", "c\x00"}
        kept = await session.scalar(select(Workspace.name).where(Workspace.id == row.id))
    assert kept == ("ab" if database.dialect == "postgresql" else "a\x00b")
