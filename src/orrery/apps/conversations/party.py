"""Who reads and changes conversations: one user of one app, through one face."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Select, select

from orrery.apps.conversations.tables import Conversation, Message


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations of the Service API, of the page and of the console are apart, even for the same user."""

    workspace_id: str
    app_id: str
    role: Literal["account", "end_user"]
    user_id: str
    invoke_from: str

    @property
    def id(self) -> str:
        """The user's id: a party owns files as its user does."""
        return self.user_id


def conversations_of(party: Party) -> Select[Conversation]:
    """The statement that every query of conversations starts from."""
    owner = Conversation.from_end_user_id if party.role == "end_user" else Conversation.from_account_id
    return select(Conversation).where(
        Conversation.app_id == party.app_id,
        Conversation.invoke_from == party.invoke_from,
        Conversation.is_deleted.is_(False),
        owner == party.user_id,
    )


def messages_of(party: Party) -> Select[Message]:
    """The statement that every query of messages starts from; those of deleted conversations are gone."""
    return (
        select(Message)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.app_id == party.app_id, Conversation.is_deleted.is_(False), is_message_of(party))
    )


def is_message_of(party: Party) -> ColumnElement[bool]:
    """Whether a message belongs to the party's user and face."""
    owner = Message.from_end_user_id if party.role == "end_user" else Message.from_account_id
    return (owner == party.user_id) & (Message.invoke_from == party.invoke_from)
