"""The graph as a whole: can it be parsed, is every node reached, does every way lead somewhere (workflow.md 2.2)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from orrery.workflow.check.inspection import Inspection
from orrery.workflow.check.stored import RESPONSES, StoredGraph, StoredNode
from orrery.workflow.fields import as_mappings, as_text
from orrery.workflow.graph import Graph
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.node_settings import read_settings
from orrery.workflow.nodes.human_input_data import TIMEOUT_HANDLE

_ISSUE: Final = re.compile(r"\[([A-Z_]+)\] (.*?)(?=; \[[A-Z_]+\] |$)", re.DOTALL)
_AT_FIELD: Final = re.compile(r" - at `\$\.?(.*?)`")
_MENDS: Final = {
    "MISSING_NODE": "Delete the edge, or add the node again.",
    "INVALID_ROOT": "Begin with a start node or a trigger, with no edge leading to it.",
    "TRIGGER_START_NODE_CONFLICT": "Keep either the start node or the triggers.",
    "CYCLE": "Remove one edge of the circle; to repeat something use a loop node.",
}
_QUIET_HANDLES: Final = frozenset({"false", "source", "fail-branch", TIMEOUT_HANDLE})
"""Ways that are often meant to end at once."""
_MOST_TRIGGERS: Final = {"trigger-webhook": 5, "trigger-plugin": 5, "trigger-schedule": 1}


def check_nodes(inspection: Inspection) -> None:
    """Each node by itself: its type is known, its data can be read."""
    for node in inspection.graph.nodes.values():
        kind = inspection.registry.find(node.type, str(node.data.get("version") or "1"))
        if kind is None:
            inspection.report.error(
                f"Unknown node type: {node.type}",
                "This installation has no such kind of node: replace it, or install what brings it.",
                node=node,
                field="type",
            )
        else:
            try:
                kind.parse(node.id, node.data)
            except (ValueError, TypeError) as error:
                place = _AT_FIELD.search(str(error))
                text = _AT_FIELD.sub("", str(error))
                field = "" if place is None else place[1]
                inspection.report.error(text, "Correct this field.", node=node, field=field)
        try:
            read_settings(node.id, node.type, node.data)
        except GraphError as error:
            inspection.report.error(
                _ISSUE.sub(r"\2", str(error)),
                "Give a value of the declared type.",
                node=node,
                field="default_value",
            )


def check_graph(inspection: Inspection) -> None:
    """Whether a run could begin at all."""
    try:
        Graph.parse(inspection.stored_graph, registry=inspection.registry)
    except GraphError as error:
        issues = _ISSUE.findall(str(error)) if error.codes else [("", str(error))]
        for code, text in issues:
            if code != "INVALID_DEFAULT_VALUE":  # told with its node
                inspection.report.error(text, _MENDS.get(code, "Add a start node and connect the others to it."))
    except TypeError:
        pass  # a node's data has a shape that its kind does not expect, which is told with the node
    _check_ids(inspection)
    starts = inspection.graph.of_type("start")
    for extra in starts[1:]:
        inspection.report.error("A graph has only one start node", "Delete this one.", node=extra)
    for start in starts:
        if start.id in inspection.graph.incoming:
            inspection.report.error("An edge leads to the start node", "Delete the edge.", node=start)
    for kind, most in _MOST_TRIGGERS.items():
        triggers = inspection.graph.of_type(kind)
        if len(triggers) > most:
            inspection.report.error(
                f"A workflow has at most {most} {kind} nodes, this has {len(triggers)}",
                "Delete some of them.",
                node=triggers[most],
            )


def _check_ids(inspection: Inspection) -> None:
    ids = Counter(as_text(node.get("id")) for node in as_mappings(inspection.stored_graph.get("nodes")))
    for node_id, count in ids.items():
        if node_id and count > 1:
            inspection.report.error(
                f"{count} nodes have the id {node_id}, of which only one runs",
                "Give each node an id of its own.",
                node=inspection.graph.nodes.get(node_id),
                field="id",
            )


def check_ways(inspection: Inspection) -> None:
    """Nodes that nothing leads to, ways that end without an answer, edges that can never be taken."""
    graph, report = inspection.graph, inspection.report
    reached = graph.reached(root.id for root in graph.roots())
    for node in graph.nodes.values():
        if not node.parent and node.id not in reached:
            report.warning("No start leads to this node, so it never runs", "Connect it, or delete it.", node=node)
    _check_ends(inspection, reached)
    for node in graph.nodes.values():
        handles = node.handles()
        if handles is not None:
            _check_handles(inspection, node, handles)


def _check_ends(inspection: Inspection, reached: set[str]) -> None:
    graph, report = inspection.graph, inspection.report
    responses = [node.id for node in graph.of_type(*RESPONSES) if not node.parent]
    if not graph.nodes:
        return
    if inspection.mode == "advanced-chat" and not graph.of_type("answer"):
        report.error("A chatflow without an answer node says nothing", "Add an answer node at the end.")
    if inspection.mode == "workflow" and not graph.of_type("end"):
        report.warning(
            "Without an end node the workflow has no outputs", "Add an end node, if it shall give something back."
        )
    if not responses:
        return
    said = graph.reached(responses)
    for node in graph.nodes.values():
        is_last = node.id in reached and not node.parent and node.id not in graph.outgoing
        if is_last and node.id not in said:
            report.warning(
                "This way ends without an end or answer node",
                "Connect it to one, if it shall give something.",
                node=node,
            )


def _check_handles(inspection: Inspection, node: StoredNode, handles: dict[str, str]) -> None:
    used = {edge.handle for edge in inspection.graph.outgoing.get(node.id, ())}
    for handle in sorted(used - handles.keys()):
        inspection.report.warning(
            f"An edge starts from '{handle}', a way that this node doesn't have: it is never taken",
            "Delete the edge, or draw it again from the right place.",
            node=node,
        )
    for handle, name in handles.items():
        if handle not in used and handle not in _QUIET_HANDLES:
            inspection.report.warning(
                f"Nothing follows when it chooses '{name or handle}'", "Connect this way, or remove it.", node=node
            )


def check_containers(inspection: Inspection) -> None:
    """Iterations and loops: their start, what lies inside, how often."""
    graph, report = inspection.graph, inspection.report
    for node in graph.of_type("iteration", "loop"):
        start = graph.start_of(node)
        if start is None or start.type not in {"iteration-start", "loop-start"}:
            report.error(
                "This container has no start node inside, so its rounds can't begin",
                "Delete the container and add it again: new ones come with their start.",
                node=node,
                field="start_node_id",
            )
        else:
            _check_inside(graph, inspection, node, start)
        count = node.data.get("loop_count")
        if node.type == "loop" and (isinstance(count, bool) or not isinstance(count, int | float) or count < 1):
            report.warning(
                "The loop runs no round", "Give a number of rounds of at least 1.", node=node, field="loop_count"
            )
    for node in graph.nodes.values():
        parent = graph.nodes.get(node.parent)
        if node.parent and (parent is None or parent.type not in {"iteration", "loop"}):
            report.error(
                "The container of this node is missing, so it never runs",
                "Delete it, or add it again outside.",
                node=node,
            )


def _check_inside(graph: StoredGraph, inspection: Inspection, container: StoredNode, start: StoredNode) -> None:
    reached = graph.reached([start.id])
    children = graph.children(container.id)
    if len(children) < 2:
        inspection.report.warning("There is nothing inside this container", "Put nodes into it.", node=container)
    for child in children:
        if child.id not in reached:
            inspection.report.warning(
                "The container's start does not lead to this node, so it never runs",
                "Connect it, or delete it.",
                node=child,
            )
