"""The rounds of one loop and what is told of them (workflow.md 3.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.conditions import Condition, judge
from orrery.workflow.context import EngineContext
from orrery.workflow.events import LoopCompleted, LoopNext, LoopStarted
from orrery.workflow.telling import event_of, shown, tell_completed


class LoopRounds:
    """Runs rounds over the run's own pool until the count, a break condition or a loop-end node ends them.

    ``done`` is the number of rounds run; ``broken_early``: the break conditions held before the first.
    """

    def __init__(
        self,
        context: EngineContext,
        start_node_id: str,
        labels: Sequence[str],
        conditions: Sequence[Condition],
        logic: Literal["and", "or"],
    ) -> None:
        self._context, self._start_node_id, self._labels = context, start_node_id, labels
        self._conditions = conditions
        self._logic: Literal["and", "or"] = logic
        self._durations: dict[str, float] = {}
        self._variables: dict[str, Mapping[str, object]] = {}
        self._reason = "loop_completed"
        self.usage = Usage()
        self.done = 0
        self.broken_early = False

    async def run(self, count: int) -> None:
        """Raises `SubRunFailed`, or what a break condition that can't be judged raised."""
        if self._breaks_before():
            self.broken_early, self._reason = True, "loop_break"
            return
        for index in range(count):
            ended = await self._round(index)
            self.done = index + 1
            self._variables[str(index)] = self.values()
            if self._holds():
                self._reason = "loop_break"
                return
            if ended:
                return
            self._tell_next()

    async def _round(self, index: int) -> bool:
        context = self._context
        context.clear_children()
        marks = msgspec.structs.replace(context.marks, loop_id=context.node_id, loop_index=index)
        sub = context.sub_run(self._start_node_id, context.pool, marks)
        began = context.clock.monotonic()
        try:
            await sub.execute()
        finally:
            self._durations[str(index)] = context.clock.monotonic() - began
            self.usage += sub.usage
            context.note_writes(sub.writes)
        context.merge_outputs(sub.outputs)
        return sub.finished("loop-end")

    def _breaks_before(self) -> bool:
        try:
            return self._holds()
        except (ValueError, TypeError):
            return False  # the conditions may speak of what only a round makes

    def _holds(self) -> bool:
        return bool(self._conditions) and judge(self._conditions, self._logic, self._context.pool).result

    def values(self) -> dict[str, object]:
        """The loop variables as they are now."""
        held = self._context.pool.namespace(self._context.node_id)
        return {label: held.get(label) for label in self._labels}

    def metadata(self) -> Mapping[str, object]:
        """Why it ended, tokens, and time and variables of each round."""
        return {
            "completed_reason": self._reason,
            "total_tokens": self.usage.total_tokens,
            "total_price": self.usage.total_price,
            "currency": self.usage.currency,
            "loop_duration_map": dict(self._durations),
            "loop_variable_map": dict(self._variables),
        }

    def tell_start(self, inputs: Mapping[str, object], count: int) -> None:
        context = self._context
        length = {"loop_length": count}
        context.emit(event_of(LoopStarted, context, inputs=shown(context.pool, inputs), metadata=length))

    def _tell_next(self) -> None:
        self._context.emit(event_of(LoopNext, self._context, round=self.done))

    def tell_end(
        self, inputs: Mapping[str, object], outputs: Mapping[str, object], steps: int, error: str | None
    ) -> None:
        tell_completed(
            LoopCompleted,
            self._context,
            inputs=inputs,
            outputs=outputs,
            metadata=self.metadata(),
            steps=steps,
            total_tokens=self.usage.total_tokens,
            error=error,
        )
