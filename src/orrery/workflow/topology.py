"""The bare shape of a graph: numbered nodes and edges, and what can be reached from a root."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence


class Edges:
    """All edges as parallel tuples; ``outgoing`` lists edge numbers by source node."""

    __slots__ = ("handle", "outgoing", "source", "target")

    def __init__(self, node_count: int, edges: Sequence[tuple[int, int, str]]) -> None:
        """``edges`` are (source, target, source handle) in stored order."""
        self.source = tuple(edge[0] for edge in edges)
        self.target = tuple(edge[1] for edge in edges)
        self.handle = tuple(edge[2] for edge in edges)
        outgoing: list[list[int]] = [[] for _ in range(node_count)]
        for number, edge in enumerate(edges):
            outgoing[edge[0]].append(number)
        self.outgoing = tuple(tuple(numbers) for numbers in outgoing)


class Topology:
    """What a root reaches.

    ``live_incoming`` counts each node's incoming edges from reachable nodes: the others can never be taken, so nobody
    waits for them. ``cycle`` holds reachable nodes that would wait for each other for ever, empty in a proper graph.
    """

    __slots__ = ("cycle", "live_incoming", "reachable", "skipped")

    def __init__(self, edges: Edges, root: int, contained: Sequence[bool]) -> None:
        """``contained`` tells of each node whether it lies inside a container."""
        count = len(edges.outgoing)
        reachable = bytearray(count)
        reachable[root] = 1
        stack = [root]
        incoming = [0] * count
        while stack:
            for number in edges.outgoing[stack.pop()]:
                target = edges.target[number]
                incoming[target] += 1
                if not reachable[target]:
                    reachable[target] = 1
                    stack.append(target)
        self.reachable = bytes(reachable)
        self.live_incoming = tuple(incoming)
        # Nodes inside containers run, but not as part of this root's run: they are absent, not skipped.
        self.skipped = bytes(not reached and not inside for reached, inside in zip(reachable, contained, strict=True))
        self.cycle = _cycle(edges, reachable, incoming, root)


def _cycle(edges: Edges, reachable: Sequence[int], incoming: Sequence[int], root: int) -> tuple[int, ...]:
    waiting = list(incoming)
    done = bytearray(len(waiting))
    queue = deque([root] if not incoming[root] else [])
    while queue:
        node = queue.popleft()
        done[node] = 1
        for number in edges.outgoing[node]:
            target = edges.target[number]
            waiting[target] -= 1
            if not waiting[target]:
                queue.append(target)
    return tuple(node for node, reached in enumerate(reachable) if reached and not done[node])
