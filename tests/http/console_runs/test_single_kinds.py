"""One node of each kind, tried out alone over HTTP with what its own data asks for (workflow.md 7.3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.http.console_runs.graphs import MODEL, start
from tests.http.console_runs.world import World

CONDITION = {"variable_selector": ["a", "text"], "comparison_operator": "contains", "value": "x"}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "answer": ({"answer": "So {{#a.text#}}"}, {"#a.text#": "x"}, {"answer": "So x", "files": []}),
    "end": ({"outputs": [{"variable": "out", "value_selector": ["a", "text"]}]}, {"n.out": "x"}, {"out": "x"}),
    "if-else": (
        {"cases": [{"case_id": "yes", "logical_operator": "and", "conditions": [CONDITION]}]},
        {"#a.text#": "axe"},
        {"result": True, "selected_case_id": "yes"},
    ),
    "template-transform": (
        {"template": "{{ w }}!", "variables": [{"variable": "w", "value_selector": ["a", "text"]}]},
        {"w": "x"},
        {"output": "x!"},
    ),
    "code": (
        {
            "code_language": "python3", "code": "main", "outputs": {"doubled": {"type": "number"}},
            "variables": [{"variable": "n", "value_selector": ["a", "count"]}],
        },
        {"n": 21},
        {"doubled": 42},
    ),
    "variable-aggregator": (
        {"variables": [["a", "missing"], ["a", "text"]], "output_type": "string"}, {"#a.text#": "x"}, {"output": "x"},
    ),
    "list-operator": (
        {
            "variable": ["a", "list"], "filter_by": {"enabled": False, "conditions": []},
            "order_by": {"enabled": True, "key": "", "value": "desc"}, "limit": {"enabled": True, "size": 2},
            "extract_by": {"enabled": False, "serial": "1"},
        },
        {"n.variable": [1, 3, 2]},
        {"result": [3, 2], "first_record": 3, "last_record": 2},
    ),
    "llm": (
        {
            "model": MODEL, "prompt_template": [{"role": "user", "text": "{{#a.text#}}"}],
            "vision": {"enabled": False}, "context": {"enabled": False, "variable_selector": []},
        },
        {"#a.text#": "Who?"},
        {"text": "This is a mocked LLM response", "finish_reason": "stop"},
    ),
    "loop": (
        {
            "loop_count": 2, "break_conditions": [], "start_node_id": "inner",
            "loop_variables": [{"label": "w", "var_type": "string", "value_type": "variable", "value": ["a", "text"]}],
        },
        {"n.w": "x"},
        {"w": "x", "loop_round": 2},
    ),
    "iteration": (
        {"iterator_selector": ["a", "list"], "output_selector": ["n", "index"], "start_node_id": "inner"},
        {"n.input_selector": ["a", "b"]},
        {"output": [0, 1]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
async def test_a_node_of_each_kind(world: World, kind: str) -> None:
    data, inputs, outputs = KINDS[kind]
    world.code.main = lambda _source, given: {"doubled": given["n"] * 2}
    owner = await world.people.signed_in()
    nodes = [start(), {"id": "n", "data": {"type": kind, "title": "N", **data}}]
    if kind in {"loop", "iteration"}:
        nodes.append({"id": "inner", "parentId": "n", "data": {"type": f"{kind}-start", "title": ""}})
    app_id = await world.new_app(owner, "workflow", {"nodes": nodes, "edges": []})
    answer = await owner.post(f"/apps/{app_id}/workflows/draft/nodes/n/run", json={"inputs": inputs})
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert (done["node_type"], done["status"], done["error"]) == (kind, "succeeded", None)
    assert {name: done["outputs"].get(name) for name in outputs} == outputs
    left = (await owner.get(f"/apps/{app_id}/workflows/draft/nodes/n/variables")).json()["items"]
    assert {item["name"]: item["value"] for item in left} == {
        name: value for name, value in done["outputs"].items() if name not in {"finish_reason", "loop_round"}
    }
    assert all(item["visible"] is (kind != "if-else") for item in left)
