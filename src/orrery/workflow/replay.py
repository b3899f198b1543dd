"""Replays the finished nodes of an interrupted run, so that it goes on where it was (reliability.md 3.1, G2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orrery.workflow.context import Emit
from orrery.workflow.conversation_writes import ConversationWrite, WroteInside
from orrery.workflow.events import Event, TextChunk
from orrery.workflow.graph_node import GraphNode
from orrery.workflow.graph_run import GraphRun
from orrery.workflow.journal import FinishedNode, Resume, source_of
from orrery.workflow.node import NodeOutcome
from orrery.workflow.settlement import merge_outputs


class StreamedText:
    """Passes events on, without the text that watchers already hold.

    ``shown_of`` is that text by source. A source that is told again is held back as long as it says the same; one
    that says something else is told whole, as another attempt is after one that failed. Where sources are not known
    ``shown`` counts the characters; without a count, everything that the replay releases is taken as shown.
    """

    def __init__(self, emit: Emit, shown: int | None, shown_of: Mapping[str, str]) -> None:
        self._emit = emit
        self._left = None if shown_of else shown
        self._left_of = {source: text for source, text in shown_of.items() if text}
        self._by_source = bool(shown_of)
        self._held: dict[str, list[TextChunk]] = {}
        self.replaying = True

    def __call__(self, event: Event) -> None:
        if not isinstance(event, TextChunk):
            self._emit(event)
        elif self._by_source:
            if self._left_of:
                self._compare(event)
            else:
                self._emit(event)
        elif self.replaying or self._left:
            self._count(event)
        else:
            self._emit(event)

    def _compare(self, chunk: TextChunk) -> None:
        source = source_of(chunk)
        left = self._left_of.get(source, "")
        if left and left.startswith(chunk.text):
            self._left_of[source] = left[len(chunk.text) :]
            self._held.setdefault(source, []).append(chunk)
        elif chunk.text.startswith(left):
            chunk.text = chunk.text[len(left) :]
            self._forget(source)
            self._emit(chunk)
        else:
            held = self._held.get(source, [])
            self._forget(source)
            for each in (*held, chunk):
                self._emit(each)
        if not self._left_of.get(source, "-"):
            self._forget(source)

    def _forget(self, source: str) -> None:
        self._left_of.pop(source, None)
        self._held.pop(source, None)

    def _count(self, chunk: TextChunk) -> None:
        if self._left is None:
            return
        held = min(self._left, len(chunk.text))
        self._left -= held
        if held < len(chunk.text):
            chunk.text = chunk.text[held:]
            self._emit(chunk)


def replay(run: GraphRun, resume: Resume) -> None:
    """Takes the finished nodes in, in their order; nodes that must not be done twice are marked as interrupted."""
    run.scope.wrote = {tuple(wrote.place): wrote for wrote in resume.wrote}
    run.scope.settled = max([run.scope.settled, *(wrote.order for wrote in resume.wrote)])
    run.scope.as_begun = resume.as_begun
    _replay_nodes(run, resume)
    if resume.rounds:
        rounds = dict(resume.rounds)

        def replay_round(inner: GraphRun, name: str) -> None:
            # Once: a container that is tried again after a failure begins anew.
            earlier = rounds.pop(name, None)
            if earlier is not None:
                _replay_round(inner, earlier)

        run.scope.on_round = replay_round
        orders = [entry.order for earlier in rounds.values() for entry in earlier.finished]
        run.scope.settled = max([run.scope.settled, *orders])
    run.scope.began -= resume.elapsed


def _replay_round(run: GraphRun, resume: Resume) -> None:
    """Takes in what was done in a container's round; its first node, which does nothing, is not recorded."""
    ready = run.settlement.frontier.ready
    root = run.graph.nodes[run.graph.root]
    if root.hidden and run.graph.root in ready:
        ready.remove(run.graph.root)
        run.steps += 1
        run.count_step()
        run.settlement.settle(root, NodeOutcome())
    _replay_nodes(run, resume)


def _replay_nodes(run: GraphRun, resume: Resume) -> None:
    ready = run.settlement.frontier.ready
    cut_off = _cut_off(run, resume)
    # What a container wrote before it was cut off stays written; what is done again writes to the pool anew.
    wrote = [each for name in cut_off for each in run.scope.earlier_inside((*run.path, name))]
    for entry in sorted([*resume.finished, *wrote], key=lambda entry: entry.order):
        if isinstance(entry, WroteInside):
            _write(run, entry.writes)
            continue
        index = run.graph.index.get(entry.node_id)
        if index is None or index not in ready:
            continue  # the graph changed under the run, or the entry was written twice
        ready.remove(index)
        _take_in(run, run.graph.nodes[index], entry)
    run.interrupted = {**run.interrupted, **cut_off}
    for node_id, execution_id in resume.paused.items():
        index = run.graph.index.get(node_id)
        if index is not None:
            run.adopt_execution_id(run.graph.nodes[index], execution_id)


def _cut_off(run: GraphRun, resume: Resume) -> Mapping[str, str]:
    """The nodes that began, must not be done again and did not end, with their executions, whose ids are kept."""
    found: dict[str, str] = {}
    for node_id, execution_id in resume.started.items():
        index = run.graph.index.get(node_id)
        if index is not None:
            node = run.graph.nodes[index]
            run.adopt_execution_id(node, execution_id)
            if not run.graph.repeatable(node):
                found[node_id] = execution_id
    return found


def _write(run: GraphRun, writes: Sequence[ConversationWrite]) -> None:
    for write in writes:
        if run.scope.as_begun:
            run.pool.write(write)
        else:
            run.pool.put("conversation", write.name, write.value)


def _take_in(run: GraphRun, node: GraphNode, entry: FinishedNode) -> None:
    run.adopt_execution_id(node, entry.execution_id)
    run.steps += entry.steps
    run.failures += entry.failures
    for _ in range(entry.steps + entry.inner_steps):
        run.count_step()
    run.scope.starts = max(run.scope.starts, entry.run_starts)
    if entry.usage is not None:
        run.count_usage(entry.usage)
    run.scope.settled = max(run.scope.settled, entry.order)
    for told in entry.inner_texts:
        kind = run.graph.nodes[run.graph.index[told.node_id]].type if told.node_id in run.graph.index else ""
        run.emit(TextChunk(entry.execution_id, told.node_id, kind, told.selector, told.text, False, told.marks))
    for name, text in entry.streams.items():
        run.settlement.coordinator.chunk(node.id, name, text, final=name not in entry.unclosed)
    _write(run, entry.conversation_writes)
    run.note_writes(entry.conversation_writes)
    if entry.merged_outputs:
        merge_outputs(run.outputs, entry.merged_outputs)
    run.settlement.settle(
        node, NodeOutcome(outputs=entry.outputs, handle=entry.handle, variable_updates=entry.variable_updates)
    )
