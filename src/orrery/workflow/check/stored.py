"""A stored graph as an examination reads it: tolerant, so that one fault doesn't hide the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from orrery.workflow.check.finding import Named
from orrery.workflow.fields import as_mapping, as_mappings, as_text
from orrery.workflow.graph_node import START_TYPES
from orrery.workflow.nodes.human_input_data import TIMEOUT_HANDLE

CONTAINERS: Final = frozenset({"iteration", "loop"})
RESPONSES: Final = frozenset({"end", "answer", "knowledge-index"})
_NOTES: Final = frozenset({"", "note", "custom-note"})


class StoredNode(Named, frozen=True):
    """One node that is not a note; ``parent`` is its container's id or empty."""

    type: str
    data: Mapping[str, object]
    parent: str

    def handles(self) -> dict[str, str] | None:
        """What its edges may start from, as handle → how people know it; None for nodes with one way on."""
        found = self._own_handles()
        if self.data.get("error_strategy") == "fail-branch":
            found = {**(found or {"source": "success"}), "fail-branch": "failure"}
        return found

    def _own_handles(self) -> dict[str, str] | None:
        data = self.data
        if self.type == "if-else":
            cases = as_mappings(data.get("cases"))
            ids = [as_text(case.get("case_id")) or as_text(case.get("id")) or "true" for case in cases] or ["true"]
            return {**{name: f"case {place + 1}" for place, name in enumerate(ids)}, "false": "else"}
        if self.type == "question-classifier":
            return {str(item.get("id")): as_text(item.get("name")) for item in as_mappings(data.get("classes"))}
        if self.type == "human-input":
            actions = as_mappings(data.get("user_actions"))
            if not actions:
                return None
            return {**{as_text(a.get("id")): as_text(a.get("title")) for a in actions}, TIMEOUT_HANDLE: "timeout"}
        return None


class StoredEdge(msgspec.Struct, frozen=True):
    source: str
    target: str
    handle: str


class StoredGraph:
    """Nodes by id, edges between nodes that are there, and what leads where."""

    def __init__(self, nodes: Iterable[StoredNode], edges: Iterable[StoredEdge]) -> None:
        self.nodes = {node.id: node for node in nodes}
        self.edges = [edge for edge in edges if edge.source in self.nodes and edge.target in self.nodes]

    @classmethod
    def read(cls, graph: Mapping[str, object]) -> StoredGraph:
        nodes: list[StoredNode] = []
        seen: set[str] = set()
        for item in as_mappings(graph.get("nodes")):
            data = as_mapping(item.get("data"))
            node_id, kind = as_text(item.get("id")), as_text(data.get("type"))
            if not node_id or node_id in seen or item.get("type") == "custom-note" or kind in _NOTES:
                continue
            seen.add(node_id)
            parent = as_text(item.get("parentId") or data.get("iteration_id") or data.get("loop_id"))
            nodes.append(StoredNode(node_id, as_text(data.get("title")), kind, data, parent))
        edges = [
            StoredEdge(
                as_text(item.get("source")), as_text(item.get("target")), as_text(item.get("sourceHandle")) or "source"
            )
            for item in as_mappings(graph.get("edges"))
        ]
        return cls(nodes, edges)

    @cached_property
    def outgoing(self) -> Mapping[str, Sequence[StoredEdge]]:
        found: dict[str, list[StoredEdge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return found

    @cached_property
    def incoming(self) -> Mapping[str, Sequence[StoredEdge]]:
        found: dict[str, list[StoredEdge]] = {}
        for edge in self.edges:
            found.setdefault(edge.target, []).append(edge)
        return found

    def of_type(self, *types: str) -> list[StoredNode]:
        return [node for node in self.nodes.values() if node.type in types]

    def roots(self) -> list[StoredNode]:
        """Where runs may begin."""
        return [node for node in self.nodes.values() if node.type in START_TYPES and node.id not in self.incoming]

    def children(self, container_id: str) -> list[StoredNode]:
        return [node for node in self.nodes.values() if node.parent == container_id]

    def start_of(self, container: StoredNode) -> StoredNode | None:
        """The node that a container's rounds begin with."""
        return self.nodes.get(as_text(container.data.get("start_node_id")) or f"{container.id}start")

    def reached(self, starts: Iterable[str]) -> set[str]:
        """The nodes themselves and all that they lead to."""
        return _closure(starts, lambda name: [edge.target for edge in self.outgoing.get(name, ())])

    def before(self, node_id: str) -> set[str]:
        """All nodes that lead to a node on its own level."""
        return _closure([node_id], lambda name: [edge.source for edge in self.incoming.get(name, ())]) - {node_id}

    def containers_of(self, node: StoredNode) -> list[StoredNode]:
        """The containers around a node, innermost first."""
        found: list[StoredNode] = []
        current: StoredNode | None = self.nodes.get(node.parent)
        while current is not None and current not in found:
            found.append(current)
            current = self.nodes.get(current.parent)
        return found


def _closure(starts: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    found = set(starts)
    stack = list(found)
    while stack:
        for name in step(stack.pop()):
            if name not in found:
                found.add(name)
                stack.append(name)
    return found
