"""Workflows published as tools (product reference, 6.11)."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec

from orrery.apps.tools.workflow_entity import ParameterChoice
from orrery.apps.tools.workflow_tools import WorkflowToolDetail, WorkflowToolForm, WorkflowTools
from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE, Done, acting
from orrery.http.console.tools_shapes import NO_ICON, tool_object
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import JsonObject
from orrery.security.permissions import Permission
from orrery.workspaces.tools.errors import ToolRefused

_BASE = "/workspaces/current/tool-provider/workflow"

Text = Annotated[str, msgspec.Meta(max_length=10_000)]


class FormBody(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form."""

    name: str
    label: str
    description: Text
    icon: dict[str, object]
    parameters: list[ParameterChoice] = []
    privacy_policy: Text | None = ""
    labels: list[str] | None = None

    def form(self) -> WorkflowToolForm:
        return WorkflowToolForm(
            name=self.name,
            label=self.label,
            description=self.description,
            icon=self.icon,
            parameters=self.parameters,
            privacy_policy=self.privacy_policy or "",
            labels=self.labels or (),
        )


class NewToolBody(FormBody, frozen=True, kw_only=True):
    """A filled-in form for an app."""

    workflow_app_id: str


class ChangedToolBody(FormBody, frozen=True, kw_only=True):
    """A filled-in form for a tool that exists."""

    workflow_tool_id: str


class ToolBody(msgspec.Struct, frozen=True):
    """A tool."""

    workflow_tool_id: str


class ToolQuery(msgspec.Struct, frozen=True):
    """A tool by its own id or its app's."""

    workflow_tool_id: str = ""
    workflow_app_id: str = ""


class ToolIdQuery(msgspec.Struct, frozen=True):
    """A tool."""

    workflow_tool_id: str


class WorkflowToolRoutes(RouteGroup):
    """Publishes, changes, shows and takes back."""

    def __init__(self, tools: WorkflowTools) -> None:
        self._tools = tools

    @route(
        "POST",
        f"{_BASE}/create",
        auth="console",
        scope="workspace",
        permission=Permission.TOOL_MANAGE,
        body=NewToolBody,
    )
    async def publish(self, call: Call, body: NewToolBody) -> Done:
        """Makes an app's version in use a tool."""
        await self._tools.publish(acting(call), body.workflow_app_id.lower(), body.form())
        return DONE

    @route(
        "POST",
        f"{_BASE}/update",
        auth="console",
        scope="workspace",
        permission=Permission.TOOL_MANAGE,
        body=ChangedToolBody,
    )
    async def change(self, call: Call, body: ChangedToolBody) -> Done:
        """Changes a tool, and lets it run the version that is in use now."""
        await self._tools.change(acting(call), body.workflow_tool_id.lower(), body.form())
        return DONE

    @route(
        "POST", f"{_BASE}/delete", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=ToolBody
    )
    async def remove(self, call: Call, body: ToolBody) -> Done:
        """Takes a tool back."""
        await self._tools.remove(acting(call), body.workflow_tool_id.lower())
        return DONE

    @route("GET", f"{_BASE}/get", auth="console", scope="workspace", permission=Permission.TOOL_VIEW, query=ToolQuery)
    async def get(self, call: Call, query: ToolQuery) -> JsonObject:
        """A tool as its form shows it."""
        if not query.workflow_tool_id and not query.workflow_app_id:
            raise ToolRefused("Give workflow_tool_id or workflow_app_id.", params="workflow_tool_id")
        found = await self._tools.show(
            call.account.workspace_id, tool_id=query.workflow_tool_id.lower(), app_id=query.workflow_app_id.lower()
        )
        return _detail(found)

    @route(
        "GET", f"{_BASE}/tools", auth="console", scope="workspace", permission=Permission.TOOL_VIEW, query=ToolIdQuery
    )
    async def tools(self, call: Call, query: ToolIdQuery) -> list[JsonObject]:
        """The one tool of the provider."""
        found = await self._tools.show(call.account.workspace_id, tool_id=query.workflow_tool_id.lower())
        return [tool_object(found.entity, "", _labels(found))]


def _labels(found: WorkflowToolDetail) -> list[str]:
    return cast("list[str]", found.row.labels or [])


def _detail(found: WorkflowToolDetail) -> JsonObject:
    row = found.row
    return {
        "name": row.name,
        "label": row.label,
        "workflow_tool_id": row.id,
        "workflow_app_id": row.app_id,
        "icon": row.icon or NO_ICON,
        "description": row.description,
        "parameters": row.parameters,
        "output_schema": found.entity.output_schema,
        "tool": tool_object(found.entity, "", _labels(found)),
        "synced": found.is_synced,
        "privacy_policy": row.privacy_policy,
    }
