"""What editors would not draw is told, as a warning, only where the installation says its limits."""

from __future__ import annotations

from typing import Any

from tests.unit.workflow.check.examined import App, Models

from orrery.workflow.check import EditorLimits, Finding, check_app

SMALL = EditorLimits(loop_count=5, tools=1, parallel_branches=2, agent_iterations=3, tree_depth=4)
TOOL = {"provider_name": "time", "type": "builtin", "tool_name": "current_time"}


def node(name: str, kind: str = "template-transform", **data: Any) -> dict[str, Any]:
    return {"id": name, "data": {"type": kind, "title": name, "template": "", "variables": [], **data}}


def graph(nodes: list[dict[str, Any]], *ways: str) -> dict[str, Any]:
    """``ways`` are written ``a>b`` or ``a.handle>b``."""
    edges: list[dict[str, str]] = []
    for way in ways:
        source, target = way.split(">")
        name, _, handle = source.partition(".")
        edges.append({"source": name, "target": target, "sourceHandle": handle or "source"})
    return {"nodes": nodes, "edges": edges}


def told(block: dict[str, Any], limits: EditorLimits | None = SMALL) -> list[tuple[str, str, str]]:
    found: list[Finding] = check_app(App("workflow", {"graph": block}), models=Models(), limits=limits)
    return [
        (finding.node_id, finding.field, finding.message)
        for finding in found
        if "editors allow" in finding.message and finding.level == "warning" and finding.mend
    ]


def test_rounds_of_loops() -> None:
    block = graph([node("l", "loop", loop_count=6), node("m", "loop", loop_count=5), node("n", "loop", loop_count="9")])
    text = "The node has 6 rounds, where editors allow 5 (LOOP_NODE_MAX_COUNT)"
    assert told(block) == [("l", "loop_count", text)]
    assert told(block, None) == []


def test_rounds_and_tools_of_agents() -> None:
    asked = {"maximum_iterations": {"value": 4}, "tools": {"value": [TOOL, TOOL, {**TOOL, "enabled": False}]}}
    assert told(graph([node("a", "agent", agent_parameters=asked)])) == [
        (
            "a",
            "agent_parameters.maximum_iterations",
            "The node has 4 rounds of its agent, where editors allow 3 (MAX_ITERATIONS_NUM)",
        ),
        ("a", "agent_parameters.tools", "The node has 2 tools, where editors allow 1 (MAX_TOOLS_NUM)"),
    ]
    mode = {"max_iteration": 4, "tools": [{**TOOL, "enabled": True}] * 2}
    found = check_app(App("agent-chat", None, {"agent_mode": mode}), limits=SMALL)
    assert [f.field for f in found if "editors allow" in f.message] == [
        "model_config.agent_mode.tools",
        "model_config.agent_mode.max_iteration",
    ]


def test_branches_count_for_each_way_out() -> None:
    nodes = [node("s", "start"), *(node(name) for name in "abcd")]
    assert told(graph(nodes, "s>a", "s>b", "s.x>c", "s.x>d")) == []
    text = "The node has 3 parallel branches, where editors allow 2 (MAX_PARALLEL_LIMIT)"
    assert told(graph(nodes, "s>a", "s>b", "s>c")) == [("s", "", text)]


def test_the_longest_path_of_all() -> None:
    nodes = [node("s", "start"), *(node(name) for name in "abcd")]
    text = "The app has 5 nodes on its longest path, where editors allow 4 (MAX_TREE_DEPTH)"
    assert told(graph(nodes, "s>a", "a>b", "b>c", "s>c", "c>d")) == [("", "", text)]
    assert told(graph(nodes, "s>a", "s>b", "b>c", "a>c", "c>d")) == []
    # A circle never ends the search, and is told by the check of the graph.
    assert told(graph(nodes, "s>a", "a>b", "b>c", "c>a")) == []
