"""Console routes of single nodes of a draft: run one alone, see how it last ran (workflow.md 7.3)."""

from __future__ import annotations

import msgspec

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.files.links import FileLinks
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.single_step import SingleSteps, StepInputs
from orrery.apps.runs.tables import NodeExecution
from orrery.apps.runs.truncation import DisplayLimits
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.debug_runs_caller import DEBUG_BODY_LIMIT, debugging_user
from orrery.http.console.run_history_shapes import node_execution
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission
from orrery.workspaces.members.names import AccountNames


class NodeRunBody(msgspec.Struct, kw_only=True):
    inputs: dict[str, object]
    query: str = ""
    files: list[object] | None = None


class DraftNodeParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes call."""

    apps: AppService
    published: PublishedVersions
    records: RunRecords
    steps: SingleSteps
    names: AccountNames
    links: FileLinks
    display: DisplayLimits


class DraftNodeRoutes(RouteGroup):
    """Nodes of drafts, one at a time."""

    def __init__(self, parts: DraftNodeParts) -> None:
        self._parts = parts

    @route("POST", "/apps/{app_id}/workflows/draft/nodes/{node_id}/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=NodeRunBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run(self, call: Call, body: NodeRunBody) -> JsonObject:
        """Runs one node of the draft with the given inputs."""
        app = (await self._parts.apps.get(call.account.workspace_id, call.id("app_id"), modes=GRAPH_MODES)).app
        version = await self._parts.published.draft(app.tenant_id, app.id)
        inputs = StepInputs(values=body.inputs, query=body.query, files=body.files or ())
        row = await self._parts.steps.run(app, version, debugging_user(call), call.path["node_id"], inputs)
        return await self._shown(row)

    @route("GET", "/apps/{app_id}/workflows/draft/nodes/{node_id}/last-run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def last_run(self, call: Call) -> JsonObject:
        """Shows how a node last ran, alone or in a debug run."""
        app = (await self._parts.apps.get(call.account.workspace_id, call.id("app_id"), modes=GRAPH_MODES)).app
        row = await self._parts.records.last_of_node(app.id, call.path["node_id"])
        if row is None:
            raise NotFound("last run not found")
        return await self._shown(row)

    async def _shown(self, row: NodeExecution) -> JsonObject:
        people = await self._parts.names.people([row.created_by])
        return node_execution(row, people, {}, self._parts.links.of_value, self._parts.display)
