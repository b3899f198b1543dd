"""Console routes of triggers: see and switch published ones, try those of the draft out (workflow.md 6.4, 7.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import msgspec
from starlette.responses import Response

from orrery.apps.catalog.tables import App
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.single_step import StepInputs
from orrery.apps.triggers.debugging import Event
from orrery.apps.triggers.parts import Triggers
from orrery.apps.triggers.tables import AppTrigger, WebhookTrigger
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.debug_runs_caller import debugged_app, debugging_user
from orrery.http.console.draft_nodes import DraftNodeParts
from orrery.http.console.run_history_shapes import node_execution
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.http.runs import run_response
from orrery.security.permissions import Permission

_WORKFLOW = frozenset({"workflow"})
_WAITING: JsonObject = {"status": "waiting", "retry_in": 2000}
"""``retry_in``: milliseconds."""


class WebhookQuery(msgspec.Struct, frozen=True):
    node_id: str


class SwitchBody(msgspec.Struct):
    trigger_id: str
    enable_trigger: bool


class TriggerRunBody(msgspec.Struct):
    node_id: str


class TriggerRunAllBody(msgspec.Struct):
    node_ids: list[str]


class TriggerParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call. ``base`` is the address of webhooks (TRIGGER_URL); empty means that of the request."""

    triggers: Triggers
    runs: RunService
    nodes: DraftNodeParts
    base: str


class TriggerRoutes(RouteGroup):
    """Triggers of one workflow app."""

    def __init__(self, parts: TriggerParts) -> None:
        self._parts = parts

    @route("GET", "/apps/{app_id}/triggers", auth="console", scope="workspace", permission=Permission.APP_VIEW)
    async def all(self, call: Call) -> JsonObject:
        """Lists the triggers of the published workflow."""
        app = await self._app(call)
        rows = await self._parts.triggers.service.all(app.tenant_id, app.id)
        return {"data": [_trigger_object(row) for row in rows]}

    @route("POST", "/apps/{app_id}/trigger-enable", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=SwitchBody)  # fmt: skip
    async def switch(self, call: Call, body: SwitchBody) -> JsonObject:
        """Lets a trigger start runs, or no more."""
        app = await self._app(call)
        row = await self._parts.triggers.service.switch(app.tenant_id, app.id, body.trigger_id, on=body.enable_trigger)
        return _trigger_object(row)

    @route("GET", "/apps/{app_id}/workflows/triggers/webhook", auth="console", scope="workspace",
           permission=Permission.APP_VIEW, query=WebhookQuery)  # fmt: skip
    async def webhook(self, call: Call, query: WebhookQuery) -> JsonObject:
        """Shows the addresses of a webhook node."""
        app = await self._app(call)
        row = await self._parts.triggers.service.webhook(app.tenant_id, app.id, query.node_id)
        return _webhook_object(row, (self._parts.base or str(call.request.base_url)).rstrip("/"))

    @route("POST", "/apps/{app_id}/workflows/draft/trigger/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=TriggerRunBody)  # fmt: skip
    async def run(self, call: Call, body: TriggerRunBody) -> Response:
        """Runs the draft with the next event of a trigger, or says that none came yet."""
        return await self._run_with(call, [body.node_id])

    @route("POST", "/apps/{app_id}/workflows/draft/trigger/run-all", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=TriggerRunAllBody)  # fmt: skip
    async def run_all(self, call: Call, body: TriggerRunAllBody) -> Response:
        """Runs the draft with the next event of any of the triggers, or says that none came yet."""
        return await self._run_with(call, body.node_ids)

    @route("POST", "/apps/{app_id}/workflows/draft/nodes/{node_id}/trigger/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def run_node(self, call: Call) -> Response:
        """Runs only the trigger node with its next event, or says that none came yet."""
        app = await self._app(call)
        event = await self._look(call, app, [call.path["node_id"]])
        if event is None:
            return json_response(_WAITING)
        parts = self._parts.nodes
        version = await parts.published.draft(app.tenant_id, app.id)
        inputs = StepInputs(values=event.inputs)
        row = await parts.steps.run(app, version, debugging_user(call), event.node_id, inputs)
        people = await parts.names.people([row.created_by])
        return json_response(node_execution(row, people, {}, parts.links.of_value, parts.display))

    async def _run_with(self, call: Call, node_ids: Sequence[str]) -> Response:
        app = await self._app(call)
        event = await self._look(call, app, node_ids)
        if event is None:
            return json_response(_WAITING)
        request = RunRequest(
            app=debugged_app(app),
            version=await self._parts.nodes.published.draft(app.tenant_id, app.id),
            user=debugging_user(call),
            invoke_from="debugger",
            inputs=event.inputs,
            root_node_id=event.node_id,
        )
        return await run_response(call, await self._parts.runs.start(request))

    async def _look(self, call: Call, app: App, node_ids: Sequence[str]) -> Event | None:
        nodes = await self._parts.triggers.service.draft_nodes(app.tenant_id, app.id, node_ids)
        return await self._parts.triggers.debugging.look(app.id, call.account.account_id, nodes)

    async def _app(self, call: Call) -> App:
        return (await self._parts.nodes.apps.get(call.account.workspace_id, call.id("app_id"), modes=_WORKFLOW)).app


def _trigger_object(row: AppTrigger) -> JsonObject:
    return {
        "id": row.id,
        "trigger_type": row.trigger_type,
        "title": row.title,
        "node_id": row.node_id,
        "provider_name": row.provider_name,
        "icon": "",
        "status": row.status,
        "created_at": row.created_at.astimezone(UTC).isoformat(),
        "updated_at": row.updated_at.astimezone(UTC).isoformat(),
    }


def _webhook_object(row: WebhookTrigger, base: str) -> JsonObject:
    return {
        "id": row.id,
        "webhook_id": row.webhook_id,
        "webhook_url": f"{base}/triggers/webhook/{row.webhook_id}",
        "webhook_debug_url": f"{base}/triggers/webhook-debug/{row.webhook_id}",
        "node_id": row.node_id,
        "created_at": row.created_at.astimezone(UTC).isoformat(),
    }
