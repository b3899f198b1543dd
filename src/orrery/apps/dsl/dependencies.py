"""Which plugins an app needs, as app files list them (workflow.md 1.4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

JsonObject = Mapping[str, object]
_MODEL_NODES = frozenset({"llm", "question-classifier", "parameter-extractor"})


def dependencies_of_graph(graph: JsonObject) -> list[dict[str, object]]:
    """The plugins behind a graph's tools, models, strategies and triggers; built-in providers need none."""
    found: set[str] = set()
    for node in cast("list[JsonObject]", graph.get("nodes") or []):
        data = node.get("data")
        if isinstance(data, Mapping):
            found.update(_of_node(cast("JsonObject", data)))
    return _listed(found)


def dependencies_of_config(configs: JsonObject) -> list[dict[str, object]]:
    """The plugins behind a basic app's agent tools."""
    agent = cast("JsonObject", configs.get("agent_mode") or {})
    tools = cast("list[JsonObject]", agent.get("tools") or [])
    return _listed({str(t["plugin_unique_identifier"]) for t in tools if t.get("plugin_unique_identifier")})


def providers_of_graph(graph: JsonObject) -> set[str]:
    """The model providers that a graph names, as it names them."""
    found: set[str] = set()
    for node in cast("list[JsonObject]", graph.get("nodes") or []):
        data = cast("JsonObject", node.get("data") or {})
        model = data.get("model")
        if data.get("type") in _MODEL_NODES and isinstance(model, Mapping):
            provider = cast("JsonObject", model).get("provider")
            if provider:
                found.add(str(provider))
    return found


def _of_node(data: JsonObject) -> Iterable[str]:
    identifier = data.get("plugin_unique_identifier")
    if identifier:
        yield str(identifier)


def _listed(identifiers: Iterable[str]) -> list[dict[str, object]]:
    return [
        {
            "type": "marketplace",
            "value": {"marketplace_plugin_unique_identifier": identifier, "version": None},
            "current_identifier": None,
        }
        for identifier in sorted(identifiers)
    ]
