"""Messages of an app as its log shows them, with files and ratings; and the console's own rating."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.messages import thoughts_of
from orrery.apps.conversations.tables import Conversation, Message, MessageAgentThought, MessageFeedback, MessageFile
from orrery.apps.files.tables import ToolFile, UploadFile
from orrery.apps.statistics.conversation_log import ConversationMissing
from orrery.database.engine import Database
from orrery.errors import InvalidParam, NotFound


class MessageMissing(NotFound):
    """No such message of this app."""

    default_message = "Message Not Exists."


class LoggedFile(msgspec.Struct, frozen=True):
    """A message's file, with the stored file behind it where there is one."""

    row: MessageFile
    stored: UploadFile | ToolFile | None


class LoggedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message with what its detail shows."""

    row: Message
    feedback: Sequence[MessageFeedback]
    files: Sequence[LoggedFile]
    thoughts: Sequence[MessageAgentThought] = ()


class MessageLog:
    """Queries on the messages of one app, the debugger's included: its pages show them too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, app_id: str, conversation_id: str, *, first_id: str | None, limit: int
    ) -> tuple[list[LoggedMessage], bool]:
        """The newest messages before ``first_id``, oldest first, and whether there are older ones.

        Raises `ConversationMissing`, `MessageMissing`.
        """
        query = select(Message).where(Message.app_id == app_id, Message.conversation_id == conversation_id)
        async with self._database.read() as session:
            conversation = await session.scalar(
                select(Conversation.id).where(
                    Conversation.app_id == app_id,
                    Conversation.id == conversation_id,
                    Conversation.is_deleted.is_(False),
                )
            )
            if conversation is None:
                raise ConversationMissing
            if first_id:
                first = await session.scalar(query.where(Message.id == first_id))
                if first is None:
                    raise MessageMissing("First message not found")
                query = query.where(
                    or_(
                        Message.created_at < first.created_at,
                        (Message.created_at == first.created_at) & (Message.id < first.id),
                    )
                )
            newest = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(limit + 1)
            rows = list(await session.scalars(newest))
            return await _with_parts(session, rows[:limit][::-1]), len(rows) > limit

    async def find(self, app_id: str, message_id: str) -> LoggedMessage:
        """Raises `MessageMissing`."""
        async with self._database.read() as session:
            row = await session.scalar(select(Message).where(Message.app_id == app_id, Message.id == message_id))
            if row is None:
                raise MessageMissing
            (found,) = await _with_parts(session, [row])
        return found

    async def first_of(self, app_id: str, conversation_ids: Sequence[str]) -> dict[str, LoggedMessage]:
        """The first message of each conversation."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(Message)
                .where(Message.app_id == app_id, Message.conversation_id.in_(conversation_ids))
                .order_by(Message.created_at.desc(), Message.id.desc())
            )
            first = {row.conversation_id: row for row in rows}
            return {found.row.conversation_id: found for found in await _with_parts(session, list(first.values()))}

    async def rate(
        self, app_id: str, message_id: str, *, account_id: str, rating: str | None, content: str | None
    ) -> None:
        """Sets, changes or takes back the operators' rating. Raises `MessageMissing`, `InvalidParam`."""
        async with self._database.write() as session:
            message = await session.scalar(select(Message).where(Message.app_id == app_id, Message.id == message_id))
            if message is None:
                raise MessageMissing
            found = await session.scalar(
                select(MessageFeedback).where(
                    MessageFeedback.message_id == message_id, MessageFeedback.from_source == "admin"
                )
            )
            if rating is None:
                if found is None:
                    raise InvalidParam("rating cannot be None when feedback not exists", params="rating")
                await session.delete(found)
            elif found is not None:
                found.rating, found.content, found.from_account_id = rating, content, account_id
            else:
                session.add(
                    MessageFeedback(
                        app_id=app_id,
                        conversation_id=message.conversation_id,
                        message_id=message_id,
                        rating=rating,
                        content=content,
                        from_source="admin",
                        from_account_id=account_id,
                    )
                )


async def _with_parts(session: AsyncSession, rows: Sequence[Message]) -> list[LoggedMessage]:
    ids = [row.id for row in rows]
    feedback: dict[str, list[MessageFeedback]] = {}
    for item in await session.scalars(
        select(MessageFeedback).where(MessageFeedback.message_id.in_(ids)).order_by(MessageFeedback.created_at)
    ):
        feedback.setdefault(item.message_id, []).append(item)
    files = await _files(session, ids)
    thoughts = await thoughts_of(session, ids)
    return [
        LoggedMessage(
            row=row,
            feedback=feedback.get(row.id, ()),
            files=files.get(row.id, ()),
            thoughts=thoughts.get(row.id, ()),
        )
        for row in rows
    ]


async def _files(session: AsyncSession, message_ids: Sequence[str]) -> dict[str, list[LoggedFile]]:
    rows = list(
        await session.scalars(
            select(MessageFile)
            .where(MessageFile.message_id.in_(message_ids))
            .order_by(MessageFile.created_at, MessageFile.id)
        )
    )
    if not rows:
        return {}
    ids = [row.upload_file_id for row in rows if row.upload_file_id]
    stored: dict[str, UploadFile | ToolFile] = {}
    for kind in (UploadFile, ToolFile):
        stored |= {item.id: item for item in await session.scalars(select(kind).where(kind.id.in_(ids)))}
    found: dict[str, list[LoggedFile]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(LoggedFile(row, stored.get(row.upload_file_id or "")))
    return found
