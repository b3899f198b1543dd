"""A backup of a running installation, restored elsewhere: same rows, same objects, nothing if anything is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import MetaData, Table, func, insert, select
from sqlalchemy import inspect as inspect_tables
from tests.support.databases import url_of
from tests.support.rows import fill_every_table

from orrery.apps.files.tables import UploadFile
from orrery.database import Database, new_id
from orrery.database.migrate import migrate
from orrery.operations.archive import sealed
from orrery.operations.backup import Installation, backup
from orrery.operations.errors import OperationFailed
from orrery.operations.leftovers import hold
from orrery.operations.restore import Target, inspect, restore
from orrery.schema import schema
from orrery.storage.local import LocalStorage
from orrery.workspaces.members.tables import Workspace

from .test_move import digests

SECRETS = b"SECRET_KEY=kept\n"


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase costs half a second in earnest."""
    monkeypatch.setattr(sealed, "SCRYPT_COST", 2**4)


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[tuple[Database, LocalStorage]]:
    folder.mkdir(exist_ok=True)
    database = Database(url_of(kind, folder))
    yield database, LocalStorage(folder / "files")
    await database.close()


def installation(database: Database, storage: LocalStorage) -> Installation:
    return Installation(
        database=database,
        metadata=schema(),
        storage=storage,
        product="1.0",
        key_id="abc",
        secrets=SECRETS,
    )


def target(database: Database, storage: LocalStorage, *, key_id: str | None = "abc") -> Target:
    return Target(database=database, metadata=schema(), storage=storage, storage_type="s3", key_id=key_id)


async def objects_of(storage: LocalStorage) -> dict[str, bytes]:
    return {found.key: await storage.load(found.key) async for found in storage.scan()}


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Path]:
    """A backup with a row in every table and one object."""
    async with opened("sqlite", tmp_path / "source") as (database, storage):
        await migrate(database, schema())
        await fill_every_table(database, rows=1)
        await storage.save("upload_files/w/1.bin", b"content")
        await backup(installation(database, storage), tmp_path / "a.zip")
    yield tmp_path / "a.zip"


@pytest.mark.parametrize(
    ("kind", "other"), [("sqlite", "postgresql"), ("postgresql", "mariadb"), ("mariadb", "sqlite")]
)
async def test_everything_comes_back_on_another_engine(kind: str, other: str, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    async with opened(kind, tmp_path / "a") as (database, storage):
        await migrate(database, schema())
        total = await fill_every_table(database)
        content = bytes(range(256)) * 3000
        await storage.save("tools/w/ü 1.bin", content)
        await storage.save("upload_files/w/empty", b"")
        made = await backup(installation(database, storage), file, "a passphrase" if kind == "sqlite" else None)
        assert (made.rows, made.objects) == (total, 2)
        assert len(made.missing) == 6, "rows name objects that are not there"
        before = await digests(database)
    assert file.stat().st_mode & 0o777 == 0o600
    async with opened(other, tmp_path / "b") as (database, storage):
        found = await restore(file, target(database, storage), "a passphrase" if kind == "sqlite" else None)
        assert (found.rows, found.objects, found.secrets) == (total, 2, SECRETS)
        assert await objects_of(storage) == {"tools/w/ü 1.bin": content, "upload_files/w/empty": b""}
        after = await digests(database)
        assert {name: after[name] for name in after if name != "upload_files"} == {
            name: before[name] for name in before if name != "upload_files"
        }
        async with database.read() as session:  # the rows say where the files are now
            assert set(await session.scalars(select(UploadFile.storage_type))) == {"s3"}


async def test_a_backup_of_a_database_that_is_written_to(tmp_path: Path) -> None:
    """A row that comes while the backup runs is in it with all that belongs to it, or not at all."""
    async with opened("sqlite", tmp_path / "a") as (database, storage):
        await migrate(database, schema())

        def write_more(what: str, done: int, total: int) -> None:
            if what == "objects":
                (tmp_path / "a" / "files" / "late").write_bytes(b"late")

        async with database.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "early"}])
            # The writer holds its lock while the copy is taken.
            made = await backup(installation(database, storage), tmp_path / "b.zip", tell=write_more)
        assert made.rows == 0
        assert (await backup(installation(database, storage), tmp_path / "c.zip")).rows == 1


