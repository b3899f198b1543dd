"""Console routes that try out chat and completion apps with a configuration that is not saved (product.md 6.5)."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.catalog.access import AppRecord
from orrery.apps.catalog.modes import BASIC_MODES, CHAT_MODES
from orrery.apps.catalog.service import AppService, AppView
from orrery.apps.conversations.party import Party
from orrery.apps.conversations.suggestions import Suggestions
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.turns import TurnRequest
from orrery.apps.runs.versions import AppVersion
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.debug_runs import parent_of
from orrery.http.console.debug_runs_caller import DEBUG_BODY_LIMIT, debugged_app, debugging_user, required_query
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import run_response
from orrery.security.permissions import Permission

_BASIC_CHATS = BASIC_MODES & CHAT_MODES
_COMPLETION = frozenset({"completion"})


class ChatDebugBody(msgspec.Struct, kw_only=True):
    """``model_config`` is the configuration to try; without one, the saved one is tried."""

    inputs: dict[str, object]
    query: str
    model_config: dict[str, object] | None = None
    files: list[object] | None = None
    response_mode: str = "blocking"
    conversation_id: str | None = None
    parent_message_id: str | msgspec.UnsetType | None = msgspec.UNSET


class CompletionDebugBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    query: str = ""
    model_config: dict[str, object] | None = None
    files: list[object] | None = None
    response_mode: str = "blocking"


class ChatDebugRoutes(RouteGroup):
    """Messages to basic apps, by the people who edit them."""

    def __init__(
        self, apps: AppService, published: PublishedVersions, runs: RunService, suggestions: Suggestions
    ) -> None:
        self._apps = apps
        self._suggestions = suggestions
        self._published = published
        self._runs = runs

    @route("POST", "/apps/{app_id}/chat-messages", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=ChatDebugBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def chat(self, call: Call, body: ChatDebugBody) -> Response:
        """Sends a message to a chat app as it is being edited."""
        view = await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=_BASIC_CHATS)
        streaming = body.response_mode == "streaming"
        if view.app.mode == "agent-chat" and not streaming:
            raise InvalidParam("Agent Chat App does not support blocking mode")
        turn = TurnRequest(
            query=required_query(body.query),
            conversation_id=body.conversation_id,
            parent_message_id=parent_of(body.parent_message_id),
            auto_generate_name=False,
        )
        request = RunRequest(
            app=debugged_app(view.app),
            version=await self._version(view, body.model_config),
            user=debugging_user(call),
            invoke_from="debugger",
            inputs=body.inputs,
            files=body.files or (),
            streaming=streaming,
            turn=turn,
        )
        return await run_response(call, await self._runs.start(request))

    @route("POST", "/apps/{app_id}/completion-messages", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=CompletionDebugBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def complete(self, call: Call, body: CompletionDebugBody) -> Response:
        """Asks a text generator as it is being edited."""
        view = await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=_COMPLETION)
        query = body.query or body.inputs.get("query")
        request = RunRequest(
            app=debugged_app(view.app),
            version=await self._version(view, body.model_config),
            user=debugging_user(call),
            invoke_from="debugger",
            inputs=body.inputs,
            files=body.files or (),
            streaming=body.response_mode == "streaming",
            turn=TurnRequest(query=query if isinstance(query, str) else "", auto_generate_name=False),
        )
        return await run_response(call, await self._runs.start(request))

    @route("POST", "/apps/{app_id}/chat-messages/{task_id}/stop", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def stop_chat(self, call: Call) -> JsonObject:
        """Stops the caller's own message to a chat app."""
        return await self._stop(call, CHAT_MODES)

    @route("POST", "/apps/{app_id}/completion-messages/{task_id}/stop", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def stop_completion(self, call: Call) -> JsonObject:
        """Stops the caller's own request to a text generator."""
        return await self._stop(call, _COMPLETION)

    @route("GET", "/apps/{app_id}/chat-messages/{message_id}/suggested-questions", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def suggested(self, call: Call) -> JsonObject:
        """Questions that may follow the caller's own message."""
        workspace_id = call.account.workspace_id
        view = await self._apps.get(workspace_id, call.id("app_id"), modes=CHAT_MODES)
        app_id = view.app.id
        if view.app.mode in BASIC_MODES:
            version = await self._published.of(_record(view))
        else:
            version = await self._published.draft(workspace_id, app_id)
        party = Party(
            workspace_id=workspace_id,
            app_id=app_id,
            role="account",
            user_id=call.account.account_id,
            invoke_from="debugger",
        )
        return {"data": await self._suggestions.after(party, call.id("message_id"), version.features)}

    async def _stop(self, call: Call, modes: frozenset[str]) -> JsonObject:
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=modes)).app
        await self._runs.stop(call.path["task_id"], app_id=app.id, user=debugging_user(call))
        return {"result": "success"}

    async def _version(self, view: AppView, configs: dict[str, object] | None) -> AppVersion:
        record = _record(view)
        return await self._published.of(record) if configs is None else self._published.unsaved(record, configs)


def _record(view: AppView) -> AppRecord:
    app = view.app
    return AppRecord(
        app_id=app.id,
        workspace_id=app.tenant_id,
        name=app.name,
        description=app.description,
        mode=app.mode,
        status=app.status,
        enable_api=app.enable_api,
        enable_site=app.enable_site,
        workflow_id=app.workflow_id,
        config_id=app.app_model_config_id,
        max_active_requests=app.max_active_requests,
        created_by=app.created_by,
        workspace_status="normal",
    )
