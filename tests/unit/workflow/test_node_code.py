from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.sandbox.protocol import CodeExecutionError
from orrery.workflow.events import NodeFinished
from orrery.workflow.limits import CodeLimits
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.code import CodeNode
from orrery.workflow.nodes.code_schema import OutputCheck, numbers_from_text, parse_outputs
from orrery.workflow.pool import Pool
from orrery.workflow.testing import ScriptedCode, Services

from .graphs import end, node, run, start, stored


def checked(result: dict[str, Any], limits: CodeLimits | None = None, /, **outputs: Any) -> dict[str, object]:
    spec = {name: kind if isinstance(kind, dict) else {"type": kind} for name, kind in outputs.items()}
    return OutputCheck(limits or CodeLimits()).check(result, parse_outputs(spec))


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("string", "a\x00b", "ab"),
        ("number", True, 1),
        ("number", 1.25, 1.25),
        ("boolean", False, False),
        ("object", {"a": [1, {"b": "c"}], "n": None}, {"a": [1, {"b": "c"}], "n": None}),
        ("array[string]", ["a", None], ["a", None]),
        ("array[number]", [1, 2.5], [1, 2.5]),
        ("array[object]", [{"a": 1}, None], [{"a": 1}, None]),
        ("array[boolean]", [True, None], [True, None]),
        *((kind, None, None) for kind in ("string", "number", "object", "boolean", "array[string]", "array[number]")),
    ],
)
def test_results_that_fit(kind: str, value: Any, kept: Any) -> None:
    assert checked({"x": value}, x=kind) == {"x": kept}


@pytest.mark.parametrize(
    ("kind", "value", "error", "error_type"),
    [
        ("object", 1, "Output x is not an object, got <class 'int'> instead.", "OutputValidationError"),
        ("number", "1", "Output x is not a number, got <class 'str'> instead.", "OutputValidationError"),
        ("string", 1, "Output x must be a string, got <class 'int'> instead", "OutputValidationError"),
        ("array[string]", "a", "Output x is not an array, got <class 'str'> instead.", "OutputValidationError"),
        (
            "array[number]",
            [None],
            "Output x[0] is not a number, got <class 'NoneType'> instead.",
            "OutputValidationError",
        ),
        (
            "array[string]",
            ["a"] * 31,
            "The length of output variable `x` must be less than 30 elements.",
            "OutputValidationError",
        ),
        ("number", 2**63, None, "OutputValidationError"),
        ("object", {"a": {"b": {"c": {"d": {"e": 1}}}}}, "Depth limit 5 reached, object too deep.", "DepthLimitError"),
    ],
)
def test_results_that_dont(kind: str, value: Any, error: str | None, error_type: str) -> None:
    with pytest.raises(NodeFailure) as caught:
        checked({"x": value}, x=kind)
    assert type(caught.value).__name__ == error_type
    if error is not None:
        assert caught.value.message == error


def test_every_output_is_declared_and_given() -> None:
    with pytest.raises(NodeFailure, match=r"^Output x is missing\.$"):
        checked({}, x="string")
    with pytest.raises(NodeFailure, match=r"^Not all output parameters are validated\.$"):
        checked({"x": "a", "y": "b"}, x="string")
    nested = {"type": "object", "children": {"y": {"type": "number"}}}
    with pytest.raises(NodeFailure, match=r"^Output x\.y is not a number, got <class 'str'> instead\.$"):
        checked({"x": {"y": "1"}}, x=nested)


def test_limits_are_the_callers() -> None:
    with pytest.raises(NodeFailure, match="less than 3 characters"):
        checked({"x": "abcd"}, CodeLimits(max_string_length=3), x="string")
    with pytest.raises(NodeFailure, match="at most 2 fractional digits"):
        checked({"x": 1.125}, CodeLimits(max_precision=2), x="number")


def test_texts_in_scientific_notation_become_numbers() -> None:
    value = {"a": "1e-5", "b": ["1.2E+3", "1e5", "x1e-5", "-3e+2"]}
    assert numbers_from_text(value) == {"a": 1e-5, "b": [1200.0, "1e5", "x1e-5", -300.0]}


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3)))
def test_other_values_stay_as_they_are(value: Any) -> None:
    assert numbers_from_text(value) == value


async def run_code(main: Any, **data: Any) -> Any:
    declared = {"outputs": {"r": {"type": "number"}}, **data}
    graph = stored(start(), node("c", "code", **declared), end(r="c.r"), edges_="start > c > end")
    pool = Pool(inputs={"q": 3}, system={"files": []})
    return await run(graph, pool=pool, kinds={"code": CodeNode}, services=Services(code=ScriptedCode(main)))


async def test_inputs_reach_main_by_name() -> None:
    variables = [
        {"variable": "a", "value_selector": ["start", "q"]},
        {"variable": "b", "value_selector": ["ghost", "q"]},
        {"variable": "files", "value_selector": ["sys", "files"], "value_type": "array[file]"},
    ]
    seen: list[Any] = []

    def main(code: str, inputs: Any) -> Any:
        seen.append((code, dict(inputs)))
        return {"r": inputs["a"] * 2}

    trial = await run_code(main, code="def main(): ...", variables=variables)
    assert trial.result.outputs == {"r": 6}
    assert seen == [("def main(): ...", {"a": 3, "b": None, "files": None})]


@pytest.mark.parametrize(
    ("result", "error", "error_type"),
    [
        ([1], "Result must be a dict, got list", ""),
        ({1: 2}, "Result keys must be strings", ""),
        (CodeExecutionError("division by zero"), "division by zero", "CodeExecutionError"),
        (ValueError("no result tag"), "no result tag", ""),
        ({"r": "x"}, "Output r is not a number, got <class 'str'> instead.", "OutputValidationError"),
    ],
)
async def test_failures(result: Any, error: str, error_type: str) -> None:
    def main(code: str, inputs: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    trial = await run_code(main)
    failed = next(e for e in trial.events if isinstance(e, NodeFinished) and e.node_id == "c")
    assert (failed.error, failed.error_type) == (error, error_type)
