"""Service API routes of conversations (workflow.md 5.5, 5.7)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from orrery.apps.conversations.parts import Talk
from orrery.apps.conversations.service import SortBy
from orrery.apps.files.links import FileLinks
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs
from orrery.http.service.callers import ServiceUsers, UserWord, check_chat
from orrery.http.service.shapes import JsonObject, conversation_object, page_object, variable_object

PageSize = Annotated[int, Meta(ge=1, le=100)]
VariableName = Annotated[str, Meta(min_length=1, max_length=255)]


class ConversationsQuery(msgspec.Struct, frozen=True):
    user: UserWord = ""
    last_id: str = ""
    limit: PageSize = 20
    sort_by: SortBy = "-updated_at"


class VariablesQuery(msgspec.Struct, frozen=True):
    user: UserWord = ""
    last_id: str = ""
    limit: PageSize = 20
    variable_name: VariableName | None = None


class UserBody(msgspec.Struct, frozen=True):
    user: UserWord | None = None


class RenameBody(msgspec.Struct, frozen=True):
    user: UserWord | None = None
    name: Annotated[str, Meta(max_length=255)] | None = None
    auto_generate: bool = False


class VariableBody(msgspec.Struct, frozen=True):
    user: UserWord | None = None
    value: object | UnsetType = UNSET


def checked_title(name: str | None) -> str:
    """The name that a caller gives a conversation. Raises `InvalidParam`."""
    title = (name or "").replace("\x00", "").strip()
    if not title:
        raise InvalidParam("name is required when auto_generate is false", params="name")
    return title


class ServiceConversationRoutes(RouteGroup):
    """Conversations of the end user that the caller names."""

    def __init__(self, talk: Talk, users: ServiceUsers, links: FileLinks) -> None:
        self._talk = talk
        self._users = users
        self._links = links

    @route("GET", "/conversations", auth="service", scope="app", query=ConversationsQuery)
    async def page(self, call: Call, query: ConversationsQuery) -> JsonObject:
        """Lists conversations."""
        check_chat(call.app)
        party = await self._users.party(call, query.user)
        rows, more = await self._talk.conversations.page(
            party, last_id=query.last_id or None, limit=query.limit, sort_by=query.sort_by
        )
        links = links_for_programs(call, self._links)
        return page_object([conversation_object(row, links) for row in rows], limit=query.limit, has_more=more)

    @route("DELETE", "/conversations/{conversation_id}", auth="service", scope="app", body=UserBody, status=204)
    async def delete(self, call: Call, body: UserBody) -> None:
        """Deletes a conversation."""
        check_chat(call.app)
        party = await self._users.party(call, body.user)
        await self._talk.conversations.delete(party, call.path["conversation_id"])

    @route("POST", "/conversations/{conversation_id}/name", auth="service", scope="app", body=RenameBody)
    async def rename(self, call: Call, body: RenameBody) -> JsonObject:
        """Names a conversation, or has it named after its content."""
        check_chat(call.app)
        party = await self._users.party(call, body.user)
        conversation_id, conversations = call.path["conversation_id"], self._talk.conversations
        if body.auto_generate:
            row = await conversations.name_by_content(party, conversation_id)
        else:
            row = await conversations.rename(party, conversation_id, checked_title(body.name))
        return conversation_object(row, links_for_programs(call, self._links))

    @route("GET", "/conversations/{conversation_id}/variables", auth="service", scope="app", query=VariablesQuery)
    async def variables(self, call: Call, query: VariablesQuery) -> JsonObject:
        """Lists the variables of a conversation."""
        check_chat(call.app)
        party = await self._users.party(call, query.user)
        rows, more = await self._talk.variables.page(
            party,
            call.path["conversation_id"],
            last_id=query.last_id or None,
            limit=query.limit,
            name=query.variable_name,
        )
        return page_object([variable_object(row) for row in rows], limit=query.limit, has_more=more)

    @route("PUT", "/conversations/{conversation_id}/variables/{variable_id}", auth="service", scope="app",
           body=VariableBody)  # fmt: skip
    async def set_variable(self, call: Call, body: VariableBody) -> JsonObject:
        """Sets a variable of a conversation."""
        check_chat(call.app)
        if body.value is UNSET:
            raise InvalidParam("value is required", params="value")
        party = await self._users.party(call, body.user)
        row = await self._talk.variables.set(
            party, call.path["conversation_id"], call.path["variable_id"].lower(), body.value
        )
        return variable_object(row)
