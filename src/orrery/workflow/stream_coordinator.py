"""Releases the text of response nodes in reading order while nodes still run (workflow.md 2.9).

Every response node owns a session. One session streams at a time, others that may begin wait in FIFO order. The
active session's segments are released as far as their values are known; chunks of open streams pass at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from orrery.workflow.graph import Graph
from orrery.workflow.graph_node import GraphNode
from orrery.workflow.pool import Pool
from orrery.workflow.stream_plan import Gate, SessionPlan, spread

ExecutionIds: TypeAlias = Callable[[GraphNode], str]


class TextSink(Protocol):
    """Takes one released piece: whose it is, and what it is the text of."""

    def __call__(self, node: GraphNode, selector: Sequence[str], text: str, *, final: bool) -> None: ...


class _Stream:
    """Chunks of one selector that no session has read yet."""

    __slots__ = ("chunks", "closed")

    def __init__(self) -> None:
        self.chunks: deque[tuple[str, bool]] = deque()
        self.closed = False


class _Session:
    __slots__ = ("plan", "position")

    def __init__(self, plan: SessionPlan) -> None:
        self.plan, self.position = plan, 0


class StreamCoordinator:
    """The text side of one run. All methods are synchronous; ``release`` is called for each piece."""

    def __init__(self, graph: Graph, pool: Pool, skipped: Sequence[int], release: TextSink) -> None:
        """``skipped`` is the frontier's live view of skipped nodes."""
        self._graph, self._pool, self._skipped, self._release = graph, pool, skipped, release
        plan = graph.stream_plan
        self._idle = not plan.gates
        self._gates = [(gate, bytearray(gate.reached)) for gate in plan.gates if _waits(gate)]
        self._immediate = plan.immediate
        self._streams: dict[tuple[str, ...], _Stream] = {}
        self._active: _Session | None = None
        self._queue: deque[_Session] = deque()

    def edge_taken(self, number: int) -> None:
        """Begins the sessions that this edge frees."""
        if self._idle:
            return
        freed: list[SessionPlan] = list(self._immediate)
        self._immediate = ()
        edges = self._graph.edges
        for gate, reached in self._gates:
            target = edges.target[number]
            if not gate.blocking[number] or reached[target]:
                continue
            reached[target] = 1
            found = [target, *spread(edges, gate.blocking, reached, target)]
            freed += [gate.sessions[node] for node in found if node in gate.sessions]
        if freed:
            freed.sort(key=lambda plan: plan.node.index)
            self._queue.extend(_Session(plan) for plan in freed)
            self.flush()

    def chunk(self, node_id: str, name: str, text: str, *, final: bool) -> None:
        """Takes a chunk of the stream ``[node_id, name]``; text that nobody refers to is dropped."""
        selector = (node_id, name)
        if selector not in self._graph.stream_plan.referenced:
            return
        stream = self._streams.get(selector)
        if stream is None:
            stream = self._streams[selector] = _Stream()
        stream.chunks.append((text, final))
        stream.closed = stream.closed or final
        self.flush()

    def forget(self, node_id: str) -> dict[str, int]:
        """Drops unread chunks of a node whose attempt failed and is made again; how many characters, by stream."""
        unread: dict[str, int] = {}
        for selector, stream in self._streams.items():
            if selector[0] == node_id:
                unread[selector[1]] = sum(len(text) for text, _ in stream.chunks)
                stream.chunks.clear()
                stream.closed = False
        return unread

    def flush(self) -> None:
        """Releases all that can be released now."""
        while True:
            session = self._active
            if session is None:
                if not self._queue:
                    return
                session = self._active = self._queue.popleft()
            if not self._advance(session):
                return
            self._active = None

    def finish(self) -> None:
        """Ends all sessions after a good run: references that never got a value are left out, the rest is released.

        Without this, an answer that refers to a variable which no node made would lose all its later text.
        """
        while self._active is not None:
            self._active.position += 1
            self.flush()

    def _advance(self, session: _Session) -> bool:
        segments = session.plan.segments
        node = session.plan.node
        while session.position < len(segments):
            piece = segments[session.position]
            last = session.position == len(segments) - 1
            if piece.selector is None or not piece.is_reference:
                self._release(node, (node.id, "answer"), piece.text, final=last)
            elif not self._refer(node, piece.selector, last=last):
                return False
            session.position += 1
        return True

    def _refer(self, response: GraphNode, selector: tuple[str, ...], *, last: bool) -> bool:
        index = self._graph.index.get(selector[0])
        owner = response if index is None else self._graph.nodes[index]
        stream = self._streams.get(selector)
        if stream is not None:
            while stream.chunks:
                text, final = stream.chunks.popleft()
                self._release(owner, selector, text, final=final)
            if stream.closed:
                return True
        if self._pool.exists(selector):
            self._release(owner, selector, self._pool.markdown(self._pool.get(selector)), final=last)
            return True
        return index is not None and bool(self._skipped[index])


def _waits(gate: Gate) -> bool:
    return any(not gate.reached[node] for node in gate.sessions)
