"""Service API routes that run apps: chat, completion, workflow; stopping them (workflow.md 5.4, 4.5)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response

from orrery.apps.catalog.access import AppRecord
from orrery.apps.catalog.modes import CHAT_MODES
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.service import AppRef, RunRequest, RunService
from orrery.apps.runs.spec import RunUser
from orrery.apps.runs.turns import TurnRequest
from orrery.errors import BadRequest, InvalidParam
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import JsonObject, run_response
from orrery.http.service.asynchronous import MODE as ASYNC
from orrery.http.service.asynchronous import Asynchronous
from orrery.http.watching import RunWatching

RUN_BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a run's JSON body: room for a 10 MB prompt."""

User = Annotated[str, Meta(max_length=255)] | None
"""The caller's own word for an end user; its absence is told in the contract's words, once the body is read."""
ResponseMode = Literal["streaming", "blocking", "async"] | None
"""Absent, the answer comes in one piece; async callers ask for it later, or are called at ``callback_url``."""


class NotChatApp(BadRequest):
    """The route is for chat apps."""

    code = "not_chat_app"
    default_message = "Please check if your app mode matches the right API route."


class NotCompletionApp(NotChatApp):
    """The route is for completion apps."""

    code = "not_completion_app"


class NotWorkflowApp(NotChatApp):
    """The route is for workflow apps."""

    code = "not_workflow_app"


class ChatBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    query: str
    user: User = None
    response_mode: ResponseMode = None
    conversation_id: str | None = None
    files: list[object] | None = None
    auto_generate_name: bool = True
    workflow_id: str | None = None
    trace_id: str | None = None
    callback_url: str | None = None


class CompletionBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    user: User = None
    query: str = ""
    response_mode: ResponseMode = None
    files: list[object] | None = None
    trace_id: str | None = None
    callback_url: str | None = None


class WorkflowBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    user: User = None
    response_mode: ResponseMode = None
    files: list[object] | None = None
    trace_id: str | None = None
    callback_url: str | None = None


class StopBody(msgspec.Struct):
    user: User = None


def app_ref(app: AppRecord) -> AppRef:
    """The app as the runs room knows it."""
    return AppRef(
        workspace_id=app.workspace_id, app_id=app.app_id, mode=app.mode, max_active_requests=app.max_active_requests
    )


def checked_query(text: str) -> str:
    """A chat's query. Raises `InvalidParam`."""
    query = text.replace("\x00", "")
    if not query:
        raise InvalidParam("query is required", params="query")
    return query


