"""When sessions may begin: the compiled gates against the rule as it is told, path by path."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.frontier import Frontier
from orrery.workflow.graph import Graph
from orrery.workflow.pool import Pool
from orrery.workflow.stream_coordinator import StreamCoordinator

from .graphs import answer, assign, node, parse, start
from .test_scheduling import Branching, Plain


@st.composite
def graphs_with_answers(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, str]]:
    nodes: list[dict[str, Any]] = [start()]
    choices: dict[str, str] = {}
    edges: list[dict[str, Any]] = []
    for i in range(1, draw(st.integers(2, 9))):
        kind = draw(st.sampled_from(["fork", "plain", "plain", "answer", "assigner"]))
        if kind == "answer":
            text = draw(st.sampled_from(["x", "x{{#conversation.v#}}", "x{{#conversation.w#}}"]))
            nodes.append(answer(f"n{i}", text))
        elif kind == "assigner":
            nodes.append(assign(f"n{i}", ("conversation.v", "set", "new")))
        else:
            handle = draw(st.sampled_from(["a", "b"]))
            nodes.append(node(f"n{i}", kind, handle=handle))
            if kind == "fork":
                choices[f"n{i}"] = handle
        for source in draw(st.lists(st.integers(0, i - 1), min_size=1, max_size=3)):
            name = f"n{source}" if source else "start"
            handle = draw(st.sampled_from(["a", "b"])) if name in choices else "source"
            edges.append({"source": name, "sourceHandle": handle, "target": f"n{i}"})
    return {"nodes": nodes, "edges": edges}, choices


def paths(graph: Graph, target: int) -> list[list[int]]:
    """Every path from the root to a node, as edge numbers."""
    found: list[list[int]] = []
    queue = deque([(graph.root, list[int]())])
    while queue:
        at, path = queue.popleft()
        if at == target:
            found.append(path)
            continue
        queue.extend((graph.edges.target[edge], [*path, edge]) for edge in graph.edges.outgoing[at])
    return found


def blocks(graph: Graph, edge: int, template: str) -> bool:
    source = graph.nodes[graph.edges.source[edge]]
    writes = source.type == "assigner" and "{{#conversation.v#}}" in template
    return source.kind in {"branch", "container", "response"} or writes


@settings(max_examples=200, deadline=None)
@given(graphs_with_answers())
async def test_sessions_begin_when_some_path_has_all_its_blocking_edges_taken(
    case: tuple[dict[str, Any], dict[str, str]],
) -> None:
    stored, choices = case
    graph = parse(stored, fork=Branching, plain=Plain)
    answers = [n for n in graph.nodes if n.type == "answer" and graph.topology.reachable[n.index]]
    pool = Pool()
    for name in "vw":
        pool.declare("conversation", name, "string", "-")
    frontier = Frontier(graph)
    taken: set[int] = set()
    begun: list[tuple[int, str]] = []

    def release(owner: Any, selector: Any, text: str, *, final: bool) -> None:
        if text == "x":
            begun.append((len(taken), owner.id))

    coordinator = StreamCoordinator(graph, pool, frontier.skipped, release)
    expected: list[tuple[int, str]] = []
    waiting = {
        n.index: [[e for e in p if blocks(graph, e, n.data["answer"])] for p in paths(graph, n.index)] for n in answers
    }

    def on_taken(edge: int) -> None:
        taken.add(edge)
        for index in sorted(waiting):
            if any(set(path) <= taken for path in waiting[index]):
                expected.append((len(taken), graph.nodes[index].id))
                del waiting[index]
        coordinator.edge_taken(edge)

    while frontier.ready:
        done = graph.nodes[frontier.ready.popleft()]
        if done.kind == "branch":
            frontier.branch(done.index, choices[done.id], on_taken)
        else:
            frontier.leave(done.index, on_taken)
    assert begun == expected
