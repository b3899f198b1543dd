"""Which plugins an app needs, as app files list them (workflow.md 1.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

JsonObject = Mapping[str, object]


def dependencies_of_graph(graph: JsonObject) -> list[dict[str, object]]:
    """The plugins behind a graph's tools, models, strategies and triggers; built-in providers need none."""
    found: set[str] = set()
    for data in _node_data(graph):
        identifier = data.get("plugin_unique_identifier")
        if identifier:
            found.add(str(identifier))
    return _listed(found)


def dependencies_of_config(configs: JsonObject) -> list[dict[str, object]]:
    """The plugins behind a basic app's agent tools."""
    agent = configs.get("agent_mode")
    tools = cast("JsonObject", agent).get("tools") if isinstance(agent, Mapping) else None
    found: set[str] = set()
    for tool in cast("list[object]", tools) if isinstance(tools, list) else []:
        identifier = cast("JsonObject", tool).get("plugin_unique_identifier") if isinstance(tool, Mapping) else None
        if identifier:
            found.add(str(identifier))
    return _listed(found)


def provider_of(dependency: object) -> str:
    """The model provider that a listed plugin stands for, as ``author/plugin/provider``; empty for other plugins.

    A provider's plugin carries the provider's name, so ``langgenius/openai:0.2.0@…`` gives openai's provider.
    """
    value = cast("JsonObject", dependency).get("value") if isinstance(dependency, Mapping) else None
    if not isinstance(value, Mapping):
        return ""
    names = ("marketplace_plugin_unique_identifier", "plugin_unique_identifier", "github_plugin_unique_identifier")
    found = next((str(text) for name in names if (text := cast("JsonObject", value).get(name))), "")
    plugin = found.partition("@")[0].partition(":")[0]
    return f"{plugin}/{plugin.rpartition('/')[2]}" if plugin else ""


def _node_data(graph: JsonObject) -> Iterable[JsonObject]:
    nodes = graph.get("nodes")
    for node in cast("list[object]", nodes) if isinstance(nodes, list) else []:
        data = cast("JsonObject", node).get("data") if isinstance(node, Mapping) else None
        if isinstance(data, Mapping):
            yield cast("JsonObject", data)


def _listed(identifiers: Iterable[str]) -> list[dict[str, object]]:
    return [
        {
            "type": "marketplace",
            "value": {"marketplace_plugin_unique_identifier": identifier, "version": None},
            "current_identifier": None,
        }
        for identifier in sorted(identifiers)
    ]
