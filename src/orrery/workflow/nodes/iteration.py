"""The iteration node: the same inner graph for every item of a list (workflow.md 3.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, cast

from orrery.workflow.context import EngineContext, SubRunFailed
from orrery.workflow.events import IterationCompleted, IterationStarted
from orrery.workflow.failures import failure_of
from orrery.workflow.fields import as_count, as_list, as_selector, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.iteration_rounds import FAILED, ErrorHandling, IterationRounds
from orrery.workflow.telling import event_of, shown, tell_completed

_MODES: Final[Mapping[str, ErrorHandling]] = {
    "terminated": "terminated",
    "continue-on-error": "continue-on-error",
    "remove-abnormal-output": "remove-abnormal-output",
}


class IterationNode:
    """Outputs ``output``: the inner result of each item, in the order of the items."""

    type: ClassVar[str] = "iteration"
    kind: ClassVar[NodeKindName] = "container"
    repeatable: bool = True

    def __init__(
        self,
        iterator: tuple[str, ...],
        result: tuple[str, ...],
        start_node_id: str,
        *,
        workers: int,
        mode: ErrorHandling,
        flatten: bool,
    ) -> None:
        """``workers`` is 0 for one item after the other."""
        self.start_node_id = start_node_id
        self._iterator, self._result, self._workers = iterator, result, workers
        self.in_turn = workers == 0
        self._mode: ErrorHandling = mode
        self._flatten = flatten

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        node = cls(
            as_selector(data.get("iterator_selector")),
            as_selector(data.get("output_selector")),
            as_text(data.get("start_node_id")) or f"{node_id}start",
            workers=max(as_count(data.get("parallel_nums"), 10), 1) if data.get("is_parallel") else 0,
            mode=_MODES.get(as_text(data.get("error_handle_mode")), "terminated"),
            flatten=data.get("flatten_output") is not False,
        )
        return cast("Node", node)

    def references(self) -> Sequence[Selector]:
        return [self._iterator, self._result]

    async def run(self, context: EngineContext) -> NodeOutcome:
        items = self._items(context)
        inputs = {"iterator_selector": items}
        if not items:
            return NodeOutcome(outputs={"output": []}, inputs=inputs)
        rounds = IterationRounds(context, self.start_node_id, self._result, self._mode)
        length = {"iteration_length": len(items)}
        context.emit(event_of(IterationStarted, context, inputs=shown(context.pool, inputs), metadata=length))
        try:
            results = await (rounds.concurrent(items, self._workers) if self._workers else rounds.in_turn(items))
        except Exception as error:
            failure = failure_of(error)
            self._tell_end(context, rounds, inputs, {}, len(items), failure.error)
            raise SubRunFailed(failure.error, failure.error_type) from error
        outputs = {"output": self._joined(results)}
        self._tell_end(context, rounds, inputs, outputs, len(items), None)
        return NodeOutcome(outputs=outputs, inputs=inputs, metadata=rounds.metadata())

    def _items(self, context: EngineContext) -> Sequence[object]:
        if not context.pool.exists(self._iterator):
            raise NodeFailure(f"iterator variable {list(self._iterator)} not found")
        value = context.pool.get(self._iterator)
        if value is None:
            return []
        if not isinstance(value, list):
            raise NodeFailure(f"invalid iterator value: {value}, please provide a list.")
        return cast("list[object]", value)

    def _joined(self, results: Sequence[object]) -> list[object]:
        kept = [None if result is FAILED else result for result in results]
        if self._mode == "remove-abnormal-output":
            kept = [result for result in results if result is not FAILED and not (self._workers and result is None)]
        made = [result for result in kept if result is not None]
        if self._flatten and made and all(isinstance(result, list) for result in made):
            return [item for result in made for item in as_list(result)]
        return kept

    def _tell_end(
        self,
        context: EngineContext,
        rounds: IterationRounds,
        inputs: Mapping[str, object],
        outputs: Mapping[str, object],
        steps: int,
        error: str | None,
    ) -> None:
        tell_completed(
            IterationCompleted,
            context,
            inputs=inputs,
            outputs=outputs,
            metadata=rounds.metadata(),
            steps=steps,
            total_tokens=rounds.usage.total_tokens,
            error=error,
        )
