"""SQL of files. Every query starts from one workspace, except those behind a checked signature."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.tables import Message, MessageFile
from orrery.apps.files.protocol import FileOwner
from orrery.apps.files.tables import ToolFile, UploadFile


def uploads_of(workspace_id: str) -> Select[UploadFile]:
    """The statement that queries of uploaded files start from."""
    return select(UploadFile).where(UploadFile.tenant_id == workspace_id)


async def uploads_by_id(
    session: AsyncSession, workspace_id: str, file_ids: Collection[str], owner: FileOwner | None = None
) -> dict[str, UploadFile]:
    """Files by id; for an end user as ``owner`` only his own ones."""
    if not file_ids:
        return {}
    query = uploads_of(workspace_id).where(UploadFile.id.in_(file_ids))
    if owner is not None and owner.role == "end_user":
        query = query.where(UploadFile.created_by_role == "end_user", UploadFile.created_by == owner.id)
    return {row.id: row for row in await session.scalars(query)}


async def tool_files_by_id(
    session: AsyncSession, workspace_id: str, file_ids: Collection[str], owner: FileOwner | None = None
) -> dict[str, ToolFile]:
    """Files that runs made, by id; for an end user as ``owner`` only those of his own runs."""
    if not file_ids:
        return {}
    query = select(ToolFile).where(ToolFile.tenant_id == workspace_id, ToolFile.id.in_(file_ids))
    if owner is not None and owner.role == "end_user":
        query = query.where(ToolFile.user_id == owner.id)
    return {row.id: row for row in await session.scalars(query)}


async def signed_upload(session: AsyncSession, file_id: str) -> UploadFile | None:
    """A file whose link was checked."""
    return await session.get(UploadFile, file_id)


async def signed_tool_file(session: AsyncSession, file_id: str) -> ToolFile | None:
    """A file whose link was checked."""
    return await session.get(ToolFile, file_id)


async def apps_of_file(session: AsyncSession, file_id: str, user_id: str | None) -> Sequence[str]:
    """The apps in whose messages the file stands; with ``user_id`` only messages of this end user count."""
    query = select(Message.app_id).join(MessageFile, MessageFile.message_id == Message.id)
    query = query.where(MessageFile.upload_file_id == file_id)
    if user_id is not None:
        query = query.where(Message.from_end_user_id == user_id)
    return list(await session.scalars(query.distinct()))
