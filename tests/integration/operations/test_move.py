"""Every table from each engine to each other, and back: nothing is lost, changed, or half kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update
from tests.support.databases import BACKENDS, url_of
from tests.support.rows import fill_every_table

from orrery.database import Database, new_id
from orrery.database.migrate import migrate
from orrery.operations.errors import OperationFailed
from orrery.operations.move import address, move
from orrery.operations.rows.shape import shapes
from orrery.operations.rows.snapshot import snapshot
from orrery.operations.rows.values import Digest
from orrery.schema import schema
from orrery.workspaces.members.tables import Workspace

PAIRS = [
    pytest.param(source, target, id=f"{source} to {target}", marks=[pytest.mark.postgres, pytest.mark.mariadb])
    for source, target in (
        ("sqlite", "postgresql"),
        ("postgresql", "mariadb"),
        ("mariadb", "sqlite"),
    )
]


@asynccontextmanager
async def opened(backend: str, folder: Path) -> AsyncIterator[Database]:
    folder.mkdir(exist_ok=True)
    database = Database(url_of(backend, folder))
    yield database
    await database.close()


async def digests(database: Database) -> dict[str, tuple[int, str]]:
    found: dict[str, tuple[int, str]] = {}
    async with snapshot(database) as view:
        for shape in shapes(schema()):
            digest = Digest()
            async for rows in view.batches(shape):
                for row in rows:
                    digest.add(row)
            found[shape.name] = digest.count, digest.hex
    return found


@pytest.mark.parametrize(("source_kind", "target_kind"), PAIRS)
async def test_every_row_arrives(source_kind: str, target_kind: str, tmp_path: Path) -> None:
    told: dict[str, int] = {}
    async with opened(source_kind, tmp_path / "a") as source, opened(target_kind, tmp_path / "b") as target:
        await migrate(source, schema())
        total = await fill_every_table(source, rows=5)
        moved = await move(source, target, schema(), lambda what, done, _: told.update({what: done}))
        assert moved.total == total == sum(told.values())
        assert await digests(target) == await digests(source)
        async with target.connection() as connection:  # keys of other tables still hold
            await connection.execute(delete(Workspace))


async def test_more_rows_than_a_batch(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as source, opened("sqlite", tmp_path / "b") as target:
        await migrate(source, schema())
        async with source.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": str(n)} for n in range(1234)])
        assert (await move(source, target, schema())).rows == {"tenants": 1234}


@pytest.mark.parametrize("kind", BACKENDS[:2])
async def test_a_target_with_rows_is_left_alone(kind: str, tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as source, opened(kind, tmp_path / "b") as target:
        for database in (source, target):
            await migrate(database, schema())
        async with target.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "here before"}])
        with pytest.raises(OperationFailed, match="not empty: tenants has 1 rows"):
            await move(source, target, schema())


@pytest.mark.postgres
async def test_a_row_that_does_not_fit_keeps_nothing(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as source, opened("postgresql", tmp_path / "b") as target:
        await migrate(source, schema())
        async with source.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "ok"}])
            await connection.execute(update(Workspace).values(name="x" * 1000))  # SQLite takes any length
        with pytest.raises(OperationFailed, match=r"tenants: a row does not fit the target.*Nothing was kept"):
            await move(source, target, schema())
        async with target.read() as session:
            assert await session.scalar(select(func.count()).select_from(Workspace)) == 0


@pytest.mark.parametrize("kind", BACKENDS)
async def test_rows_that_come_later_are_not_seen(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path / "a") as database:
        await migrate(database, schema())
        async with database.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "early"}])
        (shape,) = [shape for shape in shapes(schema()) if shape.name == "tenants"]
        (other,) = [shape for shape in shapes(schema()) if shape.name == "accounts"]
        async with snapshot(database) as view:
            assert [rows async for rows in view.batches(other)] == []
            async with database.connection() as connection:
                await connection.execute(insert(Workspace), [{"id": new_id(), "name": "late"}])
            seen = [row async for rows in view.batches(shape) for row in rows]
        assert [row[shape.columns.index("name")] for row in seen] == ["early"]


async def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as source, opened("sqlite", tmp_path / "b") as target:
        with pytest.raises(OperationFailed, match="orrery migrate"):
            await move(source, target, schema())


def test_addresses_as_people_write_them() -> None:
    assert address("postgres://u:p@h/db").drivername == "postgresql+asyncpg"
    assert address("postgresql+psycopg2://u:p@h/db").drivername == "postgresql+asyncpg"
    assert address("mysql://u:p@h:3306/db").drivername == "mysql+asyncmy"
    assert address("sqlite:////data/orrery.db").database == "/data/orrery.db"
    for wrong in ("no address", "oracle://h/db"):
        with pytest.raises(OperationFailed):
            address(wrong)
