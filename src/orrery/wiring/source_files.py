"""Uploaded files as knowledge bases see them: their protocol over the rows and contents of `apps.files`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.tables import MessageFile
from orrery.apps.files import store
from orrery.apps.files.errors import FileNotFound
from orrery.apps.files.kinds import UNKNOWN_TYPE, type_of
from orrery.apps.files.tables import UploadFile
from orrery.database.engine import Database
from orrery.knowledge.documents.sources import SourceFile
from orrery.storage.protocol import ObjectStorage


class UploadedSources:
    """Implements `SourceFiles`."""

    def __init__(self, database: Database, storage: ObjectStorage) -> None:
        self._database = database
        self._storage = storage

    async def find(self, session: AsyncSession, workspace_id: str, file_id: str) -> SourceFile:
        """Raises `FileNotFound`."""
        return _source(await self._row(session, workspace_id, file_id))

    async def load(self, workspace_id: str, file_id: str) -> tuple[SourceFile, bytes]:
        """Raises `FileNotFound`, `ObjectNotFound`, `StorageUnavailable`."""
        async with self._database.read() as session:
            row = await self._row(session, workspace_id, file_id)
        return _source(row), await self._storage.load(row.key)

    async def rename(self, session: AsyncSession, workspace_id: str, file_id: str, name: str) -> None:
        """A missing one is fine."""
        mine = (UploadFile.tenant_id == workspace_id, UploadFile.id == file_id)
        await session.execute(update(UploadFile).where(*mine).values(name=name))

    async def remove(self, workspace_id: str, file_ids: Sequence[str]) -> None:
        """Files that stand in messages stay. Contents go first: broken off, it can be done again."""
        async with self._database.read() as session:
            rows = await store.uploads_by_id(session, workspace_id, file_ids)
            query = select(MessageFile.upload_file_id).where(MessageFile.upload_file_id.in_(file_ids))
            shown = set(await session.scalars(query))
        gone = [row for row in rows.values() if row.id not in shown]
        for row in gone:
            await self._storage.delete(row.key)
        async with self._database.write() as session:
            mine = (UploadFile.tenant_id == workspace_id, UploadFile.id.in_([row.id for row in gone]))
            await session.execute(delete(UploadFile).where(*mine))

    async def _row(self, session: AsyncSession, workspace_id: str, file_id: str) -> UploadFile:
        found = await store.uploads_by_id(session, workspace_id, [file_id])
        if file_id not in found:
            raise FileNotFound
        return found[file_id]


def _source(row: UploadFile) -> SourceFile:
    return SourceFile(
        id=row.id,
        name=row.name,
        extension=row.extension,
        mime_type=row.mime_type or type_of(row.name) or UNKNOWN_TYPE,
        size=row.size,
    )
