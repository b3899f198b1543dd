from __future__ import annotations

from typing import Any

import pytest

from workflow.graphs import answer, end, if_else, node, start, stored

from .examined import MODEL, expect, findings, told

HOOK = node("hook", "trigger-webhook")


def edge(source: str, target: str) -> dict[str, str]:
    return {"source": source, "target": target}


def test_a_sound_graph_has_no_findings() -> None:
    graph = stored(
        start(variables=[{"variable": "q", "type": "text-input"}]),
        node("llm", "llm", model=MODEL, prompt_template=[{"role": "user", "text": "{{#start.q#}}"}]),
        end(x="llm.text"),
        edges_="start > llm > end",
    )
    assert findings(graph) == []


@pytest.mark.parametrize(
    ("graph", "text"),
    [
        ({}, "graph not found in workflow"),
        ({"nodes": [], "edges": []}, "Graph must have at least one node"),
        ({"nodes": {}, "edges": []}, "nodes/edges in workflow graph must be a list"),
        ({**stored(start(), end(x="start.a"), edges_="start > end"), "edges": [edge("start", "gone")]}, "'gone', which is missing"),
        (stored(node("c", "code"), edges_=""), "can't be the start of a run"),
        (stored(start(), HOOK, edges_=""), "Start node and trigger nodes cannot coexist"),
        (stored(start(), answer("a", "x"), answer("b", "y"), edges_="start > a > b > a"), "wait for each other in a circle"),
    ],
)  # fmt: skip
def test_graphs_that_cannot_run(graph: Any, text: str) -> None:
    expect(findings(graph), "", "", text)


def test_nodes_that_share_an_id() -> None:
    graph = stored(start(), answer("a", "x"), edges_="start > a")
    graph["nodes"] = [*graph["nodes"], graph["nodes"][-1]]
    expect(findings(graph), "a", "id", "2 nodes have the id a")


def test_every_broken_node_is_told_even_when_the_graph_cannot_be_parsed() -> None:
    default = {"error_strategy": "default-value", "default_value": [{"key": "x", "type": "number", "value": "many"}]}
    graph = stored(
        start(), node("odd", "quantum"), node("bad", "code", code_language="cobol", **default),
        node("llm", "llm", model={"mode": "verse"}), edges_="start > odd > bad > llm",
    )  # fmt: skip
    found = findings(graph)
    expect(found, "odd", "type", "Unknown node type: quantum")
    expect(found, "bad", "default_value", "must be of type number")
    expect(found, "bad", "", "code_language of node bad must be python3 or javascript")
    expect(found, "llm", "model.mode", "verse")


def test_shapes_that_a_kind_does_not_expect_hide_nothing_else() -> None:
    graph = stored(start(), node("c", "code", code_language=[], code="x = 1"), end(x="c.y"), edges_="start > c > end")
    found = findings(graph)
    assert [finding for finding in found if finding.node_id == "c" and finding.level == "error"]
    expect(found, "end", "outputs[0].value_selector", "no output y")


@pytest.mark.parametrize(
    ("graph", "node_id", "text"),
    [
        (stored(start(), end(x="start.a"), node("lost", "answer", answer="x"), edges_="start > end"), "lost", "No start leads"),
        (stored(start(), end(x="start.a"), node("last", "answer", answer="x"), edges_="start > end"), "end", ""),
        (stored(start(), end(), if_else("if", "start.a", "is", "1"), edges_="start > if, if:gone > end"), "if", "a way that this node doesn't have"),
        (stored(start(), end(), if_else("if", "start.a", "is", "1"), edges_="start > if, if:false > end"), "if", "Nothing follows when it chooses 'case 1'"),
        (stored(start(), end(), node("t", "template-transform", template="x"), edges_="start > end, start > t"), "t", "ends without an end or answer"),
        (stored(start(), node("t", "template-transform", template="x"), edges_="start > t"), "", "Without an end node"),
    ],
)  # fmt: skip
def test_ways_that_lead_nowhere(graph: Any, node_id: str, text: str) -> None:
    found = findings(graph)
    if text:
        expect(found, node_id, "", text, level="warning")
    else:
        assert not [item for item in found if item.node_id == node_id and "No start" in item.message]


def test_chatflows_need_an_answer() -> None:
    expect(
        findings(stored(start(), end(x="start.a"), edges_="start > end"), mode="advanced-chat"), "", "", "says nothing"
    )


def test_what_follows_an_answer_is_no_dead_end() -> None:
    graph = stored(start(), answer("a", "x"), node("t", "template-transform", template="x"), edges_="start > a > t")
    assert findings(graph, mode="advanced-chat") == []


def test_several_starts() -> None:
    graph = stored(start(), node("other", "start"), end(x="start.a"), edges_="start > end")
    expect(findings(graph), "other", "", "only one start node")
    hooks = [node(f"h{n}", "trigger-webhook") for n in range(6)]
    expect(findings(stored(*hooks, edges_="")), "h5", "", "at most 5 trigger-webhook nodes")


@pytest.mark.parametrize("kind", ["iteration", "loop"])
def test_containers(kind: str) -> None:
    def graph(*inner: Any, edges: str = "start > box > end", **data: Any) -> Any:
        extra = (
            {"loop_count": 2}
            if kind == "loop"
            else {"iterator_selector": ["start", "l"], "output_selector": ["box", "item"]}
        )
        return stored(
            start(variables=[{"variable": "l", "type": "file-list"}]), node("box", kind, **{**extra, **data}), end(x="start.l"),
            *inner, edges_=edges,
        )  # fmt: skip

    begin, say = node("boxstart", f"{kind}-start", parent="box"), answer("say", "x", parent="box")
    expect(findings(graph()), "box", "start_node_id", "no start node inside")
    expect(findings(graph(begin)), "box", "", "nothing inside", level="warning")
    expect(findings(graph(begin, say)), "say", "", "does not lead to this node", level="warning")
    assert findings(graph(begin, say, edges="start > box > end, boxstart > say")) == []
    expect(findings(graph(answer("orphan", "x", parent="nothing"))), "orphan", "", "container of this node is missing")
    if kind == "loop":
        expect(findings(graph(begin, say, loop_count=0)), "box", "loop_count", "no round", level="warning")


def test_an_old_if_else_has_its_two_ways() -> None:
    old = node(
        "if",
        "if-else",
        logical_operator="and",
        conditions=[{"variable_selector": ["start", "n"], "comparison_operator": ">", "value": "1"}],
    )
    graph = stored(start(variables=[{"variable": "n", "type": "number"}]), old, end("a", x="start.n"), end("b", y="start.n"),
                   edges_="start > if, if:true > a, if:false > b")  # fmt: skip
    assert findings(graph) == []
    assert told(findings(graph), level="warning") == []
