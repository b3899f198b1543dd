"""Console routes that run one container of a draft and stream its rounds (workflow.md 7.3)."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.apps.catalog.service import AppService
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.service import RunService
from orrery.apps.runs.single_step import SingleSteps
from orrery.http.call import Call
from orrery.http.console.debug_runs_caller import DEBUG_BODY_LIMIT, debugging_user
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import run_response
from orrery.security.permissions import Permission

_WORKFLOW = frozenset({"workflow"})
_CHATFLOW = frozenset({"advanced-chat"})


class ContainerRunBody(msgspec.Struct):
    """``inputs`` by the container's own names and by references of its inner nodes."""

    inputs: dict[str, object] | None = None


class SingleRunRoutes(RouteGroup):
    """Iterations and loops of drafts, alone."""

    def __init__(self, apps: AppService, published: PublishedVersions, steps: SingleSteps, runs: RunService) -> None:
        self._apps = apps
        self._published = published
        self._steps = steps
        self._runs = runs

    @route("POST", "/apps/{app_id}/workflows/draft/iteration/nodes/{node_id}/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=ContainerRunBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_iteration(self, call: Call, body: ContainerRunBody) -> Response:
        """Runs an iteration of a workflow's draft and streams it."""
        return await self._run(call, body, "iteration", _WORKFLOW)

    @route("POST", "/apps/{app_id}/workflows/draft/loop/nodes/{node_id}/run", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=ContainerRunBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_loop(self, call: Call, body: ContainerRunBody) -> Response:
        """Runs a loop of a workflow's draft and streams it."""
        return await self._run(call, body, "loop", _WORKFLOW)

    @route("POST", "/apps/{app_id}/advanced-chat/workflows/draft/iteration/nodes/{node_id}/run", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, body=ContainerRunBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_chat_iteration(self, call: Call, body: ContainerRunBody) -> Response:
        """Runs an iteration of a chatflow's draft and streams it."""
        return await self._run(call, body, "iteration", _CHATFLOW)

    @route("POST", "/apps/{app_id}/advanced-chat/workflows/draft/loop/nodes/{node_id}/run", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, body=ContainerRunBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_chat_loop(self, call: Call, body: ContainerRunBody) -> Response:
        """Runs a loop of a chatflow's draft and streams it."""
        return await self._run(call, body, "loop", _CHATFLOW)

    async def _run(self, call: Call, body: ContainerRunBody, kind: str, modes: frozenset[str]) -> Response:
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=modes)).app
        version = await self._published.draft(app.tenant_id, app.id)
        user = debugging_user(call)
        request = await self._steps.container(app, version, user, call.path["node_id"], kind, body.inputs or {})
        return await run_response(call, await self._runs.start(request))
