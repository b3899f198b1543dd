"""Taking files in: every check of the contract before anything is kept (workflow.md 5.6)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from orrery.apps.files import store
from orrery.apps.files.errors import ExtensionBlocked, FileNotFound, FileTooLarge, UnsupportedFileType
from orrery.apps.files.kinds import KNOWLEDGE_DOCUMENTS, SizeLimits, extension_of, type_of
from orrery.apps.files.names import LONGEST_STEM, checked_name, upload_key
from orrery.apps.files.protocol import FileOwner
from orrery.apps.files.tables import UploadFile
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.database.orm import utc_now
from orrery.settings.groups.upload import Upload
from orrery.storage.protocol import ObjectStorage

_TITLED = "txt"


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it arrives: its name as sent, the media type that the sender gave, and the address it came from.

    ``titled``: a text without a file, whose name is a title and may hold any character.
    """

    filename: str | None
    mime_type: str | None
    for_knowledge: bool = False
    titled: bool = False
    source_url: str = ""


class Uploads:
    """Keeps uploaded files. ``storage_type`` is what the storage calls itself in rows."""

    def __init__(self, database: Database, storage: ObjectStorage, settings: Upload, *, storage_type: str) -> None:
        self._database = database
        self._storage = storage
        self._limits = SizeLimits(settings)
        self._refused = frozenset(word.strip().lower().lstrip(".") for word in settings.refused_extensions) - {""}
        self._storage_type = storage_type

    @property
    def largest(self) -> int:
        """Bytes that no file of any kind may exceed."""
        return self._limits.largest

    def check(self, new: NewFile) -> tuple[str, int]:
        """The name under which the file is kept and the bytes it may have.

        Raises `FilenameMissing`, `InvalidFilename`, `ExtensionBlocked`, `UnsupportedFileType`.
        """
        if new.titled:
            return (new.filename or "")[:LONGEST_STEM], self._limits.for_extension(_TITLED)
        name = checked_name(new.filename)
        extension = extension_of(name)
        if extension in self._refused:
            raise ExtensionBlocked(extension)
        if new.for_knowledge and extension not in KNOWLEDGE_DOCUMENTS:
            raise UnsupportedFileType
        return name, self._limits.for_extension(extension)

    async def add(
        self,
        workspace_id: str,
        owner: FileOwner,
        new: NewFile,
        content: AsyncIterator[bytes],
        *,
        now: datetime | None = None,
    ) -> UploadFile:
        """Keeps the file. Raises what `check` raises, `FileTooLarge`, and `StorageUnavailable`."""
        name, limit = self.check(new)
        extension = _TITLED if new.titled else extension_of(name)
        file_id = new_id()
        key = upload_key(workspace_id, file_id, f"{_TITLED}.{_TITLED}" if new.titled else name)
        digest = hashlib.sha3_256()
        size = await self._storage.save(key, _measured(content, digest, limit))
        row = UploadFile(
            id=file_id,
            tenant_id=workspace_id,
            storage_type=self._storage_type,
            key=key,
            name=name,
            size=size,
            extension=extension,
            mime_type=_media_type(new.mime_type) or type_of(name),
            created_by_role=owner.role,
            created_by=owner.id,
            hash=digest.hexdigest(),
            source_url=new.source_url,
            created_at=now or utc_now(),
        )
        try:
            async with self._database.write() as session:
                session.add(row)
        except BaseException:
            await self._storage.delete(key)  # a content that no row names would stay for ever
            raise
        return row

    async def known(self, workspace_id: str, file_ids: Sequence[str]) -> dict[str, UploadFile]:
        """Those of the files that the workspace has, by id."""
        async with self._database.read() as session:
            return dict(await store.uploads_by_id(session, workspace_id, file_ids))

    async def find(self, workspace_id: str, file_id: str, owner: FileOwner | None = None) -> UploadFile:
        """A file of the workspace, for an end user only his own. Raises `FileNotFound`."""
        async with self._database.read() as session:
            found = await store.uploads_by_id(session, workspace_id, [file_id], owner)
        if file_id not in found:
            raise FileNotFound
        return found[file_id]


async def _measured(content: AsyncIterator[bytes], digest: hashlib._Hash, limit: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in content:
        size += len(chunk)
        if size > limit:
            raise FileTooLarge
        digest.update(chunk)
        yield chunk


def _media_type(text: str | None) -> str | None:
    """The media type without parameters, if it is one that fits its column and a header."""
    kind = (text or "").partition(";")[0].strip().lower()
    return kind if kind.isascii() and kind.isprintable() and kind.count("/") == 1 and len(kind) < 255 else None
