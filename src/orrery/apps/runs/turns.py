"""Preparing a turn: the conversation that a message goes into, and its variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.history import turns_of
from orrery.apps.conversations.tables import Conversation, ConversationVariable
from orrery.apps.conversations.thread import thread_of
from orrery.apps.runs.errors import ConversationCompleted, ConversationNotFound
from orrery.apps.runs.spec import RunUser, Turn
from orrery.apps.workflows.variables import Variable
from orrery.database.engine import Database
from orrery.database.ids import NIL_ID, is_id, new_id


class TurnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller says of a turn."""

    query: str
    conversation_id: str | None = None
    parent_message_id: str | None = NIL_ID
    auto_generate_name: bool = True


class PreparedTurn(msgspec.Struct, frozen=True):
    """Where the message goes. ``values`` are the conversation's variables, ``missing`` those it does not hold yet."""

    conversation_id: str
    is_new: bool
    dialogue_count: int
    values: Sequence[Variable]
    missing: Sequence[Variable]


async def prepare_turn(
    database: Database,
    app_id: str,
    user: RunUser,
    invoke_from: str,
    request: TurnRequest,
    declared: Sequence[Variable],
) -> PreparedTurn:
    """Raises `ConversationNotFound` for one of somebody else, `ConversationCompleted`."""
    if not request.conversation_id:
        return PreparedTurn(new_id(), True, 1, declared, declared)
    async with database.read() as session:
        conversation = await find_conversation(session, app_id, user, request.conversation_id, invoke_from)
        if conversation is None:
            raise ConversationNotFound
        if conversation.status != "normal":
            raise ConversationCompleted
        turns = await turns_of(session, conversation.id)
        held = await stored_variables(session, conversation.id) if declared else {}
    values = [held.get(str(item["id"]), item) for item in declared]
    missing = [item for item in declared if str(item["id"]) not in held]
    return PreparedTurn(conversation.id, False, len(thread_of(turns)) + 1, values, missing)


async def find_conversation(
    session: AsyncSession, app_id: str, user: RunUser, conversation_id: str, invoke_from: str
) -> Conversation | None:
    """A conversation of this user, begun through the same face; somebody else's reads as none."""
    if not is_id(conversation_id):
        return None
    owner = Conversation.from_end_user_id if user.role == "end_user" else Conversation.from_account_id
    return await session.scalar(
        select(Conversation).where(
            Conversation.id == conversation_id.lower(),
            Conversation.app_id == app_id,
            Conversation.is_deleted.is_(False),
            Conversation.invoke_from == invoke_from,
            owner == user.id,
        )
    )


async def stored_variables(session: AsyncSession, conversation_id: str) -> dict[str, Variable]:
    """The conversation's variables by their id."""
    rows = await session.scalars(
        select(ConversationVariable).where(ConversationVariable.conversation_id == conversation_id)
    )
    return {row.id: cast("Variable", row.data) for row in rows}


def initial_name(query: str) -> str:
    """A new conversation's name until it gets a better one."""
    text = " ".join(query.split())
    if not text:
        return "New conversation"
    return text[:20] + "…" if len(text) > 20 else text


def turn_of_nobody(created_at: float, query: str = "") -> Turn:
    """What a part of a chatflow that is tried out alone sees as its turn; no message is kept of it."""
    return Turn(
        message_id=new_id(),
        conversation_id=new_id(),
        query=query,
        dialogue_count=1,
        parent_message_id=None,
        created_at=int(created_at),
    )
