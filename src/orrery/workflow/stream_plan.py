"""Which response node may begin to stream when: compiled from a graph, once per root (workflow.md 2.9).

A session may begin when some path from the root to its node has all its *blocking* edges taken. Instead of listing
paths, whose number grows exponentially, a `Gate` keeps the set of nodes that are connected to the root by passable
edges, an edge being passable when it doesn't block or was taken. A path with all blocking edges taken exists exactly
when the response node is in that set. Sessions that see the same edges as blocking share one gate, so the whole costs
O(edges) for each different set, at parse time and during a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orrery.workflow.graph_node import GraphNode, ResponseNode, WritingNode
from orrery.workflow.template import Piece
from orrery.workflow.topology import Edges, Topology

_BLOCKING_KINDS: Final = frozenset({"branch", "container", "response"})


class SessionPlan:
    """One response node's text."""

    __slots__ = ("node", "segments")

    def __init__(self, node: GraphNode, segments: Sequence[Piece]) -> None:
        self.node, self.segments = node, tuple(segments)


class Gate:
    """Sessions that wait for the same edges: ``blocking`` by edge number, ``reached`` by node before the run."""

    __slots__ = ("blocking", "reached", "sessions")

    def __init__(self, edges: Edges, root: int, blocking: bytes, sessions: dict[int, SessionPlan]) -> None:
        self.blocking, self.sessions = blocking, sessions
        reached = bytearray(len(edges.outgoing))
        reached[root] = 1
        spread(edges, blocking, reached, root)
        self.reached = bytes(reached)


def spread(edges: Edges, blocking: bytes, reached: bytearray, start: int) -> list[int]:
    """Marks what ``start`` reaches over edges that don't block; returns the newly marked nodes."""
    found: list[int] = []
    stack = [start]
    while stack:
        for number in edges.outgoing[stack.pop()]:
            target = edges.target[number]
            if not blocking[number] and not reached[target]:
                reached[target] = 1
                found.append(target)
                stack.append(target)
    return found


class StreamPlan:
    """All sessions of a rooted graph, and the selectors that any of them refers to."""

    __slots__ = ("gates", "immediate", "referenced")

    def __init__(self, nodes: Sequence[GraphNode], edges: Edges, topology: Topology, root: int) -> None:
        kinds = bytes(nodes[source].kind in _BLOCKING_KINDS for source in edges.source)
        writers = [
            (node.index, {tuple(target[:2]) for target in node.node.writes()})
            for node in nodes
            if topology.reachable[node.index] and isinstance(node.node, WritingNode)
        ]
        grouped: dict[frozenset[int], dict[int, SessionPlan]] = {}
        referenced: set[tuple[str, ...]] = set()
        for node in nodes:
            if not topology.reachable[node.index] or not isinstance(node.node, ResponseNode):
                continue
            plan = SessionPlan(node, node.node.segments)
            selectors = {piece.selector for piece in plan.segments if piece.is_reference and piece.selector}
            referenced |= selectors
            variables = {selector[:2] for selector in selectors}
            extra = frozenset(index for index, targets in writers if targets & variables)
            grouped.setdefault(extra, {})[node.index] = plan
        self.gates = tuple(
            Gate(edges, root, _with_sources(kinds, edges, extra), plans) for extra, plans in grouped.items()
        )
        self.referenced = frozenset(referenced)
        waiting_for_nothing = [
            plan for gate in self.gates for index, plan in gate.sessions.items() if gate.reached[index]
        ]
        self.immediate = tuple(sorted(waiting_for_nothing, key=lambda plan: plan.node.index))


def _with_sources(blocking: bytes, edges: Edges, sources: frozenset[int]) -> bytes:
    if not sources:
        return blocking
    return bytes(blocks or source in sources for blocks, source in zip(blocking, edges.source, strict=True))
