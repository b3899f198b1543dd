"""Answers of completion apps that their users kept (workflow.md 6.2)."""

from __future__ import annotations

from sqlalchemy import delete, or_, select

from orrery.apps.conversations.errors import MessageNotFound
from orrery.apps.conversations.messages import Messages, MessageView, find_message
from orrery.apps.conversations.party import Party, messages_of
from orrery.apps.conversations.tables import Message, SavedMessage
from orrery.database.engine import Database
from orrery.database.ids import is_id


class SavedMessages:
    """Keeps, lists and lets go of answers."""

    def __init__(self, database: Database, messages: Messages) -> None:
        self._database = database
        self._messages = messages

    async def page(self, party: Party, *, last_id: str | None, limit: int) -> tuple[list[MessageView], bool]:
        """Kept messages after the message ``last_id``, the latest kept first. Raises `MessageNotFound`."""
        kept = select(SavedMessage).where(
            SavedMessage.app_id == party.app_id,
            SavedMessage.created_by_role == party.role,
            SavedMessage.created_by == party.user_id,
        )
        query = messages_of(party).join(SavedMessage, SavedMessage.message_id == Message.id)
        query = query.where(SavedMessage.created_by_role == party.role, SavedMessage.created_by == party.user_id)
        async with self._database.read() as session:
            if last_id:
                known = kept.where(SavedMessage.message_id == last_id)
                last = await session.scalar(known) if is_id(last_id) else None
                if last is None:
                    raise MessageNotFound
                same = (SavedMessage.created_at == last.created_at) & (SavedMessage.id < last.id)
                query = query.where(or_(SavedMessage.created_at < last.created_at, same))
            ordered = query.order_by(SavedMessage.created_at.desc(), SavedMessage.id.desc()).limit(limit + 1)
            rows = list(await session.scalars(ordered))
            views = await self._messages.views(session, party, rows[:limit])
        return views, len(rows) > limit

    async def keep(self, party: Party, message_id: str) -> None:
        """Keeps an answer; one that is kept already is fine. Raises `MessageNotFound`."""
        async with self._database.write() as session:
            message = await find_message(session, party, message_id)
            known = await session.scalar(
                select(SavedMessage.id).where(
                    SavedMessage.message_id == message.id,
                    SavedMessage.created_by_role == party.role,
                    SavedMessage.created_by == party.user_id,
                )
            )
            if known is None:
                session.add(
                    SavedMessage(
                        app_id=party.app_id,
                        message_id=message.id,
                        created_by_role=party.role,
                        created_by=party.user_id,
                    )
                )

    async def let_go(self, party: Party, message_id: str) -> None:
        """One that was not kept is fine."""
        if not is_id(message_id):
            return
        async with self._database.write() as session:
            await session.execute(
                delete(SavedMessage).where(
                    SavedMessage.app_id == party.app_id,
                    SavedMessage.message_id == message_id,
                    SavedMessage.created_by_role == party.role,
                    SavedMessage.created_by == party.user_id,
                )
            )
