"""The variable assigner, version 1: one write to one variable (workflow.md 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_selector, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.assigner_operations import apply, checked_value, write_of
from orrery.workflow.nodes.assigner_record import outcome_of


class FirstAssignerNode:
    """``over-write``, ``append`` one element, or ``clear``."""

    type: ClassVar[str] = "assigner"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, target: tuple[str, ...], mode: str, source: tuple[str, ...]) -> None:
        self._target, self._mode, self._source = target, mode, source

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        mode = as_text(data.get("write_mode"), "over-write")
        if mode not in {"over-write", "append", "clear"}:
            raise ValueError(f"write_mode of node {node_id} must be over-write, append or clear, not {mode}")
        target, source = (as_selector(data.get(f"{name}_variable_selector")) for name in ("assigned", "input"))
        return cast("Node", cls(target, mode, source))

    def references(self) -> Sequence[Selector]:
        return [selector for selector in (self._target, self._source) if selector]

    def writes(self) -> Sequence[Selector]:
        return [self._target]

    async def run(self, context: EngineContext) -> NodeOutcome:
        pool, target = context.pool, self._target
        if len(target) != 2 or not pool.exists(target):
            raise NodeFailure("assigned variable not found")
        value: object = None
        if self._mode != "clear":
            if not pool.exists(self._source):
                raise NodeFailure("input value not found")
            value = checked_value(self._mode, pool.type_of(target), pool.get(self._source))
        new = apply(self._mode, pool.type_of(target), pool.get(target), value)
        pool.put(target[0], target[1], new)
        writes = [write_of(target[1], self._mode, value, new)] if target[0] == "conversation" else []
        return outcome_of(pool, {target: new}, writes, {"value": new})
