"""The services of this room, built once from what they need."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from orrery.apps.conversations.default_model import ChooseModel, DefaultModel
from orrery.apps.conversations.feedbacks import Feedbacks
from orrery.apps.conversations.messages import Messages
from orrery.apps.conversations.naming import ConversationNaming
from orrery.apps.conversations.saved import SavedMessages
from orrery.apps.conversations.service import Conversations
from orrery.apps.conversations.suggestions import Suggestions
from orrery.apps.conversations.titles import Titles
from orrery.apps.conversations.variables import ConversationVariables
from orrery.apps.files.links import FileLinks
from orrery.database.engine import Database
from orrery.inference.types import ModelGateway


class TalkNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the room is built from. ``models`` makes a workspace's gateway, ``choose_model`` its default text model
    (`default_model.offered_default`).
    """

    database: Database
    links: FileLinks
    models: Callable[[str], ModelGateway]
    choose_model: ChooseModel


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the services; `build` makes them. ``naming`` has tasks to be closed."""

    conversations: Conversations
    messages: Messages
    feedbacks: Feedbacks
    variables: ConversationVariables
    saved: SavedMessages
    suggestions: Suggestions
    naming: ConversationNaming

    @classmethod
    def build(cls, needs: TalkNeeds) -> Talk:
        """Builds every service; opens nothing."""
        model = DefaultModel(needs.models, needs.choose_model)
        conversations = Conversations(needs.database, Titles(model))
        messages = Messages(needs.database, needs.links)
        return cls(
            conversations=conversations,
            messages=messages,
            feedbacks=Feedbacks(needs.database),
            variables=ConversationVariables(needs.database),
            saved=SavedMessages(needs.database, messages),
            suggestions=Suggestions(needs.database, model),
            naming=ConversationNaming(conversations),
        )
