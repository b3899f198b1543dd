from __future__ import annotations

from typing import Any

import pytest

from orrery.workflow.events import LoopCompleted, LoopNext, NodeFinished
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool

from .graphs import answer, assign, condition, end, if_else, node, run, start, stored

N = {"label": "n", "var_type": "number", "value_type": "constant", "value": "0"}


def loop(*inner: dict[str, Any], chain: str, variables: Any = (N,), stop: Any = (), **data: Any) -> dict[str, Any]:
    return stored(
        start(),
        node("lo", "loop", loop_variables=list(variables), break_conditions=list(stop), **{"loop_count": 3, **data}),
        node("lostart", "loop-start", parent="lo"),
        *({**item, "parentId": "lo"} for item in inner),
        end(n="lo.n", rounds="lo.loop_round"),
        edges_=f"start > lo > end, lostart > {chain}",
    )


COUNT = assign("inc", ("lo.n", "+=", 1))


def completed(trial: Any) -> LoopCompleted:
    return next(event for event in trial.events if isinstance(event, LoopCompleted))


async def test_rounds_share_variables_until_the_count_is_reached() -> None:
    trial = await run(loop(COUNT, chain="inc"))
    assert trial.result.outputs == {"n": 3, "rounds": 3}
    assert [event.round for event in trial.events if isinstance(event, LoopNext)] == [1, 2, 3]
    done = completed(trial)
    assert done.inputs == {"loop_count": 3, "n": 0}
    assert (done.steps, done.metadata["completed_reason"]) == (3, "loop_completed")
    assert done.metadata["loop_variable_map"] == {"0": {"n": 1}, "1": {"n": 2}, "2": {"n": 3}}
    inner = [event for event in trial.events if isinstance(event, NodeFinished) and event.node_id == "inc"]
    assert [(event.marks.loop_id, event.marks.loop_index) for event in inner] == [("lo", 0), ("lo", 1), ("lo", 2)]


async def test_a_break_condition_ends_it() -> None:
    trial = await run(loop(COUNT, chain="inc", stop=[condition("lo.n", "≥", "2")], loop_count=9))
    assert trial.result.outputs == {"n": 2, "rounds": 2}
    assert len([event for event in trial.events if isinstance(event, LoopNext)]) == 1
    assert (completed(trial).metadata["completed_reason"], completed(trial).steps) == ("loop_break", 9)


async def test_a_condition_that_holds_at_once_means_no_round() -> None:
    trial = await run(loop(COUNT, chain="inc", stop=[condition("lo.n", "=", "0")]))
    done = completed(trial)
    assert (done.outputs, done.steps) == ({}, 0)
    assert trial.result.outputs == {"n": 0, "rounds": None}


async def test_conditions_on_what_only_a_round_makes_are_not_an_error_before_it() -> None:
    graph = loop(COUNT, node("x", "tool"), chain="inc > x", stop=[condition("x.text", "is", "done")])
    assert (await run(graph)).result.outputs == {"n": 1, "rounds": 1}
    broken = loop(COUNT, chain="inc", stop=[condition("ghost.text", "is", "done")])
    assert (await run(broken)).result.error == "Variable ['ghost', 'text'] not found"


async def test_the_loop_end_node_ends_it_after_the_round() -> None:
    graph = loop(
        COUNT,
        if_else("fork", "lo.n", "=", "2"),
        node("stop", "loop-end"),
        chain="inc > fork, fork:true > stop",
        loop_count=9,
    )
    trial = await run(graph)
    assert trial.result.outputs == {"n": 2, "rounds": 2}
    assert completed(trial).metadata["completed_reason"] == "loop_completed"


async def test_rounds_do_not_see_the_outputs_of_the_round_before() -> None:
    seen: list[object] = []

    def look(context: Any) -> dict[str, object]:
        seen.append(context.variables.get(["x", "text"]))
        return {"text": "made"}

    trial = await run(loop(node("x", "tool"), COUNT, chain="x > inc"), {"x": look})
    assert (seen, trial.result.status) == ([None, None, None], "succeeded")


@pytest.mark.parametrize(
    ("kind", "source", "value", "result"),
    [
        ("string", "constant", "5", "5"),
        ("number", "constant", "2.5", 2.5),
        ("boolean", "constant", True, True),
        ("object", "constant", '{"a": 1}', {"a": 1}),
        ("array[string]", "constant", '["a"]', ["a"]),
        ("array[string]", "constant", ["a"], []),
        ("array[number]", "constant", "[]", []),
        ("string", "variable", ["start", "q"], "Q"),
    ],
)
async def test_loop_variables_are_built_by_type(kind: str, source: str, value: Any, result: Any) -> None:
    variable = {"label": "n", "var_type": kind, "value_type": source, "value": value}
    trial = await run(loop(node("x", "tool"), chain="x", variables=[variable]), pool=Pool(inputs={"q": "Q"}))
    assert trial.result.outputs == {"n": result, "rounds": 3}


@pytest.mark.parametrize(
    ("kind", "source", "value", "error"),
    [
        ("string", "variable", ["start", "ghost"], "Invalid value for loop variable n"),
        ("number", "constant", "x", "Invalid value for loop variable n"),
        ("number", "variable", ["start", "q"], "Type mismatch: expected number, but got string, value=Q"),
    ],
)
async def test_loop_variables_of_a_wrong_type_fail(kind: str, source: str, value: Any, error: str) -> None:
    variable = {"label": "n", "var_type": kind, "value_type": source, "value": value}
    trial = await run(loop(node("x", "tool"), chain="x", variables=[variable]), pool=Pool(inputs={"q": "Q"}))
    assert trial.result.error == error


async def test_a_failure_inside_fails_the_loop() -> None:
    trial = await run(loop(node("x", "tool"), chain="x"), {"x": NodeFailure("inner")})
    assert (trial.result.error, completed(trial).status) == ("inner", "failed")
    assert trial.names()[-3:] == ["loop_failed", "node_failed", "graph_run_failed"]


async def test_answers_inside_are_part_of_the_runs_answer() -> None:
    graph = loop(COUNT, answer("say", "{{#lo.n#}};"), chain="inc > say")
    graph["nodes"].append(answer("after", "end"))
    graph["edges"] += [{"source": "end", "target": "after"}]
    trial = await run(graph)
    assert trial.result.outputs["answer"] == "1;2;3;end"
    assert "".join(trial.chunks()) == "1;2;3;3\n3end"
