"""Lists of tools of every kind (product reference, 6.11)."""

from __future__ import annotations

from typing import Literal

import msgspec

from orrery.apps.tools.workflow_tools import WorkflowTools
from orrery.http.call import Call
from orrery.http.console.tools_shapes import ToolPages, label_objects, provider_object
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import JsonObject
from orrery.security.permissions import Permission
from orrery.workspaces.tools.parts import WorkspaceTools
from orrery.workspaces.tools.view import ProviderView

_BASE = "/workspaces/current"


class KindQuery(msgspec.Struct, frozen=True):
    """Only providers of this kind; ``model`` has none."""

    type: Literal["builtin", "model", "api", "workflow", "mcp", ""] = ""


class ToolRoutes(RouteGroup):
    """What the workspace has."""

    def __init__(self, tools: WorkspaceTools, workflows: WorkflowTools, pages: ToolPages) -> None:
        self._tools, self._workflows, self._pages = tools, workflows, pages

    @route(
        "GET",
        f"{_BASE}/tool-providers",
        auth="console",
        scope="workspace",
        permission=Permission.TOOL_VIEW,
        query=KindQuery,
    )
    async def providers(self, call: Call, query: KindQuery) -> list[JsonObject]:
        """Providers of all kinds, or of one."""
        workspace_id, found = call.account.workspace_id, list[ProviderView]()
        if query.type in {"", "builtin"}:
            found += await self._tools.built_in.list(workspace_id)
        if query.type in {"", "api"}:
            found += await self._tools.api.list(workspace_id)
        if query.type in {"", "workflow"}:
            found += await self._workflows.list(workspace_id)
        if query.type in {"", "mcp"}:
            found += await self._tools.mcp.list(workspace_id)
        return self._objects(call, found, with_tools=query.type == "mcp")

    @route("GET", f"{_BASE}/tools/builtin", auth="console", scope="workspace", permission=Permission.TOOL_VIEW)
    async def built_in(self, call: Call) -> list[JsonObject]:
        """Built-in providers with their tools."""
        return self._objects(call, await self._tools.built_in.list(call.account.workspace_id))

    @route("GET", f"{_BASE}/tools/api", auth="console", scope="workspace", permission=Permission.TOOL_VIEW)
    async def api(self, call: Call) -> list[JsonObject]:
        """Imported APIs with their tools."""
        return self._objects(call, await self._tools.api.list(call.account.workspace_id))

    @route("GET", f"{_BASE}/tools/workflow", auth="console", scope="workspace", permission=Permission.TOOL_VIEW)
    async def workflow(self, call: Call) -> list[JsonObject]:
        """Workflows that are tools."""
        return self._objects(call, await self._workflows.list(call.account.workspace_id))

    @route("GET", f"{_BASE}/tools/mcp", auth="console", scope="workspace", permission=Permission.TOOL_VIEW)
    async def mcp(self, call: Call) -> list[JsonObject]:
        """MCP servers with their tools."""
        return self._objects(call, await self._tools.mcp.list(call.account.workspace_id))

    @route("GET", f"{_BASE}/tool-labels", auth="console", scope="workspace", permission=Permission.TOOL_VIEW)
    async def labels(self, call: Call) -> list[JsonObject]:
        """The words that providers are sorted under."""
        return label_objects()

    def _objects(self, call: Call, found: list[ProviderView], *, with_tools: bool = True) -> list[JsonObject]:
        icons = self._pages.icons(call)
        return [provider_object(view, icon_base=icons, with_tools=with_tools) for view in found]
