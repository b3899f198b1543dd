"""One execution of one node: the context it runs with and the events that tell of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from orrery.inference.cut_off import spent_until
from orrery.inference.types import Usage
from orrery.workflow.clock import Clock
from orrery.workflow.context import Emit, SubRun
from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.events import (
    Event,
    Marks,
    NodeFinished,
    NodePaused,
    NodeRetry,
    NodeStarted,
    NodeStatus,
    TextChunk,
)
from orrery.workflow.failures import Failure
from orrery.workflow.graph import Graph
from orrery.workflow.graph_node import GraphNode
from orrery.workflow.journal import FinishedNode, InnerText
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeOutcome, NodeServices
from orrery.workflow.pool import Pool
from orrery.workflow.scope import RunScope
from orrery.workflow.settlement import Settlement, merge_outputs
from orrery.workflow.telling import event_of, shown


class ExecutionOwner(Protocol):
    """The run that an execution belongs to."""

    graph: Graph
    settlement: Settlement
    scope: RunScope
    pool: Pool
    marks: Marks
    emit: Emit

    def count_usage(self, usage: Usage) -> None: ...
    def cite(self, resources: Sequence[Mapping[str, object]]) -> None: ...
    def count_step(self) -> None: ...
    def is_closing(self) -> bool: ...
    def sub_run(self, parent: Execution, start_node_id: str, pool: Pool, marks: Marks, emit: Emit | None) -> SubRun: ...
    def execution_id_if_known(self, index: int) -> str | None: ...


class Execution:
    """Implements `EngineContext`."""

    __slots__ = (
        "_began",
        "_owner",
        "cited",
        "execution_id",
        "failures",
        "inner_steps",
        "inner_texts",
        "inner_usage",
        "inner_writes",
        "merged",
        "node",
        "start_index",
        "started_at",
        "steps",
        "streams",
        "task",
        "unclosed",
    )

    def __init__(self, owner: ExecutionOwner, node: GraphNode, execution_id: str, start_index: int) -> None:
        self._owner, self.node, self.execution_id, self.start_index = owner, node, execution_id, start_index
        self.started_at = owner.scope.clock.time()
        self._began = owner.scope.clock.monotonic()
        self.streams: dict[str, list[str]] | None = None
        self.unclosed: set[str] = set()
        self.inner_texts: list[InnerText] | None = None
        self.task: asyncio.Task[NodeOutcome] | None = None
        self.steps, self.failures, self.inner_steps = 1, 0, 0
        self.inner_usage: Usage | None = None
        self.inner_writes: list[ConversationWrite] = []
        self.cited: list[Mapping[str, object]] = []
        self.merged: dict[str, object] | None = None

    @property
    def node_id(self) -> str:
        return self.node.id

    @property
    def node_type(self) -> str:
        return self.node.type

    @property
    def title(self) -> str:
        return self.node.title

    @property
    def variables(self) -> Pool:
        return self._owner.pool

    @property
    def pool(self) -> Pool:
        return self._owner.pool

    @property
    def services(self) -> NodeServices:
        return self._owner.scope.services

    @property
    def limits(self) -> RunLimits:
        return self._owner.scope.limits

    @property
    def clock(self) -> Clock:
        return self._owner.scope.clock

    @property
    def marks(self) -> Marks:
        return self._owner.marks

    def emit(self, event: Event) -> None:
        if isinstance(event, TextChunk) and self._owner.scope.journal is not None:
            self._keep_text(event)
        self._owner.emit(event)

    def _keep_text(self, chunk: TextChunk) -> None:
        """Keeps what an inner node told: whoever resumes the run after this container can't ask the node again."""
        kept = self.inner_texts
        if kept is None:
            kept = self.inner_texts = []
        last = kept[-1] if kept else None
        if last and (last.node_id, last.selector, last.marks) == (chunk.node_id, chunk.selector, chunk.marks):
            last.text += chunk.text
        elif chunk.text:
            kept.append(InnerText(chunk.node_id, chunk.selector, chunk.text, chunk.marks))

    def forget_streams(self, unread: Mapping[str, int]) -> None:
        """Another attempt begins: of the failed one's texts only what was told stays; ``unread`` in characters."""
        self.unclosed.clear()
        if self.streams is None:
            return
        told = {name: "".join(texts) for name, texts in self.streams.items() if name in unread}
        self.streams = {name: [text[: len(text) - unread[name]]] for name, text in told.items()}
        self.unclosed |= self.streams.keys()

    def stream(self, name: str, text: str, *, final: bool = False) -> None:
        if self._owner.scope.journal is not None:
            if self.streams is None:
                self.streams = {}
            self.streams.setdefault(name, []).append(text)
            (self.unclosed.discard if final else self.unclosed.add)(name)
        self._owner.settlement.coordinator.chunk(self.node.id, name, text, final=final)

    def before_effect(self) -> Awaitable[None]:
        journal = self._owner.scope.journal
        return _nothing() if journal is None else journal.barrier()

    def merge_outputs(self, outputs: Mapping[str, object]) -> None:
        if self.merged is None:
            self.merged = {}
        merge_outputs(self.merged, outputs)
        merge_outputs(self._owner.settlement.outputs, outputs)

    def sub_run(self, start_node_id: str, pool: Pool, marks: Marks, emit: Emit | None = None) -> SubRun:
        return self._owner.sub_run(self, start_node_id, pool, marks, emit or self.emit)

    def note_writes(self, writes: Sequence[ConversationWrite]) -> None:
        self.inner_writes.extend(writes)

    def clear_children(self) -> None:
        for child in self._owner.graph.children(self.node):
            self._owner.pool.clear(child.id)

    def count_usage(self, usage: Usage) -> None:
        """Adds what an inner node used; the runs around it hear of it too."""
        self.inner_usage = usage if self.inner_usage is None else self.inner_usage + usage
        self._owner.count_usage(usage)

    def is_closing(self) -> bool:
        """Whether the run around is cancelling what still runs, and tells of its end."""
        return self._owner.is_closing()

    def count_step(self) -> None:
        """Counts an attempt of an inner node; the runs around it hear of it too."""
        self.inner_steps += 1
        self._owner.count_step()

    def cite(self, resources: Sequence[Mapping[str, object]]) -> None:
        """Keeps the sources that an inner node used; the runs around it hear of them too."""
        self.cited.extend(resources)
        self._owner.cite(resources)

    def outer_execution_id(self, index: int) -> str | None:
        """The execution id that a run around a sub-run gave to a node."""
        return self._owner.execution_id_if_known(index)

    async def attempt(self) -> NodeOutcome:
        """Runs the node once. What a model had used by then is counted when the node is cut off."""
        try:
            return await self.node.node.run(self)
        except asyncio.CancelledError as cut:
            self.count_usage(spent_until(cut))
            raise

    def elapsed(self) -> float:
        """Seconds since the node started, all attempts and waits included."""
        return self._owner.scope.clock.monotonic() - self._began

    def started(self) -> NodeStarted:
        # Only agent nodes have one: {name, icon} of the strategy, for watchers (workflow.md 3.17).
        strategy = getattr(self.node.node, "agent_strategy", None)
        return event_of(NodeStarted, self, agent_strategy=strategy)

    def retry(self, failure: Failure, retry_index: int) -> NodeRetry:
        elapsed, pool = self.elapsed(), self._owner.pool
        return event_of(
            NodeRetry,
            self,
            retry_index=retry_index,
            error=failure.error,
            error_type=failure.error_type,
            elapsed=elapsed,
            finished_at=self.started_at + elapsed,
            inputs=shown(pool, failure.inputs),
            process_data=shown(pool, failure.process_data),
            outputs=failure.outputs,
        )

    def finished(self, status: NodeStatus, outcome: NodeOutcome, failure: Failure | None = None) -> NodeFinished:
        """The node's last event; ``outcome`` holds what its record shows."""
        elapsed, pool = self.elapsed(), self._owner.pool
        return event_of(
            NodeFinished,
            self,
            status=status,
            inputs=shown(pool, outcome.inputs),
            process_data=shown(pool, outcome.process_data),
            outputs=outcome.outputs,
            error=None if failure is None else failure.error,
            error_type="" if failure is None else failure.error_type,
            metadata=self._metadata(outcome),
            elapsed=elapsed,
            finished_at=self.started_at + elapsed,
            usage=outcome.usage,
            conversation_writes=outcome.conversation_writes,
        )

    def paused(self, reason: Mapping[str, object]) -> NodePaused:
        return event_of(NodePaused, self, reason=reason)

    def entry(self, outcome: NodeOutcome, status: str, round_name: str = "") -> FinishedNode:
        """What the journal keeps of this execution."""
        scope = self._owner.scope
        scope.settled += 1
        return FinishedNode(
            order=scope.settled,
            round=round_name,
            node_id=self.node.id,
            execution_id=self.execution_id,
            status=status,
            outputs=outcome.outputs,
            handle=outcome.handle,
            variable_updates=outcome.variable_updates,
            conversation_writes=[*outcome.conversation_writes, *self.inner_writes],
            streams={name: "".join(texts) for name, texts in (self.streams or {}).items()},
            unclosed=sorted(self.unclosed),
            inner_texts=self.inner_texts or (),
            merged_outputs=self.merged or {},
            usage=self.inner_usage if outcome.usage is None else outcome.usage,
            retriever_resources=[*outcome.retriever_resources, *self.cited],
            steps=self.steps,
            failures=self.failures,
            inner_steps=self.inner_steps,
            run_starts=scope.starts,
        )

    def _metadata(self, outcome: NodeOutcome) -> Mapping[str, object]:
        usage, marks = outcome.usage, self._owner.marks
        if usage is None and marks.iteration_id is None and marks.loop_id is None:
            return outcome.metadata
        metadata: dict[str, object] = {}
        if usage is not None:
            metadata |= {
                "total_tokens": usage.total_tokens,
                "total_price": usage.total_price,
                "currency": usage.currency,
            }
        if marks.iteration_id is not None:
            metadata |= {"iteration_id": marks.iteration_id, "iteration_index": marks.iteration_index}
        if marks.loop_id is not None:
            metadata |= {"loop_id": marks.loop_id, "loop_index": marks.loop_index}
        return metadata | dict(outcome.metadata)


async def _nothing() -> None:
    """Nothing is journalled, so nothing has to become durable."""
