"""Files without names, and files on their way to another storage."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url

from orrery.apps.files.tables import ToolFile, UploadFile
from orrery.database import Database, new_id
from orrery.operations.errors import OperationFailed
from orrery.operations.files.copying import Plan, copy_objects, mark_storage
from orrery.operations.files.orphans import delete_objects, delete_rows, objects_without_row, rows_without_reference
from orrery.operations.files.references import known_files, references
from orrery.schema import schema
from orrery.storage.local import LocalStorage
from orrery.workspaces.members.tables import Workspace

NOW = time.time()
LONG_AGO = datetime.now(UTC) - timedelta(days=3)


class House:
    """A database with three files: one named inside a document, one by nobody, one by nobody yet."""

    def __init__(self, database: Database, storage: LocalStorage) -> None:
        self.database, self.storage = database, storage
        self.workspace = new_id()
        self.named, self.left, self.young = (new_id() for _ in range(3))

    async def fill(self) -> None:
        upload = {"tenant_id": self.workspace, "storage_type": "local", "name": "n", "size": 1, "extension": "txt"}
        upload |= {"created_by_role": "account", "created_by": new_id(), "source_url": "", "used": False}
        tool = {"tenant_id": self.workspace, "user_id": new_id(), "mimetype": "t", "name": "made", "size": 1}
        config = {"replace_webapp_logo": f"see <{self.named}> there"}
        async with self.database.connection() as connection:
            await connection.execute(
                insert(Workspace), [{"id": self.workspace, "name": "ours", "custom_config": config}]
            )
            rows = [
                {**upload, "id": self.named, "key": f"upload_files/{self.named}", "created_at": LONG_AGO},
                {**upload, "id": self.young, "key": f"upload_files/{self.young}", "created_at": datetime.now(UTC)},
            ]
            await connection.execute(insert(UploadFile), rows)
            left = {**tool, "id": self.left, "file_key": f"tools/{self.left}", "created_at": LONG_AGO}
            await connection.execute(insert(ToolFile), [left])
        for key in (f"upload_files/{self.named}", f"tools/{self.left}", "tools/nobody's", "privkeys/kept"):
            await self.storage.save(key, b"x")


@pytest.fixture(params=BACKENDS[:2])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(await migrated_url(request.param, tmp_path))
    made = House(database, LocalStorage(tmp_path / "files"))
    await made.fill()
    yield made
    await database.close()


async def test_only_old_files_that_nobody_names_are_orphans(house: House) -> None:
    metadata = schema()
    orphans = await rows_without_reference(house.database, metadata, before=NOW - 3600)
    assert [file.id for file in orphans] == [house.left]
    await delete_rows(house.database, metadata, orphans)
    async with house.database.read() as session:
        assert set(await session.scalars(select(UploadFile.id))) == {house.named, house.young}
        assert list(await session.scalars(select(ToolFile.id))) == []
    found = await objects_without_row(house.database, metadata, house.storage, before=NOW + 3600)
    assert {entry.key for entry in found.found} == {f"tools/{house.left}", "tools/nobody's"}
    await delete_objects(house.storage, found.found)
    assert {entry.key async for entry in house.storage.scan()} == {f"upload_files/{house.named}", "privkeys/kept"}
    assert (await objects_without_row(house.database, metadata, house.storage, before=NOW)).found == []


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
class TestOnOneEngine:
    async def test_a_reference_says_where(self, house: House) -> None:
        async with house.database.reader.connect() as connection:
            files = await known_files(connection, schema())
            found = [reference async for reference in references(connection, schema(), files)]
        assert [(one.source, one.file_id) for one in found] == [("tenants.custom_config", house.named)]

    async def test_young_objects_are_left_alone(self, house: House) -> None:
        found = await objects_without_row(house.database, schema(), house.storage, before=NOW - 3600)
        assert found.found == []

    async def test_copying_goes_on_where_it_was(self, house: House, tmp_path: Path) -> None:
        target = LocalStorage(tmp_path / "target")
        planned = await copy_objects(house.storage, target, Plan(dry=True))
        assert (planned.objects, planned.skipped) == (4, 0)
        assert [entry async for entry in target.scan()] == []
        assert (await copy_objects(house.storage, target, Plan(prefixes=["tools"]))).objects == 2
        rest = await copy_objects(house.storage, target, Plan())
        assert (rest.objects, rest.skipped) == (2, 2)
        assert await target.load("privkeys/kept") == b"x"
        assert (await copy_objects(house.storage, target, Plan(overwrite=True))).objects == 4
        assert await mark_storage(house.database, schema(), "s3", ("local", "opendal")) == 2
        assert await mark_storage(house.database, schema(), "s3", ("local", "opendal")) == 0

    async def test_an_object_that_comes_back_changed_is_told(self, house: House, tmp_path: Path) -> None:
        class Forgetful(LocalStorage):
            async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
                yield b"other"

        with pytest.raises(OperationFailed, match="came back changed"):
            await copy_objects(house.storage, Forgetful(tmp_path / "target"), Plan())
