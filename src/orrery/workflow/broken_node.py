"""Stands in a graph for a node that can't be made, so that the rest can still be shown and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orrery.workflow.node import Node, NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector


class BrokenNode:
    """Fails with its ``problem`` when the run reaches it."""

    type: ClassVar[str] = ""
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, problem: str) -> None:
        self.problem = problem

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        """A placeholder for data of an unknown type."""
        del node_id
        return cls(f"Unknown node type: {data.get('type')}")

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: NodeContext) -> NodeOutcome:
        raise NodeFailure(self.problem)
