"""Drives one graph from its root to its end: the outer run, or one round of a container (workflow.md 2.3, 2.7).

All state changes happen on the event loop, between two awaits. Nodes that never wait are driven on the spot, in the
order in which they became ready; every other node gets a task, and its result is taken in by the driving coroutine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, cast

from orrery.inference.types import Usage
from orrery.workflow.context import Emit, SubRunFailed
from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.events import OUTSIDE, Marks, RetrieverResources, TextChunk
from orrery.workflow.execution import Execution
from orrery.workflow.failures import CANCELLED, INTERRUPTED, Failure, failure_of
from orrery.workflow.graph import Graph
from orrery.workflow.graph_node import GraphNode
from orrery.workflow.journal import Journal, PausedNode, StartedNode, round_of
from orrery.workflow.node import NodeFailure, NodeOutcome, NodePause
from orrery.workflow.pool import Pool
from orrery.workflow.scope import RunScope
from orrery.workflow.settlement import Settlement
from orrery.workflow.telling import shown_failure
from orrery.workflow.workers import Workers

_INLINE_BURST: Final = 256  # nodes driven on the spot before others on the event loop get a turn
_NO_WAY: Final = Failure("The branch node chose no handle to go on", "WorkflowNodeError")


class GraphRun:
    """One run of a rooted graph over a pool; `drive` runs it, then the fields tell how it went.

    ``steps`` and ``failures`` count attempts of this run's own nodes, ``usage`` is what they and their inner nodes
    used, ``interrupted`` maps nodes that must not be done again to the execution that was cut off. ``path`` leads to
    a container's round, ``writes`` is what nodes of such a round, at any depth, did to the conversation.
    """

    def __init__(
        self,
        graph: Graph,
        pool: Pool,
        scope: RunScope,
        *,
        emit: Emit,
        max_workers: int,
        marks: Marks = OUTSIDE,
        parent: Execution | None = None,
        journal: Journal | None = None,
        path: tuple[str, ...] = (),
    ) -> None:
        self.graph, self.pool, self.scope, self.emit, self.marks = graph, pool, scope, emit, marks
        self.settlement = Settlement(graph, pool, self._release)
        self.path = path
        self.writes: list[ConversationWrite] = []
        self.usage = Usage()
        self.steps = self.failures = 0
        self.failure: Failure | None = None
        self.paused_nodes: list[str] = []
        self.interrupted: Mapping[str, str] = {}
        self._parent, self._closing = parent, False
        self._journal = scope.journal if parent is None else journal
        self._round = round_of(marks)
        self._max_workers = max_workers
        self._execution_ids: dict[int, str] = {}
        self._workers = Workers()
        self._watchdog: asyncio.Task[None] | None = None

    @property
    def outputs(self) -> dict[str, object]:
        return self.settlement.outputs

    def finished(self, node_type: str) -> bool:
        return node_type in self.settlement.done_types

    async def execute(self) -> None:
        """Drives a container's round. Raises `SubRunFailed`."""
        await self.drive()
        if self.scope.stop is not None or self.paused_nodes:
            # The container can't go on: its own task ends here, the outer run knows why.
            raise asyncio.CancelledError
        if self.failure is not None:
            raise SubRunFailed(self.failure.error, self.failure.error_type)

    async def drive(self) -> None:
        """Runs nodes until none is left, one failed unhandled, or the run is to stop or to pause."""
        try:
            await self._drive()
        finally:
            if self._watchdog is not None:
                self._watchdog.cancel()
            if self._workers.running:
                await self._cut_off()
        if not self._halted() and not self.is_paused():
            self.settlement.coordinator.finish()

    async def _drive(self) -> None:
        ready, workers, burst = self.settlement.frontier.ready, self._workers, 0
        while True:
            while ready and len(workers.running) < self._max_workers and not self._halted() and not self._pauses():
                node = self.graph.nodes[ready.popleft()]
                execution = self._begin(node)
                if node.id in self.interrupted:
                    execution.note_writes(self.scope.wrote_within((*self.path, node.id)))
                    self._count_failure(execution)
                    self._fail(execution, INTERRUPTED)
                elif node.inline:
                    self._run_inline(execution)
                    burst += 1
                    if burst >= _INLINE_BURST:
                        burst = 0
                        await asyncio.sleep(0)
                else:
                    workers.start(execution, self._attempts(execution))
            if self._halted() or not workers.running:
                return
            if self._watchdog is None and self._parent is None:
                self._watchdog = asyncio.create_task(self.scope.watch_time())
            await workers.wait()
            while workers.arrived and not self._halted():
                self._take_in(workers.take())

    def _halted(self) -> bool:
        return self.failure is not None or self.scope.stop is not None

    def _pauses(self) -> bool:
        # A pause from outside lets containers that run finish; a pause from inside ends their round.
        return self.scope.pausing if self._parent is None else bool(self.paused_nodes)

    def is_paused(self) -> bool:
        """Whether something is left to do once the run goes on; a pause that comes too late changes nothing."""
        return bool(self.paused_nodes) or (self._pauses() and bool(self.settlement.frontier.ready))

    def wake(self) -> None:
        """Makes the driving coroutine look around."""
        self._workers.wake()

    def _begin(self, node: GraphNode) -> Execution:
        scope = self.scope
        self.steps += 1
        self.count_step()
        if node.hidden:
            return Execution(self, node, self.execution_id(node), 0)
        scope.starts += 1
        execution = Execution(self, node, self.execution_id(node), scope.starts)
        self.emit(execution.started())
        if self._journal is not None and not self.graph.repeatable(node):
            self._journal.record(StartedNode(node.id, execution.execution_id, self._round))
        return execution

    def execution_id(self, node: GraphNode) -> str:
        """The id of a node's execution; given out early when its text is streamed before it starts."""
        known = self.execution_id_if_known(node.index)
        if known is None:
            known = self._execution_ids[node.index] = self.scope.new_id()
        return known

    def execution_id_if_known(self, index: int) -> str | None:
        """The id that this run, or one around it, gave to a node."""
        known = self._execution_ids.get(index)
        return self._parent.outer_execution_id(index) if known is None and self._parent is not None else known

    def adopt_execution_id(self, node: GraphNode, execution_id: str) -> None:
        """Keeps the id that an earlier part of the run gave to a node."""
        self._execution_ids[node.index] = execution_id

    def _run_inline(self, execution: Execution) -> None:
        # Protocols can't say "coroutine function", but that is what every node's run is.
        coroutine = execution.node.node.run(execution)
        try:
            coroutine.send(None)
        except StopIteration as stop:
            self._succeed(execution, cast("NodeOutcome", stop.value))
        except NodePause as pause:
            self._pause(execution, pause.reason)
        except Exception as error:  # noqa: BLE001 - the top loop of a node: whatever it raises is its failure
            self._count_failure(execution, error)
            self._fail(execution, failure_of(error))
        else:
            coroutine.close()
            self._count_failure(execution)
            self._fail(execution, failure_of(RuntimeError(f"The node type {execution.node.type} is inline but waits")))

    async def _attempts(self, execution: Execution) -> NodeOutcome:
        policy = execution.node.settings.retry
        while True:
            try:
                return await execution.attempt()
            except NodePause:
                raise
            except Exception as error:
                self._count_failure(execution, error)
                if policy is None or execution.failures > policy.max_retries:
                    raise
                failure = shown_failure(self.pool, failure_of(error))
            await self.scope.clock.sleep(policy.interval)
            execution.forget_streams(self.settlement.coordinator.forget(execution.node.id))
            execution.steps += 1
            self.steps += 1
            self.count_step()
            self.emit(execution.retry(failure, execution.failures))

    def _count_failure(self, execution: Execution, error: Exception | None = None) -> None:
        execution.failures += 1
        self.failures += 1
        if isinstance(error, NodeFailure) and error.usage is not None:
            execution.count_usage(error.usage)

    def _take_in(self, execution: Execution) -> None:
        task = execution.task
        assert task is not None
        if task.cancelled():
            if self.scope.pausing and self.scope.stop is None:
                self._pause(execution, {})
            else:
                self._fail(execution, CANCELLED)
            return
        error = task.exception()
        if error is None:
            self._succeed(execution, task.result())
        elif isinstance(error, NodePause):
            self._pause(execution, error.reason)
        elif isinstance(error, Exception):
            self._fail(execution, failure_of(error))
        else:
            raise error

    def _succeed(self, execution: Execution, outcome: NodeOutcome) -> None:
        node = execution.node
        if node.kind == "branch" and not outcome.handle:
            self._count_failure(execution)
            self._fail(execution, _NO_WAY)
            return
        if outcome.usage is not None:
            self.count_usage(outcome.usage)
        if outcome.retriever_resources:
            self.emit(RetrieverResources(node.id, outcome.retriever_resources))
            self.cite(outcome.retriever_resources)
        if outcome.conversation_writes and self._parent is not None:
            writes, place = outcome.conversation_writes, (*self.path, node.id)
            outcome.conversation_writes = self.scope.write_once(execution, place, writes, note=self._journal is None)
        self._settle(execution, outcome, "succeeded")
        if not node.hidden:
            self.emit(execution.finished("succeeded", outcome))
        self.scope.check_limits()

    def _fail(self, execution: Execution, failure: Failure) -> None:
        failure = shown_failure(self.pool, failure)
        strategy = execution.node.settings.strategy
        shown = NodeOutcome(outputs=failure.outputs, inputs=failure.inputs, process_data=failure.process_data)
        if strategy is None or failure is CANCELLED:
            if self.failure is None:
                self.failure = failure
            self.note_writes([*failure.conversation_writes, *execution.inner_writes])
            self.emit(execution.finished("failed", shown, failure))
            self.scope.check_limits()
            return
        told: Mapping[str, object] = {"error_message": failure.error, "error_type": failure.error_type}
        outcome = NodeOutcome(
            outputs={**execution.node.settings.defaults, **told},
            inputs=failure.inputs,
            process_data=failure.process_data,
            handle="fail-branch" if strategy == "fail-branch" else "source",
            variable_updates=failure.variable_updates,
            conversation_writes=failure.conversation_writes,
            metadata={"error_strategy": strategy},
        )
        self._settle(execution, outcome, "exception")
        self.emit(execution.finished("exception", outcome, failure))
        self.scope.check_limits()

    def _pause(self, execution: Execution, reason: Mapping[str, object]) -> None:
        self.paused_nodes.append(execution.node.id)
        self.scope.pause_for((reason,) if reason else ())
        if self._journal is not None:
            self._journal.record(PausedNode(execution.node.id, execution.execution_id, self._round))
        self.emit(execution.paused(reason))

    def _settle(self, execution: Execution, outcome: NodeOutcome, status: str) -> None:
        self.settlement.settle(execution.node, outcome)
        self.note_writes([*outcome.conversation_writes, *execution.inner_writes])
        if self._journal is not None and not (self._round and execution.node.hidden):
            self._journal.record(execution.entry(outcome, status, self._round))

    def note_writes(self, writes: Sequence[ConversationWrite]) -> None:
        """Keeps what a node did to the conversation, for the container that this run is a round of."""
        if self._parent is not None:
            self.writes.extend(writes)

    async def _cut_off(self) -> None:
        told = self._halted() or self.is_closing()
        if told:
            self._closing = True
            while self._workers.arrived:
                self._take_in(self._workers.take())
        cut, cancelled = await self._workers.cancel()
        for execution in cut:
            self.note_writes(execution.inner_writes)
            if told:
                self.emit(execution.finished("failed", NodeOutcome(), CANCELLED))
        if cancelled:
            raise asyncio.CancelledError

    def _release(self, node: GraphNode, selector: Sequence[str], text: str, *, final: bool) -> None:
        self.emit(TextChunk(self.execution_id(node), node.id, node.type, selector, text, final, self.marks))

    def cite(self, resources: Sequence[Mapping[str, object]]) -> None:
        """Tells the runs around this one of sources that a node used, for what they journal."""
        if self._parent is not None:
            self._parent.cite(resources)

    def count_usage(self, usage: Usage) -> None:
        """Adds a node's usage here and in all runs around."""
        self.usage += usage
        if self._parent is not None:
            self._parent.count_usage(usage)

    def is_closing(self) -> bool:
        """Whether this run, or one around it, cancels what still runs: then inner nodes tell of their end."""
        return self._closing or (self._parent is not None and self._parent.is_closing())

    def count_step(self) -> None:
        """Counts an attempt of a node of this run, or of one inside it."""
        if self._parent is None:
            self.scope.steps += 1
        else:
            self._parent.count_step()

    def sub_run(self, parent: Execution, start_node_id: str, pool: Pool, marks: Marks, emit: Emit | None) -> GraphRun:
        return _round(self, start_node_id, pool, emit or self.emit, marks, parent)


def _round(around: GraphRun, start_node_id: str, pool: Pool, emit: Emit, marks: Marks, parent: Execution) -> GraphRun:
    """A round of the container ``parent``: the same graph with another root. One that asks people is journalled, and goes on where it waited."""
    graph, scope, container = around.graph, around.scope, parent.node.id
    number = marks.iteration_index if container == marks.iteration_id else marks.loop_index
    asks = graph.asks(parent.node)
    run = GraphRun(
        graph.rooted(start_node_id),
        pool,
        scope,
        emit=emit,
        max_workers=scope.limits.container_workers,
        marks=marks,
        parent=parent,
        journal=scope.journal if asks else None,
        path=(*around.path, container, str(number)),
    )
    if asks and scope.on_round is not None:
        scope.on_round(run, round_of(marks))
    return run
