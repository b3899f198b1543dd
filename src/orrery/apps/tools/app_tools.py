"""The tools that an app names: their icons for its pages, and those that are no longer there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from orrery.agents.app_config import read_agent_mode
from orrery.apps.catalog.access import AppRecord
from orrery.apps.catalog.tables import AppModelConfig
from orrery.apps.tools.known import KnownTools, ToolKnowledgeSource
from orrery.apps.workflows.tables import Workflow
from orrery.database import Database
from orrery.tools.protocol import ToolRef
from orrery.workflow.fields import as_mapping, as_mappings, as_text

_BUILT_IN: Final = "/console/api/workspaces/current/tool-provider/builtin"
_NO_ICON: Final[Mapping[str, str]] = {"background": "#252525", "content": "🔧"}


class AppTools:
    """Reads an app's tools from its version in use. ``console_api`` is where icons of built-in providers come from."""

    def __init__(self, database: Database, known: ToolKnowledgeSource, *, console_api: str) -> None:
        self._database, self._known, self._console_api = database, known, console_api.rstrip("/")

    async def icons(self, app: AppRecord, address: str) -> dict[str, object]:
        """Tool name → address or ``{background, content}``; ``address`` is the request's, where no other is set."""
        refs = await self._refs(app)
        if not refs:
            return {}
        known, found = await self._known.of(app.workspace_id), dict[str, object]()
        for ref in refs:
            icon = icon_of(known, ref, self._console_api or address.rstrip("/"))
            if icon is not None:
                found[ref.tool_name] = icon
        return found

    async def deleted(self, workspace_id: str, configs: object) -> list[dict[str, object]]:
        """Tools of a basic app's configuration that the workspace no longer has."""
        refs = refs_of_config(configs)
        if not refs:
            return []
        known = await self._known.of(workspace_id)
        return [
            {"type": ref.provider_type, "tool_name": ref.tool_name, "provider_id": ref.provider_id}
            for ref in refs
            if known.lacks(ref) in {"provider", "tool"}
        ]

    async def _refs(self, app: AppRecord) -> Sequence[ToolRef]:
        async with self._database.read() as session:
            if app.config_id is not None:
                config = await session.get(AppModelConfig, app.config_id)
                return [] if config is None else refs_of_config(config.configs)
            workflow = await session.get(Workflow, app.workflow_id) if app.workflow_id is not None else None
        return [] if workflow is None else _refs_of_graph(workflow.graph)


class NodeIcons:
    """Icons of a run's tool nodes, for ``extras`` of their start (workflow.md 4.2)."""

    def __init__(self, known: ToolKnowledgeSource, *, console_api: str) -> None:
        self._known, self._console_api = known, console_api.rstrip("/")

    async def of(self, workspace_id: str, refs: Mapping[str, ToolRef]) -> dict[str, object]:
        """By node id; nothing for tools that are not there."""
        known = await self._known.of(workspace_id)
        found = {node_id: icon_of(known, ref, self._console_api) for node_id, ref in refs.items()}
        return {node_id: icon for node_id, icon in found.items() if icon is not None}


def icon_of(known: KnownTools, ref: ToolRef, base: str) -> object:
    """An address below ``base``, or ``{background, content}``; None for a tool that is not there."""
    view = known.view(ref)
    if view is None:
        return None
    return f"{base}{_BUILT_IN}/{view.name}/icon" if view.kind == "builtin" else view.icon or _NO_ICON


def refs_of_config(configs: object) -> list[ToolRef]:
    """The tools of a basic app's agent."""
    return [
        ToolRef(
            provider_type=tool.provider_type,
            provider_id=tool.provider_id,
            tool_name=tool.tool_name,
            provider_name=tool.provider_name,
            credential_id=tool.credential_id,
        )
        for tool in read_agent_mode(as_mapping(configs).get("agent_mode")).tools
    ]


def _refs_of_graph(text: str) -> list[ToolRef]:
    graph = msgspec.json.decode(text, type=dict[str, object])
    nodes = [as_mapping(node.get("data")) for node in as_mappings(graph.get("nodes"))]
    return [
        ToolRef(
            provider_type=as_text(data.get("provider_type"), "builtin"),
            provider_id=as_text(data.get("provider_id")),
            tool_name=as_text(data.get("tool_name")),
            provider_name=as_text(data.get("provider_name")),
        )
        for data in nodes
        if data.get("type") == "tool"
    ]
