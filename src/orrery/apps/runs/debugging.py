"""What runs know of the draft variables that debug runs leave behind (workflow.md 7.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from orrery.apps.runs.spec import RunSpec
from orrery.apps.workflows.variables import Variable
from orrery.workflow.events import NodeFinished
from orrery.workflow.graph import Graph
from orrery.workflow.graph_node import GraphNode
from orrery.workflow.journal import FinishedNode, Resume


class NodeMemory(Protocol):
    """Keeps what the nodes of one run gave. ``node_finished`` must be quick; a value that can't be kept is not."""

    def node_finished(self, event: NodeFinished) -> None: ...

    async def settled(self) -> None:
        """Returns when everything told so far is kept."""
        ...


class DebugMemory(Protocol):
    """The draft variables of all accounts and apps."""

    def of_run(self, spec: RunSpec, conversation: Sequence[Variable]) -> NodeMemory | None:
        """Where the run's results are kept; None for runs that leave none: published ones."""
        ...

    async def known(
        self, workspace_id: str, app_id: str, user_id: str, namespaces: Collection[str]
    ) -> Mapping[str, Mapping[str, object]]:
        """Values by namespace (node id, ``sys``, ``conversation``) and name."""
        ...


def told_before(graph: Graph, resume: Resume) -> list[tuple[NodeFinished, Sequence[Mapping[str, object]]]]:
    """Nodes that a run takes over from an earlier part, which are not told again: their ends, and their sources."""
    return [
        (_told(graph.nodes[graph.index[entry.node_id]], entry), entry.retriever_resources)
        for entry in resume.finished
        if entry.node_id in graph.index
    ]


def _told(node: GraphNode, entry: FinishedNode) -> NodeFinished:
    return NodeFinished(
        id=entry.execution_id,
        node_id=entry.node_id,
        node_type=node.type,
        title=node.title,
        index=entry.run_starts,
        started_at=0.0,
        status="exception" if entry.status == "exception" else "succeeded",
        inputs={},
        process_data={},
        outputs=entry.outputs,
        error=None,
        error_type="",
        metadata={},
        elapsed=0.0,
        finished_at=0.0,
        conversation_writes=entry.conversation_writes,
    )
