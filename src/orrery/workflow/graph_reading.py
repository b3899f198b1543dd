"""Reads the stored nodes and edges of a graph, as the editor and old exports write them (workflow.md 2.1, 2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from orrery.workflow.broken_node import BrokenNode
from orrery.workflow.fields import as_mapping, as_mappings, as_text
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.graph_node import CONTAINER_STARTS, START_TYPES, GraphNode
from orrery.workflow.node import Node
from orrery.workflow.node_settings import read_settings
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.topology import Edges

Problem: TypeAlias = tuple[str, str]

_NOTE_TYPES = frozenset({"", "note", "custom-note"})


def read_nodes(stored: Sequence[object], registry: NodeRegistry, problems: list[Problem]) -> list[GraphNode]:
    """All nodes that are not notes; what is wrong with one is appended to ``problems`` as (node id, text)."""
    nodes: list[GraphNode] = []
    seen: set[str] = set()
    for item in as_mappings(stored):
        data = as_mapping(item.get("data"))
        node_id, node_type = as_text(item.get("id")), as_text(data.get("type"))
        if not node_id or node_id in seen or item.get("type") == "custom-note" or node_type in _NOTE_TYPES:
            continue
        seen.add(node_id)
        node = _make_node(node_id, node_type, data, registry, problems)
        settings = read_settings(node_id, node_type, data)
        parent = item.get("parentId") or data.get("iteration_id") or data.get("loop_id")
        nodes.append(
            GraphNode(
                index=len(nodes),
                id=node_id,
                type=node_type,
                title=as_text(data.get("title")),
                kind="branch" if settings.strategy == "fail-branch" else node.kind,
                node=node,
                settings=settings,
                data=data,
                parent_id=as_text(parent) or None,
                inline=bool(getattr(node, "inline", False)),
                hidden=node_type in CONTAINER_STARTS,
            )
        )
    return nodes


def _make_node(
    node_id: str, node_type: str, data: Mapping[str, object], registry: NodeRegistry, problems: list[Problem]
) -> Node:
    kind = registry.find(node_type, str(data.get("version") or "1"))
    if kind is None:
        text = f"Unknown node type: {node_type}"
    else:
        try:
            return kind.parse(node_id, data)
        except ValueError as error:
            text = str(error)
    problems.append((node_id, text))
    return BrokenNode(text)


def read_edges(stored: Sequence[object], index: Mapping[str, int]) -> tuple[Edges, list[Problem]]:
    """All edges between nodes; the second part lists (code, text) of edges with an end that is not there."""
    edges: list[tuple[int, int, str]] = []
    issues: list[Problem] = []
    for item in as_mappings(stored):
        source, target = item.get("source"), item.get("target")
        if not isinstance(source, str) or not isinstance(target, str):
            continue
        missing = [end for end in (source, target) if end not in index]
        if missing:
            issues += [
                ("MISSING_NODE", f"An edge leads to or from the node '{end}', which is missing") for end in missing
            ]
            continue
        edges.append((index[source], index[target], as_text(item.get("sourceHandle")) or "source"))
    return Edges(len(index), edges), issues


def choose_root(nodes: Sequence[GraphNode], edges: Edges, root_id: str | None) -> GraphNode:
    """The wanted root, or the first start among the nodes without incoming edges, or the first of those."""
    if root_id is not None:
        found = next((node for node in nodes if node.id == root_id), None)
        if found is None:
            raise GraphError(f"Root node id {root_id} not found in the graph")
        return found
    targets = set(edges.target)
    candidates = [node for node in nodes if node.index not in targets]
    # A container's own start has no incoming edge either, but belongs to the container.
    outer = [node for node in candidates if node.type not in CONTAINER_STARTS] or candidates
    if not outer:
        raise GraphError("Unable to determine root node ID")
    return next((node for node in outer if node.type in START_TYPES), outer[0])


def root_issues(nodes: Sequence[GraphNode], root: GraphNode) -> list[Problem]:
    """(code, text) of what is wrong with the starts of a graph."""
    issues: list[Problem] = []
    if root.type not in START_TYPES and root.type not in CONTAINER_STARTS:
        issues.append(("INVALID_ROOT", f"The node '{root.id}' of type '{root.type}' can't be the start of a run"))
    types = {node.type for node in nodes}
    if "start" in types and any(kind.startswith("trigger-") for kind in types):
        issues.append(
            ("TRIGGER_START_NODE_CONFLICT", "Start node and trigger nodes cannot coexist in the same workflow")
        )
    return issues
