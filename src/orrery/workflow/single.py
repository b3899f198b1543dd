"""One node tried out by itself: its variables are given, its error strategy and retries apply (workflow.md 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec

from orrery.errors import InvalidParam, NotFound
from orrery.workflow.clock import Clock
from orrery.workflow.context import Emit
from orrery.workflow.engine import RunResult, WorkflowRun
from orrery.workflow.events import Event, NodeFinished
from orrery.workflow.fields import as_mapping, as_mappings, as_text
from orrery.workflow.graph import Graph
from orrery.workflow.graph_node import START_TYPES
from orrery.workflow.graph_reading import Problem, read_edges, read_nodes
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeServices
from orrery.workflow.node_inputs import NodeInput, node_inputs
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.single_inputs import FileReader, SingleInputs, known_pool


class SingleRun(msgspec.Struct, frozen=True, kw_only=True):
    """How it went. ``finished`` is the node's record; None when it paused or was stopped before its end."""

    finished: NodeFinished | None
    result: RunResult
    events: Sequence[Event]


class SingleNode:
    """One node of a stored graph, with its inner nodes when it is a container, ready to be tried out."""

    def __init__(self, graph_data: object, node_id: str, registry: NodeRegistry) -> None:
        """Raises `NotFound` for a node that is not there, `GraphError` for default values of a wrong type."""
        stored = as_mapping(graph_data)
        inside = _inside(stored, node_id)
        raw = [item for item in as_mappings(stored.get("nodes")) if item.get("id") in inside]
        problems: list[Problem] = []
        nodes = read_nodes(cast("list[object]", raw), registry, problems)
        root = next((node for node in nodes if node.id == node_id), None)
        if root is None:
            raise NotFound(f"Node {node_id} not found in the graph")
        edges = [
            edge
            for edge in as_mappings(stored.get("edges"))
            if {edge.get("source"), edge.get("target")} <= inside - {node_id}
        ]
        compiled, _ = read_edges(edges, {node.id: node.index for node in nodes})
        self.node_id, self._inside = node_id, inside
        self.graph = Graph(nodes, compiled, root.index, problems)
        for node in nodes:
            self.graph.children(node)  # compiles inner containers, so that their faults show before the run

    def wanted(self) -> list[tuple[str, NodeInput]]:
        """(node id, input) of everything that must come from outside of the node."""
        return [
            (node.id, item)
            for node in self.graph.nodes
            for item in node_inputs(node.type, node.data)
            if not item.selector or item.selector[0] not in self._inside
        ]

    def pool(
        self,
        inputs: Mapping[str, object],
        *,
        draft_values: Mapping[str, Mapping[str, object]] | None = None,
        around: Pool | None = None,
        read_file: FileReader | None = None,
    ) -> Pool:
        """The variables of the run. Raises `MissingInput`, and `InvalidParam` for inputs that don't fit a start's form.

        ``around`` holds env, conversation and sys variables; ``draft_values`` are outputs of earlier runs, by node
        and name. A start node's inputs are those of a whole run.
        """
        pool = known_pool(inputs, draft_values or {}, around)
        root = self.graph.nodes[self.graph.root]
        if root.type in START_TYPES:
            pool.inputs = _entry_inputs(root.type, root.data, inputs)
        else:
            SingleInputs(inputs, read_file).fill(pool, self.node_id, self.wanted())
        return pool


async def run_node(
    graph_data: object,
    node_id: str,
    inputs: Mapping[str, object],
    *,
    services: NodeServices,
    registry: NodeRegistry,
    new_id: Callable[[], str],
    draft_values: Mapping[str, Mapping[str, object]] | None = None,
    around: Pool | None = None,
    read_file: FileReader | None = None,
    emit: Emit | None = None,
    limits: RunLimits | None = None,
    clock: Clock | None = None,
    on_run: Callable[[WorkflowRun], None] | None = None,
) -> SingleRun:
    """Runs one node of a stored graph to its end; a container runs with everything inside it.

    ``emit`` hears every event as it happens, ``on_run`` gets hold of the run to stop it. Raises what `SingleNode` and
    its `pool` raise; what the node itself does is told by the result.
    """
    single = SingleNode(graph_data, node_id, registry)
    pool = single.pool(inputs, draft_values=draft_values, around=around, read_file=read_file)
    events: list[Event] = []

    def hear(event: Event) -> None:
        events.append(event)
        if emit is not None:
            emit(event)

    run = WorkflowRun(single.graph, pool, services, new_id=new_id, emit=hear, limits=limits, clock=clock)
    if on_run is not None:
        on_run(run)
    result = await run.execute()
    ends = [event for event in events if isinstance(event, NodeFinished) and event.node_id == node_id]
    return SingleRun(finished=ends[-1] if ends else None, result=result, events=events)


def _inside(stored: Mapping[str, object], node_id: str) -> set[str]:
    """The node and all nodes inside it, at every depth."""
    inside = {node_id}
    while True:
        more = {as_text(item.get("id")) for item in as_mappings(stored.get("nodes")) if _parent(item) in inside}
        if more <= inside:
            return inside
        inside |= more


def _parent(item: Mapping[str, object]) -> str:
    data = as_mapping(item.get("data"))
    return as_text(item.get("parentId") or data.get("iteration_id") or data.get("loop_id"))


def _entry_inputs(node_type: str, data: Mapping[str, object], inputs: Mapping[str, object]) -> Mapping[str, object]:
    if node_type != "start":
        return dict(inputs)
    try:
        return validate_inputs(as_mappings(data.get("variables")), inputs)
    except ValueError as error:
        raise InvalidParam(str(error)) from error
