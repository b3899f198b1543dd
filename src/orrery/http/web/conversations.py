"""Conversations of a page's visitor (workflow.md 6.2)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.conversations.parts import Talk
from orrery.apps.conversations.service import SortBy
from orrery.apps.files.links import FileLinks
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.conversations import PageSize, checked_title
from orrery.http.service.shapes import JsonObject, conversation_object, page_object
from orrery.http.web.callers import check_chat, visitor


class WebConversationsQuery(msgspec.Struct, frozen=True):
    last_id: str = ""
    limit: PageSize = 20
    pinned: bool | None = None
    sort_by: SortBy = "-updated_at"


class WebRenameBody(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(max_length=255)] | None = None
    auto_generate: bool = False


class WebConversationRoutes(RouteGroup):
    """Lists, names, pins and deletes."""

    def __init__(self, talk: Talk, links: FileLinks) -> None:
        self._talk = talk
        self._links = links

    @route("GET", "/conversations", auth="passport", scope="app", query=WebConversationsQuery)
    async def page(self, call: Call, query: WebConversationsQuery) -> JsonObject:
        """Lists conversations; pinned ones, others, or all."""
        check_chat(call)
        rows, more = await self._talk.conversations.page(
            visitor(call),
            last_id=query.last_id or None,
            limit=query.limit,
            sort_by=query.sort_by,
            pinned=query.pinned,
        )
        return page_object([conversation_object(row, self._links) for row in rows], limit=query.limit, has_more=more)

    @route("DELETE", "/conversations/{conversation_id}", auth="passport", scope="app", status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a conversation."""
        check_chat(call)
        await self._talk.conversations.delete(visitor(call), call.path["conversation_id"])

    @route("POST", "/conversations/{conversation_id}/name", auth="passport", scope="app", body=WebRenameBody)
    async def rename(self, call: Call, body: WebRenameBody) -> JsonObject:
        """Names a conversation, or has it named after its content."""
        check_chat(call)
        conversation_id, conversations = call.path["conversation_id"], self._talk.conversations
        if body.auto_generate:
            row = await conversations.name_by_content(visitor(call), conversation_id)
        else:
            row = await conversations.rename(visitor(call), conversation_id, checked_title(body.name))
        return conversation_object(row, self._links)

    @route("PATCH", "/conversations/{conversation_id}/pin", auth="passport", scope="app")
    async def pin(self, call: Call) -> JsonObject:
        """Keeps a conversation at the top."""
        check_chat(call)
        await self._talk.conversations.pin(visitor(call), call.path["conversation_id"])
        return {"result": "success"}

    @route("PATCH", "/conversations/{conversation_id}/unpin", auth="passport", scope="app")
    async def unpin(self, call: Call) -> JsonObject:
        """Lets go of it again."""
        check_chat(call)
        await self._talk.conversations.unpin(visitor(call), call.path["conversation_id"])
        return {"result": "success"}
