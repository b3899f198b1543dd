"""Console route that repeats a run from one of its nodes."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.responses import Response

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.runs.rerun import Reruns
from orrery.apps.runs.service import RunService
from orrery.http.call import Call
from orrery.http.console.debug_runs_caller import debugging_user
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import run_response
from orrery.security.permissions import Permission


class RerunBody(msgspec.Struct, kw_only=True):
    """``graph``: the draft's, to try a mended node on what came before it, or the one that the run had."""

    node_id: str
    graph: Literal["draft", "recorded"] = "draft"


class RerunRoutes(RouteGroup):
    """Runs again, from the middle."""

    def __init__(self, apps: AppService, reruns: Reruns, runs: RunService) -> None:
        self._apps = apps
        self._reruns = reruns
        self._runs = runs

    @route("POST", "/apps/{app_id}/workflow-runs/{run_id}/rerun", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=RerunBody)  # fmt: skip
    async def rerun(self, call: Call, body: RerunBody) -> Response:
        """Repeats a run from a node as a debug run and streams it; what came before the node is not done again."""
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=GRAPH_MODES)).app
        recorded = body.graph == "recorded"
        user = debugging_user(call)
        request = await self._reruns.request(app, user, call.id("run_id"), body.node_id, recorded_graph=recorded)
        return await run_response(call, await self._runs.start(request))
