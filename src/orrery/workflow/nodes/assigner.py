"""The variable assigner, version 2: a list of operations on conversation and loop variables (workflow.md 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

import msgspec

from orrery.workflow.context import EngineContext
from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.fields import as_mappings, as_selector, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.assigner_operations import NEEDS_NO_VALUE, apply, check_operation, checked_value, write_of
from orrery.workflow.nodes.assigner_record import outcome_of
from orrery.workflow.pool import Pool


class AssignerItem(msgspec.Struct, frozen=True):
    """One operation; ``value`` is a selector when ``input_type`` is ``variable``."""

    target: tuple[str, ...]
    input_type: str
    operation: str
    value: object

    def source(self) -> tuple[str, ...]:
        """The selector that it reads, empty when it reads none."""
        return as_selector(self.value) if self.input_type == "variable" else ()


class AssignerNode:
    """Operations run in order and each sees the earlier ones. The first error fails the node; what was done stays."""

    type: ClassVar[str] = "assigner"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, items: Sequence[AssignerItem], stored: object) -> None:
        self._items, self._stored = tuple(items), stored

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        items = [
            AssignerItem(
                target=as_selector(item.get("variable_selector")),
                input_type=as_text(item.get("input_type"), "variable"),
                operation=as_text(item.get("operation"), "over-write"),
                value=item.get("value"),
            )
            for item in as_mappings(data.get("items"))
        ]
        return cast("Node", cls(items, data.get("items")))

    def references(self) -> Sequence[Selector]:
        return [selector for item in self._items for selector in (item.target, item.source()) if selector]

    def writes(self) -> Sequence[Selector]:
        return [item.target for item in self._items]

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs = {"items": self._stored}
        changed: dict[tuple[str, ...], object] = {}
        writes: list[ConversationWrite] = []
        try:
            for item in self._items:
                _carry_out(item, context.pool, changed, writes)
        except NodeFailure as failure:
            failed = NodeFailure(failure.message, inputs=inputs)
            failed.variable_updates = [
                (target, value) for target, value in changed.items() if target[0] != "conversation"
            ]
            failed.conversation_writes = [msgspec.structs.replace(write, kept=False) for write in writes]
            raise failed from None
        return outcome_of(context.pool, changed, writes, inputs)


def _carry_out(
    item: AssignerItem, pool: Pool, changed: dict[tuple[str, ...], object], writes: list[ConversationWrite]
) -> None:
    target = item.target
    if len(target) != 2 or not pool.exists(target):
        raise NodeFailure(f"Variable {list(target)} not found")
    value_type = pool.type_of(target)
    check_operation(item.operation, value_type, item.input_type)
    value = item.value
    if item.input_type == "variable" and item.operation not in NEEDS_NO_VALUE:
        source = item.source()
        if not pool.exists(source):
            raise NodeFailure(f"Variable {list(source)} not found")
        value = pool.get(source)
        if value is None:
            return
    checked = checked_value(item.operation, value_type, value)
    new = apply(item.operation, value_type, pool.get(target), checked)
    pool.put(target[0], target[1], new)
    changed[target] = new
    if target[0] == "conversation":
        writes.append(write_of(target[1], item.operation, checked, new))
