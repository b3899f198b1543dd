"""Keeping files that nobody uploaded: what nodes and tools made, and what requests to webhooks brought."""

from __future__ import annotations

import msgspec

from orrery.apps.files.errors import FilenameMissing, InvalidFilename
from orrery.apps.files.file_value import tool_value
from orrery.apps.files.kinds import UNKNOWN_TYPE, suffix_for
from orrery.apps.files.links import FileLinks
from orrery.apps.files.names import checked_name, tool_key
from orrery.apps.files.tables import ToolFile
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.storage.protocol import ObjectStorage


class ToolFileOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose file it is."""

    workspace_id: str
    user_id: str
    conversation_id: str | None = None


class FileKeeper:
    """Stores contents with their rows."""

    __slots__ = ("_database", "_links", "_storage")

    def __init__(self, database: Database, storage: ObjectStorage, links: FileLinks) -> None:
        self._database = database
        self._storage = storage
        self._links = links

    async def keep(self, owner: ToolFileOwner, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        """The kept file's value. A name that can't be one is replaced. Raises what the storage raises."""
        file_id = new_id()
        name = _name(file_id, filename, mime_type)
        row = ToolFile(
            id=file_id,
            tenant_id=owner.workspace_id,
            user_id=owner.user_id,
            conversation_id=owner.conversation_id,
            file_key=tool_key(owner.workspace_id, file_id, name),
            mimetype=mime_type.partition(";")[0].strip()[:255] or UNKNOWN_TYPE,
            name=name,
            size=len(content),
        )
        await self._storage.save(row.file_key, content)
        try:
            async with self._database.write() as session:
                session.add(row)
        except BaseException:
            await self._storage.delete(row.file_key)  # a content that no row names would stay for ever
            raise
        return tool_value(row, self._links)


def _name(file_id: str, filename: str, mime_type: str) -> str:
    try:
        return checked_name(filename)
    except (InvalidFilename, FilenameMissing):
        return file_id + suffix_for(mime_type)
