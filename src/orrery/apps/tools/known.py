"""What a workspace knows about its tools without asking anybody, as it is now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from orrery.apps.tools.workflow_tools import WorkflowTools
from orrery.tools.catalog import provider_kind, short_id
from orrery.tools.entity import ToolEntity
from orrery.tools.protocol import ToolRef
from orrery.workflow.check import Shortage
from orrery.workspaces.tools.built_in import WORKSPACE_DEFAULT
from orrery.workspaces.tools.parts import WorkspaceTools
from orrery.workspaces.tools.view import ProviderView


class KnownTools:
    """Implements `ToolKnowledge`."""

    def __init__(self, views: Sequence[ProviderView], credential_ids: Collection[str]) -> None:
        """``credential_ids`` are those of built-in providers."""
        self._by_key = {key: view for view in reversed(views) for key in _keys(view)}
        self._credential_ids = credential_ids

    def lacks(self, ref: ToolRef) -> Shortage | None:
        view = self.view(ref)
        if view is None:
            return "provider"
        if view.kind == "mcp" and not view.is_authorized:
            return "login"
        if self._tool(view, ref) is None:
            return "tool"
        chosen = ref.credential_id if ref.credential_id != WORKSPACE_DEFAULT else None
        if view.kind == "builtin" and (
            chosen not in self._credential_ids if chosen and view.plugin_id else not view.is_authorized
        ):
            return "credentials"
        return None

    def required_inputs(self, ref: ToolRef) -> Sequence[str]:
        view = self.view(ref)
        tool = self._tool(view, ref) if view is not None else None
        if tool is None:
            return ()
        return [each.name for each in tool.parameters if each.required and each.form == "llm" and each.default is None]

    def view(self, ref: ToolRef) -> ProviderView | None:
        """The provider that an app means; None where there is none."""
        kind = provider_kind(ref.provider_type)
        names = [short_id(ref.provider_id) if kind == "builtin" else ref.provider_id, ref.provider_name]
        if kind == "workflow":
            names.append(ref.tool_name)
        return next((view for name in names if (view := self._by_key.get((kind, name))) is not None), None)

    def _tool(self, view: ProviderView, ref: ToolRef) -> ToolEntity | None:
        return next((tool for tool in view.tools if tool.name == ref.tool_name), None)


class ToolKnowledgeSource:
    """Reads what is known."""

    def __init__(self, tools: WorkspaceTools, workflows: WorkflowTools) -> None:
        self._tools, self._workflows = tools, workflows

    async def of(self, workspace_id: str) -> KnownTools:
        """What can be told about the workspace's tools without a call."""
        tools = self._tools
        views = [
            *await tools.built_in.list(workspace_id),
            *await tools.api.list(workspace_id),
            *await self._workflows.list(workspace_id),
            *await tools.mcp.list(workspace_id),
        ]
        return KnownTools(views, await tools.built_in.credential_ids(workspace_id))


def _keys(view: ProviderView) -> list[tuple[str, str]]:
    """Everything that apps may call the provider by."""
    more: Mapping[str, object] = view.more
    names = [view.name, view.id, short_id(view.id), str(more.get("server_identifier") or "")]
    return [(view.kind, name) for name in names if name]