class ServiceRunRoutes(RouteGroup):
    """Runs of the key's app on behalf of its end users."""

    def __init__(
        self,
        runs: RunService,
        published: PublishedVersions,
        end_users: EndUsers,
        watching: RunWatching,
        asynchronous: Asynchronous,
    ) -> None:
        self._runs = runs
        self._published = published
        self._end_users = end_users
        self._watching = watching
        self._asynchronous = asynchronous

    @route("POST", "/chat-messages", auth="service", scope="app", body=ChatBody, body_limit=RUN_BODY_LIMIT)
    async def chat(self, call: Call, body: ChatBody) -> Response:
        """Sends a message to a chat app or chatflow."""
        app = call.app
        if app.mode not in CHAT_MODES:
            raise NotChatApp
        streaming = _watchable(body.response_mode)
        if app.mode == "agent-chat" and not streaming:
            raise InvalidParam("Agent Chat App does not support blocking mode")
        user = await self._user(call, body.user)
        chosen = body.workflow_id if app.mode == "advanced-chat" else None
        version = await (self._published.older(app, chosen) if chosen else self._published.of(app))
        turn = TurnRequest(
            query=checked_query(body.query),
            conversation_id=body.conversation_id,
            auto_generate_name=body.auto_generate_name,
        )
        request = RunRequest(
            app=app_ref(app),
            version=version,
            user=user,
            invoke_from="service-api",
            inputs=body.inputs,
            files=body.files or (),
            streaming=streaming,
            turn=turn,
            trace_id=body.trace_id,
        )
        return await self._answer(call, request, body)

    @route("POST", "/completion-messages", auth="service", scope="app", body=CompletionBody, body_limit=RUN_BODY_LIMIT)
    async def complete(self, call: Call, body: CompletionBody) -> Response:
        """Asks a completion app for a text."""
        app = call.app
        if app.mode != "completion":
            raise NotCompletionApp
        user = await self._user(call, body.user)
        query = body.query or body.inputs.get("query")
        request = RunRequest(
            app=app_ref(app),
            version=await self._published.of(app),
            user=user,
            invoke_from="service-api",
            inputs=body.inputs,
            files=body.files or (),
            streaming=_watchable(body.response_mode),
            turn=TurnRequest(query=query if isinstance(query, str) else "", auto_generate_name=False),
            trace_id=body.trace_id,
        )
        return await self._answer(call, request, body)

    @route("POST", "/workflows/run", auth="service", scope="app", body=WorkflowBody, body_limit=RUN_BODY_LIMIT)
    async def run_workflow(self, call: Call, body: WorkflowBody) -> Response:
        """Runs the published workflow."""
        return await self._workflow(call, body, None)

    @route("POST", "/workflows/{workflow_id}/run", auth="service", scope="app", body=WorkflowBody,
           body_limit=RUN_BODY_LIMIT)  # fmt: skip
    async def run_version(self, call: Call, body: WorkflowBody) -> Response:
        """Runs a chosen version of the workflow."""
        return await self._workflow(call, body, call.path["workflow_id"])

    async def _workflow(self, call: Call, body: WorkflowBody, workflow_id: str | None) -> Response:
        app = call.app
        if app.mode != "workflow":
            raise NotWorkflowApp
        user = await self._user(call, body.user)
        version = await (self._published.of(app) if workflow_id is None else self._published.older(app, workflow_id))
        request = RunRequest(
            app=app_ref(app),
            version=version,
            user=user,
            invoke_from="service-api",
            inputs=body.inputs,
            files=body.files or (),
            streaming=_watchable(body.response_mode),
            trace_id=body.trace_id,
        )
        return await self._answer(call, request, body)

    @route("POST", "/chat-messages/{task_id}/stop", auth="service", scope="app", body=StopBody)
    async def stop_chat(self, call: Call, body: StopBody) -> JsonObject:
        """Stops the generation of a chat message."""
        if call.app.mode not in CHAT_MODES:
            raise NotChatApp
        return await self._stop(call, body, owner_only=call.app.mode != "advanced-chat")

    @route("POST", "/completion-messages/{task_id}/stop", auth="service", scope="app", body=StopBody)
    async def stop_completion(self, call: Call, body: StopBody) -> JsonObject:
        """Stops the generation of a completion."""
        if call.app.mode != "completion":
            raise NotCompletionApp
        return await self._stop(call, body, owner_only=True)

    @route("POST", "/workflows/tasks/{task_id}/stop", auth="service", scope="app", body=StopBody)
    async def stop_workflow(self, call: Call, body: StopBody) -> JsonObject:
        """Stops a workflow run."""
        if call.app.mode != "workflow":
            raise NotWorkflowApp
        return await self._stop(call, body, owner_only=False)

    async def _stop(self, call: Call, body: StopBody, *, owner_only: bool) -> JsonObject:
        user = await self._user(call, body.user)
        await self._runs.stop(call.path["task_id"], app_id=call.app.app_id, user=user if owner_only else None)
        return {"result": "success"}

    async def _user(self, call: Call, word: str | None) -> RunUser:
        """The end user of the caller's word. Raises `InvalidParam`."""
        session_id = (word or "").replace("\x00", "")
        if not session_id:
            raise InvalidParam("Arg user must be provided.", params="user")
        found = await self._end_users.resolve(call.app.workspace_id, call.app.app_id, session_id, "service-api")
        return RunUser("end_user", found.id, found.session_id)

    async def _answer(
        self, call: Call, request: RunRequest, body: ChatBody | CompletionBody | WorkflowBody
    ) -> Response:
        request = self._asynchronous.asked(call, request, body.response_mode, body.callback_url)
        key = call.request.headers.get("idempotency-key")
        fingerprint = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
        if body.response_mode == ASYNC:
            started = await (self._watching.start(request, key, fingerprint) if key else self._runs.start(request))
            return await self._asynchronous.accepted(call, call.app.app_id, started)
        if not key:
            return await run_response(call, await self._runs.start(request))
        return await self._watching.start_once(call, request, key, fingerprint)


def _watchable(mode: ResponseMode) -> bool:
    """Asynchronous runs keep their events too: their callers may come to watch."""
    return mode in {"streaming", ASYNC}
