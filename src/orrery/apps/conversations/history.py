"""What a run may read of its conversation: the thread as model messages, and how long it is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.tables import Message as MessageRow
from orrery.apps.conversations.thread import thread_of
from orrery.database.engine import Database
from orrery.inference.types import Message

MOST_MESSAGES = 500


class Turn(msgspec.Struct, frozen=True):
    """A message as threading and memory need it."""

    id: str
    parent_message_id: str | None
    query: str
    answer: str


async def turns_of(session: AsyncSession, conversation_id: str, *, without: str | None = None) -> list[Turn]:
    """The newest messages of a conversation, newest first."""
    query = (
        select(MessageRow.id, MessageRow.parent_message_id, MessageRow.query, MessageRow.answer)
        .where(MessageRow.conversation_id == conversation_id)
        .order_by(MessageRow.created_at.desc(), MessageRow.id.desc())
        .limit(MOST_MESSAGES)
    )
    rows = await session.execute(query)
    return [Turn(row.id, row.parent_message_id, row.query, row.answer) for row in rows if row.id != without]


class ConversationHistory:
    """Implements the engine's `ConversationMemory` for one run. Reads when asked, not before."""

    def __init__(self, database: Database, conversation_id: str, message_id: str) -> None:
        self._database = database
        self._conversation_id = conversation_id
        self._message_id = message_id

    async def history(self, *, limit: int | None) -> Sequence[Message]:
        """Queries and answers of the thread, oldest first; ``limit`` counts turns."""
        async with self._database.read() as session:
            turns = thread_of(await turns_of(session, self._conversation_id, without=self._message_id))
        messages: list[Message] = []
        for turn in reversed(turns if limit is None else turns[:limit]):
            messages.append(Message("user", turn.query))
            if turn.answer:
                messages.append(Message("assistant", turn.answer))
        return messages
