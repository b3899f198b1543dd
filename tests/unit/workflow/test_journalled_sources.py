"""Sources that nodes used are journalled with them, also those of nodes inside containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from orrery.workflow.events import RetrieverResources
from orrery.workflow.journal import FinishedNode
from orrery.workflow.node import Node, NodeKindName, NodeOutcome
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ListJournal

from .graphs import end, node, run, start, stored


class Finding:
    """A retrieval that always finds one passage, of a document that its data names."""

    type: ClassVar[str] = "finding"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True

    def __init__(self, document: str) -> None:
        self._document = document

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cast("Node", cls(str(data["document"])))

    def references(self) -> list[Any]:
        return []

    async def run(self, context: Any) -> NodeOutcome:
        del context
        source = {"dataset_id": "d", "document_id": self._document}
        return NodeOutcome(outputs={"result": []}, retriever_resources=[source])


async def test_a_finished_node_keeps_its_sources() -> None:
    graph = stored(
        start(items=[]),
        node("find", "finding", document="1"),
        node("each", "iteration", iterator_selector=["sys", "list"], output_selector=["inner", "result"]),
        node("eachstart", "iteration-start", parent="each"),
        node("inner", "finding", document="2", parent="each"),
        end(x="each.output"),
        edges_="start > find > each > end, eachstart > inner",
    )
    journal = ListJournal()
    trial = await run(graph, pool=Pool(system={"list": [1, 2]}), kinds={"finding": Finding}, journal=journal)
    assert trial.result.status == "succeeded"
    kept = {
        e.node_id: [r["document_id"] for r in e.retriever_resources]
        for e in journal.entries
        if isinstance(e, FinishedNode)
    }
    assert (kept["find"], kept["each"], kept["end"]) == (["1"], ["2", "2"], [])
    assert len([event for event in trial.events if isinstance(event, RetrieverResources)]) == 3
