"""What follows when a node is done, in the contract's order: pool, text, edges, ready nodes, run outputs."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.workflow.frontier import Frontier
from orrery.workflow.graph import Graph
from orrery.workflow.graph_node import GraphNode
from orrery.workflow.node import NodeOutcome
from orrery.workflow.pool import Pool
from orrery.workflow.stream_coordinator import StreamCoordinator, TextSink


class Settlement:
    """The consequences of one run's nodes (workflow.md 2.3); also used to replay an earlier part of a run."""

    def __init__(self, graph: Graph, pool: Pool, release: TextSink) -> None:
        self.graph, self.pool = graph, pool
        self.frontier = Frontier(graph)
        self.coordinator = StreamCoordinator(graph, pool, self.frontier.skipped, release)
        self.outputs: dict[str, object] = {}
        self.done_types: set[str] = set()

    def settle(self, node: GraphNode, outcome: NodeOutcome) -> None:
        """Takes in what a node gave, and lets text and nodes that waited for it go on."""
        pool, coordinator = self.pool, self.coordinator
        pool.put_all(node.id, outcome.outputs)
        for selector, value in outcome.variable_updates:
            pool.put(selector[0], selector[1], value)
        coordinator.flush()
        if node.kind == "branch":
            self.frontier.branch(node.index, outcome.handle, coordinator.edge_taken)
        else:
            self.frontier.leave(node.index, coordinator.edge_taken)
        if node.node.kind == "response":
            merge_outputs(self.outputs, outcome.outputs, append_answer=node.type == "answer")
        self.done_types.add(node.type)


def merge_outputs(run: dict[str, object], more: Mapping[str, object], *, append_answer: bool = True) -> None:
    """Adds outputs to a run's: ``answer`` is appended where asked, everything else replaces."""
    for name, value in more.items():
        earlier = run.get(name)
        if append_answer and name == "answer" and isinstance(earlier, str):
            run[name] = f"{earlier}{value}"
        else:
            run[name] = value
