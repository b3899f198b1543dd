"""The knowledge-index node of ingestion pipelines: apps that have one import, and say clearly that it can't run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from orrery.workflow.fields import as_selector
from orrery.workflow.node import Node, NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.template import Piece


class KnowledgeIndexNode:
    """Ends an ingestion pipeline (workflow.md 3.12); it streams nothing."""

    type: ClassVar[str] = "knowledge-index"
    kind: ClassVar[NodeKindName] = "response"
    repeatable: bool = True
    inline: ClassVar[bool] = True
    segments: Sequence[Piece] = ()

    def __init__(self, chunks: tuple[str, ...]) -> None:
        self._chunks = chunks

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cls(as_selector(data.get("index_chunk_variable_selector")))

    def references(self) -> Sequence[Selector]:
        return [self._chunks] if self._chunks else []

    async def run(self, context: NodeContext) -> NodeOutcome:
        if not self._chunks:
            raise NodeFailure("Index chunk variable is required.")
        if not context.variables.get(self._chunks):
            raise NodeFailure("Chunks is required.")
        raise NodeFailure("Ingestion pipelines can't run here: this run has no dataset to write to")
