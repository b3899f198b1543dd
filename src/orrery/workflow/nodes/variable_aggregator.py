"""The variable aggregator: the first of several variables that exists (workflow.md 3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_selector, as_text
from orrery.workflow.node import Node, NodeContext, NodeKindName, NodeOutcome, Selector


class VariableAggregatorNode:
    """Joins branches: plain to ``output``, or by groups to ``{group: {output}}``. What nobody made is left out."""

    type: ClassVar[str] = "variable-aggregator"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, groups: Sequence[tuple[str, tuple[tuple[str, ...], ...]]], *, grouped: bool) -> None:
        self._groups, self._grouped = tuple(groups), grouped

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        advanced = as_mapping(data.get("advanced_settings"))
        if advanced.get("group_enabled"):
            groups = [
                (as_text(group.get("group_name")), _selectors(group.get("variables")))
                for group in as_mappings(advanced.get("groups"))
            ]
            return cls(groups, grouped=True)
        return cls([("output", _selectors(data.get("variables")))], grouped=False)

    def references(self) -> Sequence[Selector]:
        return [selector for _, selectors in self._groups for selector in selectors]

    async def run(self, context: NodeContext) -> NodeOutcome:
        outputs: dict[str, object] = {}
        inputs: dict[str, object] = {}
        for name, selectors in self._groups:
            found = next((selector for selector in selectors if context.variables.exists(selector)), None)
            if found is None:
                continue
            value = context.variables.get(found)
            outputs[name] = {"output": value} if self._grouped else value
            inputs[".".join(found[1:])] = value
        return NodeOutcome(outputs=outputs, inputs=inputs)


def _selectors(stored: object) -> tuple[tuple[str, ...], ...]:
    return tuple(as_selector(item) for item in as_list(stored))
