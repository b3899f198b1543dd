"""The end node: names the values that the run gives back (workflow.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orrery.workflow.fields import as_mappings, as_selector, as_text
from orrery.workflow.node import Node, NodeContext, NodeKindName, NodeOutcome, Selector
from orrery.workflow.template import Piece


class EndNode:
    """``{variable: value}``, null for what nobody made. Its text is its values in order, one line break between."""

    type: ClassVar[str] = "end"
    kind: ClassVar[NodeKindName] = "response"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, outputs: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        self._outputs = tuple(outputs)
        pieces: list[Piece] = []
        for _, selector in self._outputs:
            if len(selector) < 2:
                continue
            if pieces:
                pieces.append(Piece("\n", None, is_reference=False))
            pieces.append(Piece(".".join(selector), selector, is_reference=True))
        self.segments: Sequence[Piece] = tuple(pieces)

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cls(
            [
                (as_text(item.get("variable")), as_selector(item.get("value_selector")))
                for item in as_mappings(data.get("outputs"))
            ]
        )

    def references(self) -> Sequence[Selector]:
        return [selector for _, selector in self._outputs]

    async def run(self, context: NodeContext) -> NodeOutcome:
        outputs = {name: context.variables.get(selector) for name, selector in self._outputs}
        return NodeOutcome(outputs=outputs, inputs=outputs)
