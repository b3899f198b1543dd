"""A graph as runs use it: parsed once, never changed, shared by all runs (workflow.md 2.1, 2.2).

Parsing makes the node objects and compiles adjacency into integers; `Graph.rooted` gives the same graph as a
container's sub-run sees it, with another root.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import cast

from orrery.workflow.fields import as_mapping
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.graph_node import ContainerNode, GraphNode, WritingNode
from orrery.workflow.graph_reading import Problem, choose_root, read_edges, read_nodes, root_issues
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.stream_plan import StreamPlan
from orrery.workflow.topology import Edges, Topology


class Graph:
    """Nodes, edges and root of one graph; make it with `Graph.parse`.

    ``problems`` are (node id, text) of nodes that fail when a run reaches them: an editor shows them, a publishing
    check may refuse them.
    """

    def __init__(self, nodes: Sequence[GraphNode], edges: Edges, root: int, problems: Sequence[Problem]) -> None:
        self.nodes, self.edges, self.root, self.problems = tuple(nodes), edges, root, tuple(problems)
        self.index = {node.id: node.index for node in nodes}
        self.topology = Topology(edges, root, [node.parent_id is not None for node in nodes])
        if self.topology.cycle:
            names = ", ".join(nodes[i].id for i in self.topology.cycle)
            raise GraphError.of_issues([("CYCLE", f"The nodes {names} wait for each other in a circle")])
        self.stream_plan = StreamPlan(self.nodes, edges, self.topology, root)
        self._rooted: dict[str, Graph] = {}
        self._repeatable: dict[int, bool] = {}

    @classmethod
    def parse(cls, graph: object, *, registry: NodeRegistry, root_id: str | None = None) -> Graph:
        """Reads the stored ``{nodes, edges}``. Raises `GraphError`.

        Notes are ignored, edges whose ends are not text are skipped. A node of unknown type or with wrong data is
        kept as one that fails with the reason when a run reaches it. What the root can't reach never runs, and
        nothing waits for it: so several triggers share a graph.
        """
        stored = as_mapping(graph)
        if not stored:
            raise GraphError("graph not found in workflow")
        raw_nodes, raw_edges = stored.get("nodes", []), stored.get("edges", [])
        if not isinstance(raw_nodes, list) or not isinstance(raw_edges, list):
            raise GraphError("nodes/edges in workflow graph must be a list")
        problems: list[Problem] = []
        nodes = read_nodes(cast("list[object]", raw_nodes), registry, problems)
        if not nodes:
            raise GraphError("Graph must have at least one node")
        edges, issues = read_edges(cast("list[object]", raw_edges), {node.id: node.index for node in nodes})
        root = choose_root(nodes, edges, root_id)
        issues += root_issues(nodes, root)
        if issues:
            raise GraphError.of_issues(issues)
        parsed = cls(nodes, edges, root.index, problems)
        for node in nodes:
            parsed._refuse_endless(node)  # compiles every container's part, so that its faults show here
        return parsed

    def rooted(self, root_id: str) -> Graph:
        """The same graph with another root, for a container's sub-run; kept for all later runs."""
        view = self._rooted.get(root_id)
        if view is None:
            if root_id not in self.index:
                raise GraphError(f"Root node id {root_id} not found in the graph")
            view = self._rooted[root_id] = Graph(self.nodes, self.edges, self.index[root_id], self.problems)
            view._rooted = self._rooted
        return view

    def children(self, container: GraphNode) -> tuple[GraphNode, ...]:
        """The nodes that a container's sub-run can reach, its start included; empty when the start is missing."""
        start = container.node.start_node_id if isinstance(container.node, ContainerNode) else ""
        if start not in self.index:
            return ()
        reachable = self.rooted(start).topology.reachable
        return tuple(node for node in self.nodes if reachable[node.index])

    def _refuse_endless(self, container: GraphNode) -> None:
        """Raises `GraphError` for a container that is, at some depth, inside itself: it would never end."""
        seen = {container.index}
        waiting = list(self.children(container))
        while waiting:
            child = waiting.pop()
            if child.index == container.index:
                raise GraphError.of_issues(
                    [("CYCLE", f"What is inside {container.id} leads into {container.id} itself")]
                )
            if child.index not in seen:
                seen.add(child.index)
                waiting += self.children(child)

    def asks(self, node: GraphNode) -> bool:
        """Whether people are asked right inside a container."""
        return any(child.type == "human-input" for child in self.children(node))

    @cached_property
    def writes_inside(self) -> bool:
        """Whether a node inside a container writes to the conversation."""
        return any(
            selector[:1] == ("conversation",)
            for container in self.nodes
            for child in self.children(container)
            if isinstance(child.node, WritingNode)
            for selector in map(tuple, child.node.writes())
        )

    def repeatable(self, node: GraphNode) -> bool:
        """Whether a crashed execution may be done again; of a container, everything inside must be.

        What is inside a container that asks people is journalled by itself, as long as it is told as it happens.
        """
        known = self._repeatable.get(node.index)
        if known is None:
            self._repeatable[node.index] = True  # a container that leads to itself is judged by the rest
            known = node.settings.retry is not None or (
                (self.asks(node) and getattr(node.node, "in_turn", True))
                or all(self.repeatable(child) for child in self.children(node))
                if isinstance(node.node, ContainerNode)
                else node.node.repeatable
            )
            self._repeatable[node.index] = known
        return known
