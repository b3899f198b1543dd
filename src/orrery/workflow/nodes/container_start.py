"""The markers inside containers: where a round begins, and where a loop is told to end (workflow.md 3.7, 3.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orrery.workflow.node import Node, NodeContext, NodeKindName, NodeOutcome, Selector


class _Marker:
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    inline: ClassVar[bool] = True
    type: ClassVar[str] = ""

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id, data
        return cls()

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: NodeContext) -> NodeOutcome:
        del context
        return NodeOutcome()


class IterationStartNode(_Marker):
    """The first node of each item's round."""

    type: ClassVar[str] = "iteration-start"


class LoopStartNode(_Marker):
    """The first node of each round of a loop."""

    type: ClassVar[str] = "loop-start"


class LoopEndNode(_Marker):
    """Reaching it makes this round the loop's last."""

    type: ClassVar[str] = "loop-end"
