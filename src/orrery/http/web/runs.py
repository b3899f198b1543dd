"""Runs that visitors of a page start, stop and watch (workflow.md 6.2). Streams are in their simple form."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.turns import TurnRequest
from orrery.apps.runs.versions import AppVersion
from orrery.database.ids import is_id
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import run_response
from orrery.http.service.runs import RUN_BODY_LIMIT, NotWorkflowApp, app_ref, checked_query
from orrery.http.watching import RunWatching, WatchQuery
from orrery.http.web.callers import check_chat, check_completion, run_user

JsonObject = dict[str, object]


class WebChatBody(msgspec.Struct, kw_only=True):
    """A turn. ``parent_message_id`` is the message that it continues; null begins anew."""

    inputs: dict[str, object]
    query: str
    response_mode: str = "blocking"
    conversation_id: str | None = None
    parent_message_id: str | None = None
    files: list[object] | None = None


class WebCompletionBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    query: str = ""
    response_mode: str = "blocking"
    files: list[object] | None = None


class WebWorkflowBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    files: list[object] | None = None


class WebRunRoutes(RouteGroup):
    """Runs of the passport's app."""

    def __init__(self, runs: RunService, published: PublishedVersions, watching: RunWatching) -> None:
        self._runs = runs
        self._published = published
        self._watching = watching

    @route("POST", "/chat-messages", auth="passport", scope="app", body=WebChatBody, body_limit=RUN_BODY_LIMIT)
    async def chat(self, call: Call, body: WebChatBody) -> Response:
        """Sends a message to a chat app."""
        check_chat(call)
        if call.app.mode == "agent-chat" and body.response_mode != "streaming":
            raise InvalidParam("Agent Chat App does not support blocking mode")
        if body.parent_message_id and not is_id(body.parent_message_id):
            raise InvalidParam("parent_message_id must be a UUID.", params="parent_message_id")
        turn = TurnRequest(
            query=checked_query(body.query),
            conversation_id=body.conversation_id,
            parent_message_id=body.parent_message_id or None,
            auto_generate_name=False,
        )
        request = self._request(call, await self._published.of(call.app), body, turn)
        return await self._start(call, request, streaming=body.response_mode == "streaming")

    @route("POST", "/completion-messages", auth="passport", scope="app", body=WebCompletionBody,
           body_limit=RUN_BODY_LIMIT)  # fmt: skip
    async def complete(self, call: Call, body: WebCompletionBody) -> Response:
        """Asks a completion app for a text."""
        check_completion(call)
        query = body.query or body.inputs.get("query")
        turn = TurnRequest(query=query if isinstance(query, str) else "", auto_generate_name=False)
        request = self._request(call, await self._published.of(call.app), body, turn)
        return await self._start(call, request, streaming=body.response_mode == "streaming")

    @route("POST", "/workflows/run", auth="passport", scope="app", body=WebWorkflowBody, body_limit=RUN_BODY_LIMIT)
    async def run_workflow(self, call: Call, body: WebWorkflowBody) -> Response:
        """Runs the published workflow; always as a stream."""
        if call.app.mode != "workflow":
            raise NotWorkflowApp
        request = self._request(call, await self._published.of(call.app), body, None)
        return await self._start(call, request, streaming=True)

    @route("POST", "/chat-messages/{task_id}/stop", auth="passport", scope="app")
    async def stop_chat(self, call: Call) -> JsonObject:
        """Stops the generation of a chat message."""
        check_chat(call)
        return await self._stop(call)

    @route("POST", "/completion-messages/{task_id}/stop", auth="passport", scope="app")
    async def stop_completion(self, call: Call) -> JsonObject:
        """Stops the generation of a completion."""
        check_completion(call)
        return await self._stop(call)

    @route("POST", "/workflows/tasks/{task_id}/stop", auth="passport", scope="app")
    async def stop_workflow(self, call: Call) -> JsonObject:
        """Stops a workflow run."""
        if call.app.mode != "workflow":
            raise NotWorkflowApp
        return await self._stop(call)

    @route("GET", "/workflow/{workflow_run_id}/events", auth="passport", scope="app", query=WatchQuery)
    async def events(self, call: Call, query: WatchQuery) -> Response:
        """Watches a run of this visitor from where the page left it."""
        run_id = call.id("workflow_run_id")
        visitor_id = call.end_user.end_user_id
        return await self._watching.events(call, call.app.app_id, run_id, created_by=visitor_id, wanted=query.wanted())

    def _request(
        self,
        call: Call,
        version: AppVersion,
        body: WebChatBody | WebCompletionBody | WebWorkflowBody,
        turn: TurnRequest | None,
    ) -> RunRequest:
        return RunRequest(
            app=app_ref(call.app),
            version=version,
            user=run_user(call),
            invoke_from="web-app",
            inputs=body.inputs,
            files=body.files or (),
            turn=turn,
        )

    async def _start(self, call: Call, request: RunRequest, *, streaming: bool) -> Response:
        asked = msgspec.structs.replace(request, streaming=streaming)
        return await run_response(call, await self._runs.start(asked))

    async def _stop(self, call: Call) -> JsonObject:
        await self._runs.stop(call.path["task_id"], app_id=call.app.app_id, user=run_user(call))
        return {"result": "success"}
