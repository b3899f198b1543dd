"""The answer node: one text of a chatflow's reply (workflow.md 3.1). The text itself streams, see 2.9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_text
from orrery.workflow.node import Node, NodeKindName, NodeOutcome, Selector
from orrery.workflow.segments import files_in
from orrery.workflow.template import Piece, references_in, split_template


class AnswerNode:
    """Outputs ``answer``, the template's markdown, and ``files``, every file that it refers to."""

    type: ClassVar[str] = "answer"
    kind: ClassVar[NodeKindName] = "response"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, template: str) -> None:
        self._template = template
        self.segments: Sequence[Piece] = split_template(template)

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cast("Node", cls(as_text(data.get("answer"))))

    def references(self) -> Sequence[Selector]:
        return references_in(self._template)

    async def run(self, context: EngineContext) -> NodeOutcome:
        pool = context.pool
        parts = pool.parts(self._template)
        return NodeOutcome(
            outputs={
                "answer": "".join(pool.markdown(part) for part in parts),
                "files": [file for part in parts for file in files_in(part)],
            }
        )