async def test_a_sealed_backup_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as (database, storage):
        await migrate(database, schema())
        await storage.save("a", b"hello world, in the clear")
        await backup(installation(database, storage), tmp_path / "b", "right")
    whole = (tmp_path / "b").read_bytes()
    assert b"hello" not in whole
    assert b"manifest" not in whole
    assert inspect(tmp_path / "b", "right").product == "1.0"
    with pytest.raises(OperationFailed, match="give its passphrase"):
        inspect(tmp_path / "b")
    with pytest.raises(OperationFailed, match="passphrase is another one"):
        inspect(tmp_path / "b", "wrong")
    for damaged in (whole[:-1], whole[: len(whole) // 2], whole[:-40] + b"x" + whole[-39:], whole + b"more"):
        (tmp_path / "c").write_bytes(damaged)
        with pytest.raises(OperationFailed):
            inspect(tmp_path / "c", "right")


def test_a_sealed_file_is_read_from_anywhere(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000  # three chunks
    for size in (0, 1, sealed.CHUNK_BYTES, sealed.CHUNK_BYTES + 1, len(content)):
        with (tmp_path / "f").open("wb") as file, sealed.SealingWriter(file, "p") as writer:
            for start in range(0, size, 300_000):
                writer.write(content[start : min(size, start + 300_000)])
        with (tmp_path / "f").open("rb") as file:
            reader = io.BufferedReader(sealed.SealedReader(file, "p"))
            assert reader.read() == content[:size]
            reader.seek(max(0, size - 10))
            assert reader.read(100) == content[max(0, size - 10) : size]


async def test_a_damaged_backup_changes_nothing(archive: Path, tmp_path: Path) -> None:
    whole = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as file:
        info = file.getinfo("objects/upload_files/w/1.bin")
        place = whole.index(b"content", info.header_offset + 60)
    whole[place] ^= 1
    archive.write_bytes(whole)
    async with opened("sqlite", tmp_path / "b") as (database, storage):
        with pytest.raises(OperationFailed, match="damaged"):
            await restore(archive, target(database, storage))
        assert await objects_of(storage) == {}
    for wrong in (b"no zip", bytes(whole[: len(whole) // 2])):
        archive.write_bytes(wrong)
        with pytest.raises(OperationFailed, match="no backup"):
            inspect(archive)


async def test_a_target_with_rows_is_left_alone(archive: Path, tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "b") as (database, storage):
        await migrate(database, schema())
        async with database.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "here before"}])
        with pytest.raises(OperationFailed, match="not empty"):
            await restore(archive, target(database, storage))
        assert await objects_of(storage) == {}
        async with database.read() as session:
            assert await session.scalar(select(func.count()).select_from(Workspace)) == 1


async def test_another_master_key_is_told_before_anything(archive: Path, tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "b") as (database, storage):
        with pytest.raises(OperationFailed, match=r"master key abc, this installation's is other.*--any-key"):
            await restore(archive, target(database, storage, key_id="other"))
        await restore(archive, target(database, storage, key_id="other"), any_key=True)


def rewritten(archive: Path, **changes: object) -> Path:
    """The same backup with another manifest."""
    other = archive.with_name("other.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = msgspec.json.encode({**msgspec.json.decode(content), **changes})
            new.writestr(name, content)
    return other


async def test_a_backup_of_a_later_version_is_refused(archive: Path, tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "b") as (database, storage):
        with pytest.raises(OperationFailed, match=r"revision 9999\) are newer"):
            await restore(rewritten(archive, schema="9999"), target(database, storage))
        with pytest.raises(OperationFailed, match="has format 2"):
            await restore(rewritten(archive, format=2), target(database, storage))


async def tables_of(database: Database) -> MetaData:
    """The product's tables and columns that this database has: what an earlier version knew."""
    found = MetaData()
    async with database.reader.connect() as connection:
        there = await connection.run_sync(lambda sync: inspect_tables(sync).get_multi_columns())
    names = {table: {column["name"] for column in columns} for (_, table), columns in there.items()}
    for table in schema().sorted_tables:
        if table.name in names:
            Table(table.name, found, *(column._copy() for column in table.columns if column.name in names[table.name]))
    return found


async def test_a_backup_of_an_earlier_version_is_migrated(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as (database, storage):
        await migrate(database, schema(), target="0001")
        async with database.connection() as connection:
            await connection.execute(insert(Workspace), [{"id": new_id(), "name": "of old"}])
        old = Installation(
            database=database,
            metadata=await tables_of(database),
            storage=storage,
            product="0.9",
            key_id="abc",
        )
        await backup(old, tmp_path / "old.zip")
    assert inspect(tmp_path / "old.zip").schema == "0001"
    async with opened("sqlite", tmp_path / "b") as (database, storage):
        await restore(tmp_path / "old.zip", target(database, storage))
        async with database.read() as session:
            assert list(await session.scalars(select(Workspace.name))) == ["of old"]


async def test_what_killed_work_left_behind_is_removed(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path / "a") as (database, storage):
        await migrate(database, schema())
        dead, alive = (tmp_path / "a" / f".orrery-snapshot-{name}" for name in ("dead", "alive"))
        half, busy = (tmp_path / f".b.zip.{digit * 16}" for digit in "12")
        for folder in (dead, alive):
            folder.mkdir()
            (folder / "lock").touch()
        for file in (half, busy):
            file.touch()
        with (alive / "lock").open("rb") as one, busy.open("rb") as other:
            hold(one)
            hold(other)
            await backup(installation(database, storage), tmp_path / "b.zip")
        assert [path.exists() for path in (dead, alive, half, busy)] == [False, True, False, True]
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b.zip", busy.name}
