"""The loop node: the same inner graph again and again over shared variables (workflow.md 3.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Literal, cast

import msgspec

from orrery.workflow.conditions import Condition, parse_conditions, parse_logic
from orrery.workflow.context import EngineContext, SubRunFailed
from orrery.workflow.failures import failure_of
from orrery.workflow.fields import as_count, as_mappings, as_selector, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.loop_rounds import LoopRounds
from orrery.workflow.segments import ARRAY_TYPES, TypeMismatch, build

_JSON_TYPES: Final = ARRAY_TYPES | {"object", "number", "boolean"}


class LoopVariable(msgspec.Struct, frozen=True):
    """A variable of the loop; ``value`` is a selector when ``source`` says ``variable``."""

    label: str
    type: str
    source: Literal["constant", "variable"]
    value: object


class LoopNode:
    """Outputs the final loop variables by label and ``loop_round``, the number of rounds; ``{}`` without rounds."""

    type: ClassVar[str] = "loop"
    kind: ClassVar[NodeKindName] = "container"
    repeatable: bool = True

    def __init__(
        self,
        count: int,
        conditions: tuple[Condition, ...],
        logic: Literal["and", "or"],
        variables: Sequence[LoopVariable],
        start_node_id: str,
    ) -> None:
        self.start_node_id = start_node_id
        self._count, self._conditions, self._variables = count, conditions, tuple(variables)
        self._logic: Literal["and", "or"] = logic

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        variables = [
            LoopVariable(
                as_text(item.get("label")),
                as_text(item.get("var_type"), "string"),
                "variable" if item.get("value_type") == "variable" else "constant",
                item.get("value"),
            )
            for item in as_mappings(data.get("loop_variables"))
        ]
        node = cls(
            as_count(data.get("loop_count"), 0),
            parse_conditions(data.get("break_conditions")),
            parse_logic(data.get("logical_operator")),
            variables,
            as_text(data.get("start_node_id")) or f"{node_id}start",
        )
        return cast("Node", node)

    def references(self) -> Sequence[Selector]:
        sources = [as_selector(variable.value) for variable in self._variables if variable.source == "variable"]
        return [*sources, *(condition.selector for condition in self._conditions)]

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs: dict[str, object] = {"loop_count": self._count, **self._declare(context)}
        labels = [variable.label for variable in self._variables]
        rounds = LoopRounds(context, self.start_node_id, labels, self._conditions, self._logic)
        rounds.tell_start(inputs, self._count)
        try:
            await rounds.run(self._count)
        except Exception as error:
            failure = failure_of(error)
            rounds.tell_end(inputs, {}, self._count, failure.error)
            raise SubRunFailed(failure.error, failure.error_type) from error
        outputs: dict[str, object] = {}
        if rounds.done:
            outputs = {**rounds.values(), "loop_round": rounds.done}
        rounds.tell_end(inputs, outputs, 0 if rounds.broken_early else self._count, None)
        return NodeOutcome(outputs=outputs, inputs=inputs, metadata=rounds.metadata())

    def _declare(self, context: EngineContext) -> dict[str, object]:
        values: dict[str, object] = {}
        for variable in self._variables:
            if variable.source == "variable":
                selector = as_selector(variable.value)
                if not context.pool.exists(selector):
                    raise NodeFailure(f"Invalid value for loop variable {variable.label}")
                value = context.pool.get(selector)
            else:
                value = _constant(variable)
            try:
                values[variable.label] = build(variable.type, value)
            except TypeMismatch as error:
                raise NodeFailure(str(error)) from None
            context.pool.declare(context.node_id, variable.label, variable.type, value)
        return values


def _constant(variable: LoopVariable) -> object:
    """Constants of other types than text come as JSON text; an array that doesn't is an empty one."""
    value = variable.value
    if variable.type in ARRAY_TYPES and not isinstance(value, str):
        return []
    if variable.type not in _JSON_TYPES or not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        if variable.type in ARRAY_TYPES and not value.strip():
            return []
        raise NodeFailure(f"Invalid value for loop variable {variable.label}") from None
