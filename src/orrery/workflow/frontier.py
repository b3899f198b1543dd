"""Which nodes may run: states of nodes and edges of one run, and the queue of ready nodes (workflow.md 2.3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from orrery.workflow.graph import Graph


class Frontier:
    """Nodes become ready when every incoming edge is decided and at least one was taken; the queue is FIFO."""

    __slots__ = ("_edges", "_taken", "_undecided", "ready", "skipped")

    def __init__(self, graph: Graph) -> None:
        self._edges = graph.edges
        self._undecided = list(graph.topology.live_incoming)
        self._taken = bytearray(len(self._undecided))
        self.skipped = bytearray(graph.topology.skipped)
        self.ready: deque[int] = deque((graph.root,))

    def leave(self, node: int, on_taken: Callable[[int], None]) -> None:
        """Takes all outgoing edges of a node that is done; ``on_taken`` hears each one before its target is ready."""
        self._take(self._edges.outgoing[node], on_taken)

    def branch(self, node: int, handle: str, on_taken: Callable[[int], None]) -> None:
        """Skips the edges of other handles, with all that only they lead to, then takes those of the chosen one."""
        handles = self._edges.handle
        outgoing = self._edges.outgoing[node]
        for number in outgoing:
            if handles[number] != handle:
                self._skip(number)
        self._take((number for number in outgoing if handles[number] == handle), on_taken)

    def _take(self, numbers: Iterable[int], on_taken: Callable[[int], None]) -> None:
        undecided, targets = self._undecided, self._edges.target
        for number in numbers:
            target = targets[number]
            undecided[target] -= 1
            self._taken[target] = 1
            on_taken(number)
            if not undecided[target]:
                self.ready.append(target)

    def _skip(self, first: int) -> None:
        stack = [first]
        while stack:
            target = self._edges.target[stack.pop()]
            self._undecided[target] -= 1
            if self._undecided[target]:
                continue
            if self._taken[target]:
                self.ready.append(target)
            else:
                self.skipped[target] = 1
                stack.extend(reversed(self._edges.outgoing[target]))
