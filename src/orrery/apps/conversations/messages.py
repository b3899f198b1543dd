"""Messages of one user, with what is shown beside them: files, an agent's rounds, the user's own rating (workflow.md 5.5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.errors import FirstMessageNotFound, MessageNotFound
from orrery.apps.conversations.party import Party, conversations_of, messages_of
from orrery.apps.conversations.tables import Conversation, Message, MessageAgentThought, MessageFeedback, MessageFile
from orrery.apps.files.file_value import suffix_of_key
from orrery.apps.files.kinds import type_of
from orrery.apps.files.links import FileLinks
from orrery.apps.files.tables import ToolFile, UploadFile
from orrery.apps.runs.errors import ConversationNotFound
from orrery.database.engine import Database
from orrery.database.ids import is_id

_FILE_FIELDS = {"tool_file": "tool_file_id", "datasource_file": "datasource_file_id"}
"""How mappings name the file, by the way it came; uploads otherwise."""


class ShownFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message on the wire."""

    id: str
    filename: str
    type: str
    url: str | None
    mime_type: str | None
    size: int | None
    transfer_method: str
    belongs_to: str
    upload_file_id: str | None


class MessageView(msgspec.Struct, frozen=True):
    """A message with its files, the rating that its user gave it, and the rounds of the agent that answered."""

    row: Message
    files: Sequence[ShownFile]
    rating: str | None
    thoughts: Sequence[MessageAgentThought] = ()


class Messages:
    """Reads messages. Somebody else's reads as none."""

    def __init__(self, database: Database, links: FileLinks) -> None:
        self._database = database
        self._links = links

    async def get(self, party: Party, message_id: str) -> Message:
        """Raises `MessageNotFound`."""
        async with self._database.read() as session:
            return await find_message(session, party, message_id)

    async def page(
        self, party: Party, conversation_id: str, *, first_id: str | None, limit: int
    ) -> tuple[list[MessageView], bool]:
        """Messages before ``first_id`` (or the newest), oldest first, and whether there are older ones.

        Raises `ConversationNotFound`, `FirstMessageNotFound`.
        """
        async with self._database.read() as session:
            conversation = await _conversation(session, party, conversation_id)
            query = select(Message).where(Message.conversation_id == conversation.id)
            if first_id:
                first = await session.scalar(query.where(Message.id == first_id)) if is_id(first_id) else None
                if first is None:
                    raise FirstMessageNotFound
                older = (Message.created_at == first.created_at) & (Message.id < first.id)
                query = query.where(or_(Message.created_at < first.created_at, older))
            ordered = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
            rows = list(await session.scalars(ordered))
            views = await self.views(session, party, rows[:limit][::-1])
        return views, len(rows) > limit

    async def views(self, session: AsyncSession, party: Party, rows: Sequence[Message]) -> list[MessageView]:
        """The rows with what is shown beside them, in their order."""
        ids = [row.id for row in rows]
        files = await self._files(session, party.workspace_id, ids)
        ratings = await _ratings(session, party, ids)
        thoughts = await thoughts_of(session, ids)
        return [MessageView(row, files.get(row.id, ()), ratings.get(row.id), thoughts.get(row.id, ())) for row in rows]

    async def sent_files(self, party: Party, message_id: str) -> list[dict[str, object]]:
        """The files that the user sent with a message, as mappings for another run. Raises `MessageNotFound`."""
        async with self._database.read() as session:
            message = await find_message(session, party, message_id)
            rows = await session.scalars(
                select(MessageFile).where(MessageFile.message_id == message.id, MessageFile.belongs_to == "user")
            )
            return [
                {
                    "type": row.type,
                    "transfer_method": row.transfer_method,
                    "url": row.url,
                    _FILE_FIELDS.get(row.transfer_method, "upload_file_id"): row.upload_file_id,
                }
                for row in rows
            ]

    async def _files(
        self, session: AsyncSession, workspace_id: str, message_ids: Sequence[str]
    ) -> dict[str, list[ShownFile]]:
        if not message_ids:
            return {}
        rows = list(
            await session.scalars(
                select(MessageFile)
                .where(MessageFile.message_id.in_(message_ids))
                .order_by(MessageFile.created_at, MessageFile.id)
            )
        )
        named = {row.upload_file_id for row in rows if row.upload_file_id}
        uploads: dict[str, UploadFile] = {}
        tools: dict[str, ToolFile] = {}
        if named:
            kept = select(UploadFile).where(UploadFile.tenant_id == workspace_id, UploadFile.id.in_(named))
            made = select(ToolFile).where(ToolFile.tenant_id == workspace_id, ToolFile.id.in_(named))
            uploads = {row.id: row for row in await session.scalars(kept)}
            tools = {row.id: row for row in await session.scalars(made)}
        found: dict[str, list[ShownFile]] = {}
        for row in rows:
            shown = self._shown(row, uploads.get(row.upload_file_id or ""), tools.get(row.upload_file_id or ""))
            found.setdefault(row.message_id, []).append(shown)
        return found

    def _shown(self, row: MessageFile, upload: UploadFile | None, tool: ToolFile | None) -> ShownFile:
        name = unquote(PurePosixPath(urlsplit(row.url or "").path).name)
        url, mime_type, size = row.url or None, type_of(name), None
        if upload is not None:
            name, url, mime_type, size = upload.name, self._links.upload(upload.id), upload.mime_type, upload.size
        elif tool is not None:
            url = self._links.tool(tool.id, suffix_of_key(tool.file_key))
            name, mime_type, size = tool.name, tool.mimetype, tool.size
        return ShownFile(
            id=row.id,
            filename=name,
            type=row.type,
            url=url,
            mime_type=mime_type,
            size=size,
            transfer_method=row.transfer_method,
            belongs_to=row.belongs_to,
            upload_file_id=row.upload_file_id,
        )


async def find_message(session: AsyncSession, party: Party, message_id: str) -> Message:
    """Raises `MessageNotFound`."""
    row = None
    if is_id(message_id):
        row = await session.scalar(messages_of(party).where(Message.id == message_id.lower()))
    if row is None:
        raise MessageNotFound
    return row


async def thoughts_of(session: AsyncSession, message_ids: Sequence[str]) -> dict[str, list[MessageAgentThought]]:
    """The agent's rounds of each message, in their order; the messages are the caller's to check."""
    if not message_ids:
        return {}
    rows = await session.scalars(
        select(MessageAgentThought)
        .where(MessageAgentThought.message_id.in_(message_ids))
        .order_by(MessageAgentThought.position, MessageAgentThought.id)
    )
    found: dict[str, list[MessageAgentThought]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found


async def _conversation(session: AsyncSession, party: Party, conversation_id: str) -> Conversation:
    row = None
    if is_id(conversation_id):
        row = await session.scalar(conversations_of(party).where(Conversation.id == conversation_id.lower()))
    if row is None:
        raise ConversationNotFound
    return row


async def _ratings(session: AsyncSession, party: Party, message_ids: Sequence[str]) -> dict[str, str]:
    if not message_ids:
        return {}
    owner = MessageFeedback.from_end_user_id if party.role == "end_user" else MessageFeedback.from_account_id
    rows = await session.execute(
        select(MessageFeedback.message_id, MessageFeedback.rating).where(
            MessageFeedback.message_id.in_(message_ids), owner == party.user_id
        )
    )
    return {row.message_id: row.rating for row in rows}
