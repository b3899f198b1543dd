"""Finding the content behind a link that was checked, or behind an id that its caller may read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from orrery.apps.files import store
from orrery.apps.files.errors import FileAccessDenied, FileNotFound
from orrery.apps.files.kinds import UNKNOWN_TYPE, kind_of, type_of
from orrery.apps.files.tables import UploadFile
from orrery.database.engine import Database
from orrery.storage.protocol import ObjectStorage


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that may be served. ``size`` is in bytes, ``mime_type`` what its sender called it."""

    key: str
    name: str
    mime_type: str
    size: int


class Downloads:
    """Opens files for reading."""

    def __init__(self, database: Database, storage: ObjectStorage) -> None:
        self._database = database
        self._storage = storage

    async def upload(self, file_id: str) -> StoredFile:
        """An uploaded file whose link was checked. Raises `FileNotFound`."""
        async with self._database.read() as session:
            row = await store.signed_upload(session, file_id)
        if row is None:
            raise FileNotFound
        return stored(row)

    async def picture(self, file_id: str) -> StoredFile:
        """An uploaded picture whose link was checked. Raises `FileNotFound`, also for files of other kinds."""
        async with self._database.read() as session:
            row = await store.signed_upload(session, file_id)
        if row is None or kind_of(row.extension, row.mime_type or "") != "image":
            raise FileNotFound
        return stored(row)

    async def tool_file(self, file_id: str) -> StoredFile:
        """A file that a run made, whose link was checked. Raises `FileNotFound`."""
        async with self._database.read() as session:
            row = await store.signed_tool_file(session, file_id)
        if row is None:
            raise FileNotFound
        return StoredFile(key=row.file_key, name=row.name, mime_type=row.mimetype, size=row.size)

    async def of_message(self, workspace_id: str, app_id: str, user_id: str | None, file_id: str) -> StoredFile:
        """A file of a message of this app, and of this end user if given. Raises `FileNotFound`, `FileAccessDenied`."""
        async with self._database.read() as session:
            apps = await store.apps_of_file(session, file_id, user_id)
            found = await store.uploads_by_id(session, workspace_id, [file_id])
        row = found.get(file_id)
        if row is None or not apps:
            raise FileNotFound
        if app_id not in apps:
            raise FileAccessDenied
        return stored(row)

    def content(self, file: StoredFile, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes, or a stretch of them."""
        return self._storage.load_stream(file.key, start=start, length=length)

    async def load(self, file: StoredFile) -> bytes:
        """The whole content. Raises `ObjectNotFound`."""
        return await self._storage.load(file.key)


def stored(row: UploadFile) -> StoredFile:
    """An uploaded file's row as what is served."""
    mime_type = row.mime_type or type_of(row.name)
    return StoredFile(key=row.key, name=row.name, mime_type=mime_type or UNKNOWN_TYPE, size=row.size)
