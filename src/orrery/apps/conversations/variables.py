"""Values of conversation variables, read and set from outside a run (workflow.md 5.7)."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.errors import LastVariableNotFound, VariableMismatch, VariableNotFound
from orrery.apps.conversations.party import Party, conversations_of
from orrery.apps.conversations.tables import Conversation, ConversationVariable
from orrery.apps.runs.errors import ConversationNotFound
from orrery.database.engine import Database
from orrery.database.ids import is_id
from orrery.database.orm import utc_now
from orrery.workflow.segments import fits, infer_type, is_file, shown_type

JsonObject = dict[str, object]


class ConversationVariables:
    """Lists and sets the variables of one conversation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, party: Party, conversation_id: str, *, last_id: str | None, limit: int, name: str | None
    ) -> tuple[list[ConversationVariable], bool]:
        """Variables after ``last_id`` in the order of their making, and whether there are more.

        Raises `ConversationNotFound`, `LastVariableNotFound`.
        """
        async with self._database.read() as session:
            query = await _variables(session, party, conversation_id)
            if last_id:
                known = query.where(ConversationVariable.id == last_id)
                last = await session.scalar(known) if is_id(last_id) else None
                if last is None:
                    raise LastVariableNotFound
                same = (ConversationVariable.created_at == last.created_at) & (ConversationVariable.id > last.id)
                query = query.where(or_(ConversationVariable.created_at > last.created_at, same))
            # Names are inside the JSON text; a conversation has few variables, so they are told apart here.
            rows = list(await session.scalars(query.order_by(ConversationVariable.created_at, ConversationVariable.id)))
        if name:
            rows = [row for row in rows if item_of(row).get("name") == name]
        return rows[:limit], len(rows) > limit

    async def set(self, party: Party, conversation_id: str, variable_id: str, value: object) -> ConversationVariable:
        """Raises `ConversationNotFound`, `VariableNotFound`, `VariableMismatch`."""
        async with self._database.write() as session:
            query = await _variables(session, party, conversation_id)
            known = query.where(ConversationVariable.id == variable_id)
            row = await session.scalar(known) if is_id(variable_id) else None
            if row is None:
                raise VariableNotFound
            item = item_of(row)
            declared = str(item.get("value_type") or "")
            # A file can't be set from outside: nothing would say whose it is.
            if not fits(declared, value) or _holds_files(value):
                raise VariableMismatch(str(item.get("name")), declared, shown_type(infer_type(value)))
            row.data, row.updated_at = {**item, "value": value}, utc_now()
        return row


def item_of(row: ConversationVariable) -> JsonObject:
    """The variable as declared, with its value: ``{id, name, value_type, value, description}``."""
    return cast("JsonObject", row.data)


async def _variables(session: AsyncSession, party: Party, conversation_id: str) -> Select[ConversationVariable]:
    conversation = None
    if is_id(conversation_id):
        conversation = await session.scalar(conversations_of(party).where(Conversation.id == conversation_id.lower()))
    if conversation is None:
        raise ConversationNotFound
    return select(ConversationVariable).where(
        ConversationVariable.conversation_id == conversation.id, ConversationVariable.app_id == party.app_id
    )


def _holds_files(value: object) -> bool:
    if is_file(value):
        return True
    if isinstance(value, dict):
        return any(_holds_files(item) for item in cast("JsonObject", value).values())
    return isinstance(value, list) and any(_holds_files(item) for item in cast("list[object]", value))
