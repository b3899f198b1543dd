"""The files room on a new database and folder, with two workspaces in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.app import new_database
from tests.support.clock import MovableClock

from orrery.apps.files.parts import FileNeeds, Files
from orrery.apps.files.remote import whole
from orrery.apps.files.tables import UploadFile
from orrery.apps.files.uploads import NewFile
from orrery.apps.runs.spec import RunSpec, RunUser
from orrery.database import Database
from orrery.egress import GuardedHttpClient, operator_policy, untrusted_policy
from orrery.settings.groups.upload import Upload
from orrery.storage.local import LocalStorage
from orrery.workspaces.members.tables import Workspace

SECRET = "a key for tests only"
ANN = RunUser("end_user", "00000000-0000-7000-8000-00000000000a", "ann")
BOB = RunUser("end_user", "00000000-0000-7000-8000-00000000000b", "bob")
EDITOR = RunUser("account", "00000000-0000-7000-8000-00000000000e", "e")


class Form(msgspec.Struct):
    """What of a version decides about files."""

    form: list[Mapping[str, object]] = []
    features: Mapping[str, object] = {}


class Room:
    """The room, two workspaces, and the clock of links."""

    def __init__(self, database: Database, files: Files, storage: LocalStorage, clock: MovableClock) -> None:
        self.database, self.files, self.storage, self.clock = database, files, storage, clock
        self.home, self.other = "", ""

    async def add(
        self, owner: RunUser = ANN, *, name: str = "notes.txt", content: bytes = b"hello", workspace: str | None = None
    ) -> UploadFile:
        new = NewFile(filename=name, mime_type=None)
        return await self.files.uploads.add(workspace or self.home, owner, new, whole(content))

    async def resolve(self, version: Form, inputs: dict[str, Any], files: list[Any], **more: Any) -> Any:
        owner = more.pop("owner", ANN)
        return await self.files.values.resolved(self.home, owner, version, inputs, files, **more)

    def run(self, user: RunUser = ANN, workspace: str | None = None) -> Any:
        return self.files.for_run(
            RunSpec(
                run_id="r", task_id="t", kind="workflow", workspace_id=workspace or self.home, app_id="a",
                app_mode="workflow", workflow_id="w", version="v", is_draft=False, invoke_from="service-api",
                user=user, inputs={}, created_at=0.0, watched=None,
            )
        )  # fmt: skip


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = MovableClock()
    storage = LocalStorage(tmp_path / "files")
    guarded = GuardedHttpClient(operator_policy(allow_private=True))
    async with new_database(tmp_path) as database, guarded:
        files = Files.build(
            FileNeeds(
                database=database,
                storage=storage,
                http=guarded,
                upload=Upload(document_mb=1, image_mb=0, refused_extensions=("exe", ".BAT")),
                secret_key=SECRET,
                base="https://files.test",
                storage_type="local",
                clock=clock.seconds,
            )
        )
        made = Room(database, files, storage, clock)
        async with database.write() as session:
            spaces = [Workspace(name="home"), Workspace(name="other")]
            session.add_all(spaces)
        made.home, made.other = (space.id for space in spaces)
        yield made


@pytest.fixture
async def untrusted() -> AsyncIterator[GuardedHttpClient]:
    async with GuardedHttpClient(untrusted_policy()) as client:
        yield client
