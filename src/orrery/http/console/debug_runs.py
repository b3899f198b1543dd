"""Console routes that run drafts of graph apps, stop such runs and come back to them (workflow.md 7.3, 4.5)."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.turns import TurnRequest
from orrery.database.ids import NIL_ID
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.debug_runs_caller import DEBUG_BODY_LIMIT, debugged_app, debugging_user, required_query
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import run_response
from orrery.http.watching import RunWatching, WatchQuery
from orrery.security.permissions import Permission

_WORKFLOW = frozenset({"workflow"})
_CHATFLOW = frozenset({"advanced-chat"})


class DraftRunBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    files: list[object] | None = None


class ChatDraftRunBody(msgspec.Struct, kw_only=True):
    """``parent_message_id``: absent means the conversation's newest message, null the first of a new branch."""

    inputs: dict[str, object] | None = None
    query: str = ""
    files: list[object] | None = None
    conversation_id: str | None = None
    parent_message_id: str | msgspec.UnsetType | None = msgspec.UNSET


class DebugRunRoutes(RouteGroup):
    """Runs of drafts, by the people who edit them."""

    def __init__(
        self,
        apps: AppService,
        published: PublishedVersions,
        runs: RunService,
        records: RunRecords,
        watching: RunWatching,
    ) -> None:
        self._apps = apps
        self._published = published
        self._runs = runs
        self._records = records
        self._watching = watching

    @route("POST", "/apps/{app_id}/workflows/draft/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=DraftRunBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_workflow(self, call: Call, body: DraftRunBody) -> Response:
        """Runs the draft of a workflow and streams it."""
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=_WORKFLOW)).app
        request = RunRequest(
            app=debugged_app(app),
            version=await self._published.draft(app.tenant_id, app.id),
            user=debugging_user(call),
            invoke_from="debugger",
            inputs=body.inputs,
            files=body.files or (),
        )
        return await run_response(call, await self._runs.start(request))

    @route("POST", "/apps/{app_id}/advanced-chat/workflows/draft/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=ChatDraftRunBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_chatflow(self, call: Call, body: ChatDraftRunBody) -> Response:
        """Sends a message to the draft of a chatflow and streams its answer."""
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=_CHATFLOW)).app
        turn = TurnRequest(
            query=required_query(body.query),
            conversation_id=body.conversation_id,
            parent_message_id=parent_of(body.parent_message_id),
            auto_generate_name=False,
        )
        request = RunRequest(
            app=debugged_app(app),
            version=await self._published.draft(app.tenant_id, app.id),
            user=debugging_user(call),
            invoke_from="debugger",
            inputs=body.inputs or {},
            files=body.files or (),
            turn=turn,
        )
        return await run_response(call, await self._runs.start(request))

    @route("POST", "/apps/{app_id}/workflow-runs/tasks/{task_id}/stop", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def stop(self, call: Call) -> JsonObject:
        """Stops a run of the app, whoever started it."""
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=GRAPH_MODES)).app
        await self._runs.stop(call.path["task_id"], app_id=app.id, user=None)
        return {"result": "success"}

    @route("GET", "/apps/{app_id}/workflow-runs/{run_id}/events", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=WatchQuery)  # fmt: skip
    async def events(self, call: Call, query: WatchQuery) -> Response:
        """Streams a run from the event after ``Last-Event-ID``."""
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=GRAPH_MODES)).app
        return await self._watching.events(call, app.id, call.id("run_id"), wanted=query.wanted())

    @route("GET", "/workflow/{run_id}/events", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=WatchQuery)  # fmt: skip
    async def events_of_run(self, call: Call, query: WatchQuery) -> Response:
        """Streams a run of any app of the workspace, at the contract's older address."""
        run_id = call.id("run_id")
        app_id = await self._records.app_of(call.account.workspace_id, run_id)
        if app_id is None:
            raise NotFound("Workflow run not found")
        app = (await self._apps.get(call.account.workspace_id, app_id, modes=GRAPH_MODES)).app
        return await self._watching.events(call, app.id, run_id, wanted=query.wanted())


def parent_of(given: str | msgspec.UnsetType | None) -> str | None:
    """The parent that a message names. One that names none goes on where the conversation ended."""
    return NIL_ID if given is msgspec.UNSET else given
