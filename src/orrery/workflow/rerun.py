"""A new run that takes over what an earlier one did, except for a chosen node and all that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from orrery.errors import InvalidParam
from orrery.workflow.graph import Graph
from orrery.workflow.journal import FinishedNode, Resume


def rerun_from(
    graph: Graph, node_id: str, finished: Sequence[FinishedNode], *, new_id: Callable[[], str] | None = None
) -> Resume:
    """What to hand to `WorkflowRun` as ``resume``, with a pool as it was when the earlier run began.

    ``finished`` are the earlier run's entries in the order they were written. A node inside a container stands for
    its container, which always runs as a whole. ``new_id`` gives the kept executions ids of their own, for runs that
    are kept beside the earlier one. All text is told again. Raises `InvalidParam` when the earlier run did not come
    as far as the node, or took another way.
    """
    chosen = _outermost(graph, node_id)
    dropped = _downstream(graph, chosen)
    kept = [entry for entry in finished if not entry.round and graph.index.get(entry.node_id, -1) not in dropped]
    if not _is_reached(graph, chosen, kept):
        raise InvalidParam(f"The earlier run did not reach the node {node_id}: start from a node before it")
    if new_id is not None:
        kept = [msgspec.structs.replace(entry, execution_id=new_id()) for entry in kept]
    return Resume(finished=tuple(kept), streamed_chars=0, is_rerun=True)


def _outermost(graph: Graph, node_id: str) -> int:
    index = graph.index.get(node_id)
    if index is None:
        raise InvalidParam(f"Node {node_id} not found in the graph")
    seen: set[int] = set()
    while (parent := graph.nodes[index].parent_id) in graph.index and index not in seen:
        seen.add(index)
        index = graph.index[str(parent)]
    return index


def _downstream(graph: Graph, start: int) -> set[int]:
    """The node itself and every node that it leads to."""
    found, stack = {start}, [start]
    while stack:
        for number in graph.edges.outgoing[stack.pop()]:
            target = graph.edges.target[number]
            if target not in found:
                found.add(target)
                stack.append(target)
    return found


def _is_reached(graph: Graph, chosen: int, kept: Sequence[FinishedNode]) -> bool:
    """Whether everything before the node is done and leads to it."""
    if chosen == graph.root:
        return True
    handles = {graph.index[entry.node_id]: entry.handle for entry in kept if entry.node_id in graph.index}
    edges = graph.edges
    return any(
        edges.target[number] == chosen
        and edges.source[number] in handles
        and (
            graph.nodes[edges.source[number]].kind != "branch" or handles[edges.source[number]] == edges.handle[number]
        )
        for number in range(len(edges.target))
    )
