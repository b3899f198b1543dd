from __future__ import annotations

from typing import Any

import pytest

from orrery.workflow.events import NodeFinished
from orrery.workflow.pool import Pool

from .graphs import assign, end, node, run, start, stored

TYPES = {
    "s": ("string", "a"),
    "n": ("number", 4),
    "b": ("boolean", True),
    "o": ("object", {"k": 1}),
    "as": ("array[string]", ["x", "y"]),
    "an": ("array[number]", [1]),
    "empty": ("array[object]", []),
}


def pool() -> Pool:
    made = Pool(inputs={"text": "t", "num": 2, "list": ["p"], "null": None, "obj": {"z": 1}})
    for name, (kind, value) in TYPES.items():
        made.declare("conversation", name, kind, value)
    return made


async def assigned(*items: tuple[str, str, Any]) -> Any:
    return await run(stored(start(), assign("set", *items), edges_="start > set"), pool=pool())


def done(trial: Any) -> NodeFinished:
    return trial.events[-2]


@pytest.mark.parametrize(
    ("name", "operation", "value", "new"),
    [
        ("s", "over-write", ("start", "text"), "t"),
        ("s", "set", "{{#start.text#}}", "{{#start.text#}}"),
        ("s", "clear", None, ""),
        ("n", "set", 1.5, 1.5),
        ("n", "+=", 2, 6),
        ("n", "-=", 1, 3),
        ("n", "*=", 2.5, 10.0),
        ("n", "/=", 8, 0.5),
        ("n", "clear", None, 0),
        ("b", "set", False, False),
        ("o", "set", '{"a": [1]}', {"a": [1]}),
        ("o", "over-write", ("start", "obj"), {"z": 1}),
        ("o", "clear", None, {}),
        ("as", "append", ("start", "text"), ["x", "y", "t"]),
        ("as", "extend", ("start", "list"), ["x", "y", "p"]),
        ("as", "over-write", ("start", "list"), ["p"]),
        ("as", "remove-first", None, ["y"]),
        ("as", "remove-last", None, ["x"]),
        ("as", "clear", None, []),
        ("empty", "remove-last", None, []),
        ("empty", "append", ("start", "obj"), [{"z": 1}]),
    ],
)
async def test_operations(name: str, operation: str, value: Any, new: Any) -> None:
    trial = await assigned((f"conversation.{name}", operation, value))
    assert trial.result.status == "succeeded", trial.result.error
    event = done(trial)
    (write,) = event.conversation_writes
    assert (write.name, write.value, write.on(TYPES[name][1]), write.kept) == (name, new, new, True)
    assert event.outputs == {}
    assert event.process_data[name] == new
    shown = {"name": name, "selector": ["conversation", name], "value_type": TYPES[name][0], "new_value": new}
    assert event.process_data["__updated_variables"] == [shown]


@pytest.mark.parametrize(
    ("name", "operation", "value", "error"),
    [
        ("ghost", "clear", None, "Variable ['conversation', 'ghost'] not found"),
        ("s", "over-write", ("start", "ghost"), "Variable ['start', 'ghost'] not found"),
        ("s", "+=", 1, "Operation += is not supported for type string"),
        ("n", "append", ("start", "num"), "Operation append is not supported for type number"),
        ("n", "+=", ("start", "num"), "Input type variable is not supported for operation +="),
        ("s", "set", ("start", "text"), "Input type variable is not supported for operation set"),
        ("as", "append", "x", "Input type constant is not supported for operation append"),
        ("n", "/=", 0, "Invalid input value 0"),
        ("n", "set", "five", "Invalid input value five"),
        ("n", "set", True, "Invalid input value True"),
        ("o", "set", "{", "Invalid input value {"),
        ("as", "append", ("start", "num"), "Invalid input value 2"),
        ("an", "extend", ("start", "list"), "Invalid input value ['p']"),
    ],
)
async def test_what_does_not_go_together_is_refused(name: str, operation: str, value: Any, error: str) -> None:
    trial = await assigned((f"conversation.{name}", operation, value))
    assert (trial.result.status, trial.result.error) == ("failed", error)


async def test_items_see_earlier_ones_and_a_null_source_changes_nothing() -> None:
    trial = await assigned(
        ("conversation.n", "+=", 1),
        ("conversation.an", "append", ("conversation", "n")),
        ("conversation.s", "over-write", ("start", "null")),
    )
    writes = done(trial).conversation_writes
    assert [(write.name, write.value, write.operation, write.operand) for write in writes] == [
        ("n", 5, "+=", 1),
        ("an", [1, 5], "append", 5),
    ]


async def test_a_failure_keeps_earlier_items_in_the_pool_but_persists_nothing() -> None:
    graph = stored(
        start(),
        assign("set", ("conversation.n", "+=", 1), ("conversation.s", "+=", 1), error_strategy="fail-branch"),
        end(n="conversation.n"),
        edges_="start > set, set:fail-branch > end",
    )
    trial = await run(graph, pool=pool())
    assert trial.result.outputs == {"n": 5}
    writes = [write for e in trial.events if isinstance(e, NodeFinished) for write in e.conversation_writes]
    assert [(write.name, write.value, write.kept) for write in writes] == [("n", 5, False)]


@pytest.mark.parametrize(
    ("mode", "target", "source", "new", "error"),
    [
        ("over-write", "s", ["start", "text"], "t", None),
        ("append", "as", ["start", "text"], ["x", "y", "t"], None),
        ("clear", "as", [], [], None),
        ("over-write", "ghost", ["start", "text"], None, "assigned variable not found"),
        ("over-write", "s", ["start", "ghost"], None, "input value not found"),
        ("over-write", "s", ["start", "num"], None, "Invalid input value 2"),
    ],
)
async def test_the_first_version(mode: str, target: str, source: list[str], new: Any, error: str | None) -> None:
    data = {
        "write_mode": mode,
        "assigned_variable_selector": ["conversation", target],
        "input_variable_selector": source,
    }
    trial = await run(stored(start(), node("set", "assigner", version="1", **data), edges_="start > set"), pool=pool())
    assert trial.result.error == error
    if error is None:
        assert [(write.name, write.value) for write in done(trial).conversation_writes] == [(target, new)]
