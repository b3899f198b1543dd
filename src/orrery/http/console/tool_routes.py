"""The route groups of tools, to be mounted below ``/console/api``."""

from __future__ import annotations

from orrery.apps.tools.workflow_tools import WorkflowTools
from orrery.http.console.tools import ToolRoutes
from orrery.http.console.tools_api import ApiToolRoutes
from orrery.http.console.tools_built_in import BuiltInToolRoutes
from orrery.http.console.tools_mcp import McpRoutes
from orrery.http.console.tools_shapes import ToolPages
from orrery.http.console.tools_workflow import WorkflowToolRoutes
from orrery.http.endpoint import RouteGroup
from orrery.settings.groups.urls import Urls
from orrery.workspaces.tools.parts import WorkspaceTools


def tool_routes(tools: WorkspaceTools, workflows: WorkflowTools, urls: Urls) -> list[RouteGroup]:
    """Lists, and each kind's own routes."""
    pages = ToolPages(urls)
    return [
        ToolRoutes(tools, workflows, pages),
        BuiltInToolRoutes(tools.built_in, pages),
        ApiToolRoutes(tools.api),
        WorkflowToolRoutes(workflows),
        McpRoutes(tools.mcp, pages),
    ]
