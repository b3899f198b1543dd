"""Values as rows hold them: small ones whole, large ones cut, with the whole of it in a file."""

from __future__ import annotations

from collections.abc import Sequence, Sized

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.files import store
from orrery.apps.files.tables import UploadFile
from orrery.apps.inspector.tables import DraftVariable
from orrery.apps.runs.truncation import DisplayLimits, truncated
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.storage.protocol import ObjectStorage
from orrery.workflow.segments import files_in

_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode
FOLDER = "draft_values"


class StoredValue(msgspec.Struct, frozen=True, kw_only=True):
    """``text`` is JSON; ``file`` is set when the text is cut, and is not yet in the database."""

    text: str
    size_bytes: int
    length: int | None
    file: UploadFile | None = None


class LargeValues:
    """Puts values into storage and gets them back. ``storage_type`` is what the storage calls itself in rows."""

    def __init__(self, database: Database, storage: ObjectStorage, limits: DisplayLimits, *, storage_type: str) -> None:
        self._database = database
        self._storage = storage
        self._limits = limits
        self._storage_type = storage_type

    async def put(self, workspace_id: str, user_id: str, name: str, value: object) -> StoredValue:
        """The value, ready for its row. Raises `StorageUnavailable`."""
        whole = _encode(value)
        length = len(value) if isinstance(value, Sized) else None
        cut, touched = (value, False) if files_in(value) else truncated(value, self._limits)
        if not touched:
            return StoredValue(text=whole.decode(), size_bytes=len(whole), length=length)
        content = value.encode("utf-8") if isinstance(value, str) else whole
        file = self._file(workspace_id, user_id, name, is_text=isinstance(value, str), size=len(content))
        await self._storage.save(file.key, content)
        return StoredValue(text=_encode(cut).decode(), size_bytes=len(content), length=length, file=file)

    async def load(self, row: DraftVariable) -> object:
        """The whole value. Raises `ObjectNotFound`, `StorageUnavailable`."""
        if row.file_id is None:
            return msgspec.json.decode(row.value)
        async with self._database.read() as session:
            file = (await store.uploads_by_id(session, row.tenant_id, [row.file_id])).get(row.file_id)
        if file is None:
            return msgspec.json.decode(row.value)
        content = await self._storage.load(file.key)
        return content.decode("utf-8") if file.extension == "txt" else msgspec.json.decode(content)

    async def forget(self, keys: Sequence[str]) -> None:
        """Removes contents whose rows are gone."""
        for key in keys:
            await self._storage.delete(key)

    def _file(self, workspace_id: str, user_id: str, name: str, *, is_text: bool, size: int) -> UploadFile:
        file_id, extension = new_id(), "txt" if is_text else "json"
        plain = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)[:100]
        return UploadFile(
            id=file_id,
            tenant_id=workspace_id,
            storage_type=self._storage_type,
            key=f"{FOLDER}/{workspace_id}/{file_id}.{extension}",
            name=f"{plain or 'value'}.{extension}",
            size=size,
            extension=extension,
            mime_type="text/plain" if is_text else "application/json",
            created_by_role="account",
            created_by=user_id,
        )


async def drop_files(session: AsyncSession, workspace_id: str, file_ids: Sequence[str]) -> list[str]:
    """Takes away the files' rows; the keys of their contents, to be removed once this is committed."""
    found = await store.uploads_by_id(session, workspace_id, file_ids)
    for row in found.values():
        await session.delete(row)
    return [row.key for row in found.values()]
