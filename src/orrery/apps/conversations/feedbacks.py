"""Ratings of answers: one for each user and message (workflow.md 5.7)."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import select

from orrery.apps.conversations.errors import NothingToRevoke
from orrery.apps.conversations.messages import find_message
from orrery.apps.conversations.party import Party
from orrery.apps.conversations.tables import MessageFeedback
from orrery.database.engine import Database

Rating = Literal["like", "dislike"]


class Feedbacks:
    """Gives, changes, takes back and lists ratings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rate(self, party: Party, message_id: str, rating: Rating | None, content: str | None) -> None:
        """None takes the rating back. Raises `MessageNotFound`, `NothingToRevoke`."""
        end_user = party.role == "end_user"
        owner = MessageFeedback.from_end_user_id if end_user else MessageFeedback.from_account_id
        async with self._database.write() as session:
            message = await find_message(session, party, message_id)
            row = await session.scalar(
                select(MessageFeedback).where(MessageFeedback.message_id == message.id, owner == party.user_id)
            )
            if rating is None:
                if row is None:
                    raise NothingToRevoke
                await session.delete(row)
            elif row is not None:
                row.rating, row.content = rating, content
            else:
                session.add(
                    MessageFeedback(
                        app_id=party.app_id,
                        conversation_id=message.conversation_id,
                        message_id=message.id,
                        rating=rating,
                        content=content,
                        from_source="user" if end_user else "admin",
                        from_end_user_id=party.user_id if end_user else None,
                        from_account_id=None if end_user else party.user_id,
                    )
                )

    async def of_app(self, app_id: str, *, page: int, limit: int) -> list[MessageFeedback]:
        """A page of all ratings of an app, newest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(MessageFeedback)
                .where(MessageFeedback.app_id == app_id)
                .order_by(MessageFeedback.created_at.desc(), MessageFeedback.id.desc())
                .offset((page - 1) * limit)
                .limit(limit)
            )
            return list(rows)
