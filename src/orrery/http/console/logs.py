"""Console routes of logs: runs of workflow apps, conversations, messages and their ratings (product.md 6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from orrery.apps.catalog.modes import CHAT_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.files.links import FileLinks
from orrery.apps.runs.records import LogFilter, RunRecords
from orrery.apps.statistics.conversation_log import ConversationFilter, ConversationLog, SortBy
from orrery.apps.statistics.message_log import LoggedMessage, MessageLog
from orrery.apps.statistics.periods import period_of
from orrery.apps.statistics.zones import AccountZones
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.logs_shapes import (
    chat_row,
    completion_detail,
    completion_row,
    conversation_detail,
    conversation_variable,
    message_detail,
    run_log_row,
)
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission
from orrery.workspaces.members.names import AccountNames

Page = Annotated[int, Meta(ge=1, le=99999)]
Limit = Annotated[int, Meta(ge=1, le=100)]
_BASIC_OR_CHAT = CHAT_MODES | {"completion"}
_COMPLETION = frozenset({"completion"})
_WORKFLOW = frozenset({"workflow"})
_CHATFLOW = frozenset({"advanced-chat"})


class RunLogQuery(msgspec.Struct):
    """Times are ISO 8601; without an offset they are UTC."""

    keyword: str | None = None
    status: str | None = None
    created_at__before: str | None = None
    created_at__after: str | None = None
    created_by_end_user_session_id: str | None = None
    created_by_account: str | None = None
    page: Page = 1
    limit: Limit = 20


class ConversationsQuery(msgspec.Struct):
    """``start`` and ``end`` are minutes like ``2026-03-01 00:00`` in the caller's time zone."""

    keyword: str | None = None
    start: str | None = None
    end: str | None = None
    annotation_status: Literal["annotated", "not_annotated", "all"] = "all"
    sort_by: SortBy = "-updated_at"
    page: Page = 1
    limit: Limit = 20


class MessagesQuery(msgspec.Struct):
    conversation_id: str
    first_id: str | None = None
    limit: Limit = 20


class VariablesQuery(msgspec.Struct):
    conversation_id: str


class FeedbackBody(msgspec.Struct):
    message_id: str
    rating: Literal["like", "dislike"] | None = None
    content: str | None = None


class LogParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call."""

    apps: AppService
    records: RunRecords
    conversations: ConversationLog
    messages: MessageLog
    names: AccountNames
    zones: AccountZones
    links: FileLinks


class LogRoutes(RouteGroup):
    """What callers asked an app, and what it answered."""

    def __init__(self, parts: LogParts) -> None:
        self._parts = parts

    @route("GET", "/apps/{app_id}/workflow-app-logs", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=RunLogQuery)  # fmt: skip
    async def run_log(self, call: Call, query: RunLogQuery) -> JsonObject:
        """Lists a workflow app's runs, newest first."""
        app_id = await self._app_id(call, _WORKFLOW)
        wanted = LogFilter(
            page=query.page,
            limit=query.limit,
            keyword=query.keyword,
            status=query.status,
            before=_instant("created_at__before", query.created_at__before),
            after=_instant("created_at__after", query.created_at__after),
            end_user_session=query.created_by_end_user_session_id,
            account_email=query.created_by_account,
        )
        rows, total = await self._parts.records.logs(app_id, wanted)
        return _paged(query.page, query.limit, total, [run_log_row(row) for row in rows])

    @route("GET", "/apps/{app_id}/chat-conversations", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=ConversationsQuery)  # fmt: skip
    async def chats(self, call: Call, query: ConversationsQuery) -> JsonObject:
        """Lists a chat app's conversations."""
        wanted = await self._filter(call, query)
        rows, total = await self._parts.conversations.page(await self._app_id(call, CHAT_MODES), wanted)
        people = await self._parts.names.people(found.row.from_account_id for found in rows)
        return _paged(query.page, query.limit, total, [chat_row(found, people) for found in rows])

    @route("GET", "/apps/{app_id}/chat-conversations/{conversation_id}", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def chat(self, call: Call) -> JsonObject:
        """Shows a conversation and marks it as read."""
        app = (await self._parts.apps.get(call.account.workspace_id, call.id("app_id"), modes=CHAT_MODES)).app
        found = await self._parts.conversations.open(
            app.id, call.id("conversation_id"), app.mode, reader=call.account.account_id
        )
        return conversation_detail(found)

    @route("DELETE", "/apps/{app_id}/chat-conversations/{conversation_id}", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, status=204)  # fmt: skip
    async def delete_chat(self, call: Call) -> None:
        """Deletes a conversation."""
        app = (await self._parts.apps.get(call.account.workspace_id, call.id("app_id"), modes=CHAT_MODES)).app
        await self._parts.conversations.delete(app.id, call.id("conversation_id"), app.mode)

    @route("GET", "/apps/{app_id}/completion-conversations", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=ConversationsQuery)  # fmt: skip
    async def completions(self, call: Call, query: ConversationsQuery) -> JsonObject:
        """Lists what a text generator was asked."""
        app_id = await self._app_id(call, _COMPLETION)
        rows, total = await self._parts.conversations.page(app_id, await self._filter(call, query))
        people = await self._parts.names.people(found.row.from_account_id for found in rows)
        messages = await self._parts.messages.first_of(app_id, [found.row.id for found in rows])
        data = [completion_row(found, messages.get(found.row.id), people) for found in rows]
        return _paged(query.page, query.limit, total, data)

    @route("GET", "/apps/{app_id}/completion-conversations/{conversation_id}", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def completion(self, call: Call) -> JsonObject:
        """Shows one request to a text generator and marks it as read."""
        app_id, conversation_id = await self._app_id(call, _COMPLETION), call.id("conversation_id")
        found = await self._parts.conversations.open(
            app_id, conversation_id, "completion", reader=call.account.account_id
        )
        message = (await self._parts.messages.first_of(app_id, [conversation_id])).get(conversation_id)
        shown = None if message is None else (await self._details([message]))[0]
        return completion_detail(found, shown)

    @route("DELETE", "/apps/{app_id}/completion-conversations/{conversation_id}", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, status=204)  # fmt: skip
    async def delete_completion(self, call: Call) -> None:
        """Deletes one request to a text generator."""
        app_id = await self._app_id(call, _COMPLETION)
        await self._parts.conversations.delete(app_id, call.id("conversation_id"), "completion")

    @route("GET", "/apps/{app_id}/conversation-variables", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=VariablesQuery)  # fmt: skip
    async def variables(self, call: Call, query: VariablesQuery) -> JsonObject:
        """Lists the stored variables of a chatflow's conversation."""
        rows = await self._parts.conversations.variables(await self._app_id(call, _CHATFLOW), query.conversation_id)
        data = [conversation_variable(row) for row in rows]
        return {"page": 1, "limit": 100, "total": len(data), "has_more": False, "data": data}

    @route("GET", "/apps/{app_id}/chat-messages", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=MessagesQuery)  # fmt: skip
    async def messages(self, call: Call, query: MessagesQuery) -> JsonObject:
        """Lists a conversation's messages, oldest first; ``first_id`` asks for what came before it."""
        app_id = await self._app_id(call, CHAT_MODES)
        rows, more = await self._parts.messages.page(
            app_id, query.conversation_id, first_id=query.first_id, limit=query.limit
        )
        return {"limit": query.limit, "has_more": more, "data": await self._details(rows)}

    @route("GET", "/apps/{app_id}/messages/{message_id}", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def message(self, call: Call) -> JsonObject:
        """Shows a message with its prompt, files and ratings."""
        found = await self._parts.messages.find(await self._app_id(call, _BASIC_OR_CHAT), call.id("message_id"))
        return (await self._details([found]))[0]

    @route("POST", "/apps/{app_id}/feedbacks", auth="console", scope="workspace",
           permission=Permission.APP_ANNOTATE, body=FeedbackBody)  # fmt: skip
    async def rate(self, call: Call, body: FeedbackBody) -> JsonObject:
        """Sets the operators' rating of an answer; null takes it back."""
        app_id = await self._app_id(call, _BASIC_OR_CHAT)
        await self._parts.messages.rate(
            app_id,
            body.message_id,
            account_id=call.account.account_id,
            rating=body.rating,
            content=body.content,
        )
        return {"result": "success"}

    async def _details(self, rows: Sequence[LoggedMessage]) -> list[JsonObject]:
        people = await self._parts.names.people(item.from_account_id for row in rows for item in row.feedback)
        return [message_detail(row, people, self._parts.links) for row in rows]

    async def _filter(self, call: Call, query: ConversationsQuery) -> ConversationFilter:
        zone = await self._parts.zones.of(call.account.account_id)
        return ConversationFilter(
            page=query.page,
            limit=query.limit,
            keyword=query.keyword,
            period=period_of(query.start, query.end, zone),
            sort_by=query.sort_by,
            annotated=None if query.annotation_status == "all" else query.annotation_status == "annotated",
        )

    async def _app_id(self, call: Call, modes: frozenset[str]) -> str:
        return (await self._parts.apps.get(call.account.workspace_id, call.id("app_id"), modes=modes)).app.id


def _paged(page: int, limit: int, total: int, data: list[JsonObject]) -> JsonObject:
    return {"page": page, "limit": limit, "total": total, "has_more": page * limit < total, "data": data}


def _instant(field: str, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidParam(f"{field}: must be a time like 2026-03-01T00:00:00Z.", params=field) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
