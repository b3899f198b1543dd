from __future__ import annotations

import subprocess
import sys
import time

import pytest

from orrery.workflow.graph import Graph
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.registry import NodeRegistry

from .graphs import answer, end, if_else, node, parse, run, start, stored


@pytest.mark.parametrize(
    ("graph", "text"),
    [
        (None, "graph not found in workflow"),
        ({}, "graph not found in workflow"),
        ({"nodes": {}, "edges": []}, "nodes/edges in workflow graph must be a list"),
        ({"nodes": [], "edges": None}, "nodes/edges in workflow graph must be a list"),
        ({"nodes": [], "edges": []}, "Graph must have at least one node"),
        (stored(node("a", "end"), node("b", "end"), edges_="a > b, b > a"), "Unable to determine root node ID"),
    ],
)
def test_what_is_no_graph_is_refused_with_the_contracts_text(graph: object, text: str) -> None:
    with pytest.raises(GraphError) as caught:
        Graph.parse(graph, registry=NodeRegistry())
    assert caught.value.message == text


def test_a_wanted_root_that_is_missing_is_named() -> None:
    with pytest.raises(GraphError, match="Root node id ghost not found in the graph"):
        Graph.parse(stored(start(), edges_=""), registry=NodeRegistry(), root_id="ghost")


@pytest.mark.parametrize(
    ("graph", "codes"),
    [
        (stored(start(), edges_="start > ghost"), ("MISSING_NODE",)),
        (stored(answer("a", "x"), edges_=""), ("INVALID_ROOT",)),
        (stored(start(), node("hook", "trigger-webhook"), edges_=""), ("TRIGGER_START_NODE_CONFLICT",)),
        (stored(start(), answer("a", "x"), answer("b", "y"), edges_="start > a > b > a"), ("CYCLE",)),
        (
            stored(
                start(),
                node(
                    "a",
                    "code",
                    error_strategy="default-value",
                    default_value=[{"key": "n", "type": "number", "value": "x"}],
                ),
                edges_="start > a",
            ),
            ("INVALID_DEFAULT_VALUE",),
        ),
    ],
)
def test_what_cant_run_as_a_whole_has_a_code(graph: dict[str, object], codes: tuple[str, ...]) -> None:
    with pytest.raises(GraphError) as caught:
        parse(graph)
    assert caught.value.codes == codes
    assert caught.value.message.startswith(f"[{codes[0]}] ")


def test_notes_and_bad_edges_are_ignored() -> None:
    graph = stored(start(), end(q="start.q"), edges_="start > end")
    graph["nodes"].append({"id": "note", "type": "custom-note", "data": {"type": "", "text": "remember"}})
    graph["edges"].append({"source": None, "target": "end"})
    parsed = parse(graph)
    assert [n.id for n in parsed.nodes] == ["start", "end"]
    assert len(parsed.edges.source) == 1


async def test_an_unknown_type_can_be_shown_but_fails_when_reached() -> None:
    graph = stored(start(), node("odd", "quantum"), end(), edges_="start > odd > end")
    assert parse(graph).problems == (("odd", "Unknown node type: quantum"),)
    trial = await run(graph)
    assert (trial.result.status, trial.result.error) == ("failed", "Unknown node type: quantum")


async def test_wrong_data_of_a_node_that_is_never_reached_hurts_nobody() -> None:
    graph = stored(
        start(),
        if_else("fork", "start.q", "is", "x"),
        node("broken", "code", code_language="cobol"),
        end(q="start.q"),
        edges_="start > fork, fork:true > broken > end, fork:false > end",
    )
    parsed = Graph.parse(graph, registry=NodeRegistry())
    assert [node_id for node_id, _ in parsed.problems] == ["broken"]
    assert "code_language" in parsed.problems[0][1]


async def test_a_trigger_runs_alone_when_several_share_a_graph() -> None:
    graph = stored(node("t1", "one"), node("t2", "two"), answer("join", "hello"), edges_="t1 > join, t2 > join")
    from orrery.workflow.nodes.start import StartNode

    class Webhook(StartNode):
        type = "trigger-webhook"

    for item in graph["nodes"][:2]:
        item["data"]["type"] = "trigger-webhook"
    trial = await run(graph, kinds={"trigger-webhook": Webhook})
    assert trial.names().count("node_started") == 2
    assert trial.result.outputs["answer"] == "hello"


def test_five_hundred_nodes_with_countless_paths_parse_at_once() -> None:
    nodes, edges, last = [start()], "", "start"
    for i in range(125):
        nodes += [if_else(f"f{i}", "start.q", "is", "x"), *(answer(f"{kind}{i}", "t") for kind in "abj")]
        edges += f"{last} > f{i}, f{i}:true > a{i} > j{i}, f{i}:false > b{i} > j{i},"
        last = f"j{i}"
    graph = stored(*nodes, edges_=edges)
    began = time.process_time()
    parsed = parse(graph)
    assert time.process_time() - began < 30  # about 0.02 s; enumeration would take longer than the universe
    assert len(parsed.stream_plan.gates) == 1


def test_the_engine_imports_no_node_that_a_graph_does_not_use() -> None:
    program = (
        "import sys\n"
        "from orrery.workflow.engine import WorkflowRun\n"
        "from orrery.workflow.graph import Graph\n"
        "from orrery.workflow.registry import NodeRegistry\n"
        "Graph.parse({'nodes': [{'id': 's', 'data': {'type': 'start'}}], 'edges': []}, registry=NodeRegistry())\n"
        "print([m for m in sys.modules if m.startswith('orrery.workflow.nodes.')], 'jsonschema' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['orrery.workflow.nodes.start'] False"


def test_an_unknown_version_means_the_highest() -> None:
    known = NodeRegistry()
    assert known.find("assigner", "9") is known.find("assigner", "2")
    assert known.find("assigner", "1") is not known.find("assigner", "2")
    assert known.find("variable-assigner", "1") is known.find("variable-aggregator", "1")
