"""start, end, answer, if-else, variable-aggregator, template-transform: through whole runs."""

from __future__ import annotations

from typing import Any

import pytest

from orrery.workflow.events import NodeFinished
from orrery.workflow.limits import RunLimits
from orrery.workflow.pool import Pool
from orrery.workflow.segments import FILE_IDENTITY

from .graphs import answer, condition, end, if_else, node, run, start, stored


def last_of(trial: Any, node_id: str) -> NodeFinished:
    return next(event for event in trial.events if isinstance(event, NodeFinished) and event.node_id == node_id)


async def test_start_gives_inputs_and_system_values() -> None:
    pool = Pool(inputs={"q": 1}, system={"user_id": "u", "timestamp": 5, "conversation_id": "c"})
    trial = await run(stored(start(), edges_=""), pool=pool)
    outputs = {"q": 1, "sys.user_id": "u", "sys.timestamp": 5, "sys.conversation_id": "c"}
    assert last_of(trial, "start").outputs == last_of(trial, "start").inputs == outputs
    assert trial.events[0].inputs == {"q": 1, "sys.user_id": "u"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"a": 1}, None),
        (None, "o is required in input form"),
        ([1], "JSON object for 'o' must be an object"),
        ({"a": "x"}, "JSON object for 'o' does not match schema: 'x' is not of type 'integer'"),
    ],
)
async def test_start_holds_objects_to_their_schema(value: Any, error: str | None) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    field = {"variable": "o", "type": "json_object", "required": True, "json_schema": schema}
    trial = await run(stored(start(variables=[field]), edges_=""), pool=Pool(inputs={"o": value}))
    assert trial.result.error == error


async def test_end_gives_null_for_what_is_missing() -> None:
    graph = stored(start(), end(a="start.q", b="ghost.x"), edges_="start > end")
    trial = await run(graph, pool=Pool(inputs={"q": [1]}))
    assert trial.result.outputs == {"a": [1], "b": None}
    assert last_of(trial, "end").inputs == {"a": [1], "b": None}


async def test_answer_joins_markdown_and_lists_files() -> None:
    image = {"dify_model_identity": FILE_IDENTITY, "type": "image", "filename": "a", "url": "u"}
    graph = stored(start(), answer("a", "see {{#sys.files#}} {{#sys.map#}} {{#sys.x#}}"), edges_="start > a")
    trial = await run(graph, pool=Pool(system={"files": [image], "map": {"k": 1}}))
    assert trial.result.outputs == {"answer": 'see ![a](u) {\n  "k": 1\n} sys.x', "files": [image]}


CASES = [
    {"case_id": "first", "logical_operator": "and", "conditions": [condition("sys.n", ">", "5")]},
    {
        "case_id": "second",
        "logical_operator": "or",
        "conditions": [condition("sys.n", "=", "1"), condition("sys.n", "=", "2")],
    },
]


@pytest.mark.parametrize(("n", "handle"), [(9, "first"), (2, "second"), (3, "false")])
async def test_if_else_takes_the_first_case_that_holds(n: int, handle: str) -> None:
    graph = stored(
        start(),
        node("fork", "if-else", cases=CASES),
        *(end(name, **{name: "sys.n"}) for name in ("first", "second", "false")),
        edges_="start > fork, fork:first > first, fork:second > second, fork:false > false",
    )
    trial = await run(graph, pool=Pool(system={"n": n}))
    assert trial.result.outputs == {handle: n}
    done = last_of(trial, "fork")
    assert done.outputs == {"result": handle != "false", "selected_case_id": handle}
    if handle == "second":
        compared = [{"actual_value": 2, "expected_value": e, "comparison_operator": "="} for e in ("1", "2")]
        assert done.inputs == {"conditions": compared}
        results: Any = done.process_data["condition_results"]
        assert [(r["results"], r["final_result"]) for r in results] == [([False], False), ([False, True], True)]
        assert results[1]["group"] == CASES[1]


async def test_if_else_without_cases_is_the_old_form() -> None:
    old = node("fork", "if-else", logical_operator="or", conditions=[condition("sys.n", "=", "1")])
    graph = stored(
        start(),
        old,
        end("yes", y="sys.n"),
        end("no", n="sys.n"),
        edges_="start > fork, fork:true > yes, fork:false > no",
    )
    assert (await run(graph, pool=Pool(system={"n": 1}))).result.outputs == {"y": 1}
    assert (await run(graph, pool=Pool(system={"n": 2}))).result.outputs == {"n": 2}


async def test_if_else_fails_on_what_is_missing() -> None:
    graph = stored(start(), if_else("fork", "a.b", "is", "x"), edges_="start > fork")
    trial = await run(graph)
    assert trial.result.error == "Variable ['a', 'b'] not found"
    assert last_of(trial, "fork").error_type == ""


async def test_a_handle_without_an_edge_ends_the_path() -> None:
    graph = stored(start(), if_else("fork", "sys.n", "=", "1"), end(x="sys.n"), edges_="start > fork, fork:true > end")
    trial = await run(graph, pool=Pool(system={"n": 2}))
    assert (trial.result.status, trial.result.outputs) == ("succeeded", {})


async def test_the_aggregator_takes_the_first_that_exists_even_if_null() -> None:
    graph = stored(
        start(),
        node("agg", "variable-assigner", variables=[["ghost", "x"], ["start", "nothing"], ["start", "q"]]),
        end(x="agg.output"),
        edges_="start > agg > end",
    )
    trial = await run(graph, pool=Pool(inputs={"nothing": None, "q": 1}))
    assert last_of(trial, "agg").outputs == {"output": None}
    assert last_of(trial, "agg").inputs == {"nothing": None}


async def test_the_aggregator_groups() -> None:
    groups = [
        {"group_name": "g1", "variables": [["start", "q"]]},
        {"group_name": "g2", "variables": [["ghost", "x"]]},
    ]
    settings = {"group_enabled": True, "groups": groups}
    graph = stored(
        start(),
        node("agg", "variable-aggregator", advanced_settings=settings),
        end(x="agg.g1.output"),
        edges_="start > agg > end",
    )
    trial = await run(graph, pool=Pool(inputs={"q": 1}))
    assert last_of(trial, "agg").outputs == {"g1": {"output": 1}}
    assert trial.result.outputs == {"x": 1}


async def test_templates_render_variables_and_have_a_limit() -> None:
    data = {
        "template": "{{ x|length }} {{ y }}",
        "variables": [
            {"variable": "x", "value_selector": ["start", "q"]},
            {"variable": "y", "value_selector": ["ghost", "y"]},
        ],
    }
    graph = stored(start(), node("t", "template-transform", **data), end(x="t.output"), edges_="start > t > end")
    pool = Pool(inputs={"q": [1, 2]})
    assert (await run(graph, pool=pool)).result.outputs == {"x": "2 None"}
    trial = await run(graph, pool=pool, limits=RunLimits(template_max_length=3))
    assert trial.result.error == "Output length exceeds 3 characters"
