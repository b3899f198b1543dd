"""End users as the Service API names them: by a word in the query, the body or the form (workflow.md 5.2)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from orrery.apps.catalog.access import AppRecord
from orrery.apps.catalog.modes import CHAT_MODES
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.conversations.party import Party
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.service.runs import NotChatApp

UserWord = Annotated[str, Meta(max_length=255)]
"""The caller's own word for an end user; empty stands for the app's shared anonymous one."""


class ServiceUsers:
    """Finds the party that a call speaks for."""

    def __init__(self, end_users: EndUsers) -> None:
        self._end_users = end_users

    async def party(self, call: Call, user: str | None) -> Party:
        """The end user's party; without a word, the anonymous one's."""
        app = call.app
        found = await self._end_users.resolve(
            app.workspace_id, app.app_id, (user or "").replace("\x00", ""), "service-api"
        )
        return Party(
            workspace_id=app.workspace_id,
            app_id=app.app_id,
            role="end_user",
            user_id=found.id,
            invoke_from="service-api",
        )

    async def named(self, call: Call, user: str) -> Party:
        """The same where the word is required. Raises `InvalidParam`."""
        if not user:
            raise InvalidParam("Arg user must be provided.", params="user")
        return await self.party(call, user)


def check_chat(app: AppRecord) -> None:
    """Raises `NotChatApp`."""
    if app.mode not in CHAT_MODES:
        raise NotChatApp
