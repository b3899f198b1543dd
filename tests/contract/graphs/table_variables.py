"""Every operation of assigners on every type of variable (workflow.md 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .building import Case, answer, assigner, end, graph, node, start

BAD = "Invalid input value"
# (type, value before, operation, value given: a tuple is a selector below start, value after or the error)
OPERATIONS: list[tuple[str, Any, str, Any, Any]] = [
    ("string", "old", "over-write", "new", "new"), ("string", "old", "over-write", ("s",), "given"), ("string", "old", "set", "new", "new"),
    ("string", "old", "clear", None, ""), ("string", "old", "over-write", ("n",), BAD), ("string", "old", "set", ("s",), "Input type variable is not supported for operation set"),
    ("string", "old", "append", ("s",), "Operation append is not supported for type string"), ("string", "old", "+=", 1, "Operation += is not supported for type string"),
    ("string", "old", "over-write", "{{#start.s#}}", "{{#start.s#}}"), ("string", "old", "over-write", ("empty",), "old"),
    ("number", 2, "over-write", 5, 5), ("number", 2, "over-write", ("n",), 7), ("number", 2, "set", 5.5, 5.5), ("number", 2, "clear", None, 0),
    ("number", 2, "+=", 3, 5), ("number", 2, "-=", 3, -1), ("number", 2, "*=", 3, 6), ("number", 2, "/=", 4, 0.5), ("number", 2, "/=", 0, BAD),
    ("number", 2, "+=", "x", BAD), ("number", 2, "over-write", ("s",), BAD), ("number", 2, "+=", ("n",), "Input type variable is not supported for operation +="),
    ("number", 2, "extend", ("l",), "Operation extend is not supported for type number"), ("number", 2, "over-write", True, BAD),
    ("boolean", False, "over-write", True, True), ("boolean", False, "set", True, True), ("boolean", True, "clear", None, False),
    ("boolean", False, "over-write", ("s",), BAD), ("boolean", False, "+=", 1, "Operation += is not supported for type boolean"),
    ("object", {"a": 1}, "over-write", {"b": 2}, {"b": 2}), ("object", {"a": 1}, "over-write", ("o",), {"k": "v"}), ("object", {"a": 1}, "set", '{"c": 3}', {"c": 3}),
    ("object", {"a": 1}, "set", "{broken", BAD), ("object", {"a": 1}, "clear", None, {}), ("object", {"a": 1}, "over-write", ("s",), BAD),
    ("array[string]", ["a"], "append", ("s",), ["a", "given"]), ("array[string]", ["a"], "append", ("n",), BAD), ("array[string]", ["a"], "extend", ("words",), ["a", "x", "y"]),
    ("array[string]", ["a"], "extend", ("s",), BAD), ("array[string]", ["a"], "over-write", ("words",), ["x", "y"]), ("array[string]", ["a"], "over-write", ("l",), BAD),
    ("array[string]", ["a"], "clear", None, []), ("array[string]", ["a", "b"], "remove-first", None, ["b"]), ("array[string]", ["a", "b"], "remove-last", None, ["a"]),
    ("array[string]", [], "remove-first", None, []), ("array[string]", [], "remove-last", None, []), ("array[string]", ["a"], "append", "s", "Input type constant is not supported for operation append"),
    ("array[number]", [1], "append", ("n",), [1, 7]), ("array[number]", [1], "append", ("s",), BAD), ("array[number]", [1], "extend", ("l",), [1, 8, 9]),
    ("array[number]", [1], "+=", 1, "Operation += is not supported for type array[number]"), ("array[number]", [1, 2], "remove-last", None, [1]),
    ("array[object]", [], "append", ("o",), [{"k": "v"}]), ("array[object]", [], "append", ("s",), BAD), ("array[object]", [{"a": 1}], "clear", None, []),
    ("array[boolean]", [True], "append", ("b",), [True, True]), ("array[boolean]", [True], "append", ("s",), BAD),
    ("string", "old", "replace", "x", "Operation replace is not supported for type string"),
]  # fmt: skip
INPUTS: dict[str, Any] = {
    "s": "given",
    "n": 7,
    "b": True,
    "o": {"k": "v"},
    "l": [8, 9],
    "words": ["x", "y"],
    "empty": None,
}


def operations() -> Iterator[Case]:
    for number, (kind, before, operation, given, after) in enumerate(OPERATIONS):
        value: Any = ("start", *given) if isinstance(given, tuple) else given
        made = graph(
            start(**INPUTS),
            assigner("set", ("conversation.v", operation, value)),
            end(v="conversation.v"),
            edges="start > set > end",
        )
        case: dict[str, Any] = {
            "name": f"{number}-{kind}-{operation}",
            "graph": made,
            "inputs": INPUTS,
            "conversation": {"v": (kind, before)},
        }
        if isinstance(after, str) and (after.startswith(BAD) or "supported" in after):
            yield Case(**case, status="failed", error=after, remembered={"v": before})
        else:
            yield Case(**case, outputs={"v": after}, remembered={"v": after})


def sequences() -> Iterator[Case]:
    both: dict[str, tuple[str, Any]] = {"n": ("number", 1), "l": ("array[number]", [])}
    items = assigner(
        "set",
        ("conversation.n", "+=", 4),
        ("conversation.l", "append", ("conversation", "n")),
        ("conversation.n", "*=", 2),
    )
    made = graph(start(), items, end(n="conversation.n", l="conversation.l"), edges="start > set > end")
    yield Case(
        name="each-sees-the-earlier",
        graph=made,
        conversation=both,
        outputs={"n": 10, "l": [5]},
        remembered={"n": 10, "l": [5]},
    )
    broken = assigner("set", ("conversation.n", "+=", 4), ("conversation.gone", "over-write", "x"))
    made = graph(start(), broken, end(n="conversation.n"), edges="start > set > end")
    yield Case(
        name="missing-target",
        graph=made,
        conversation=both,
        status="failed",
        error="Variable ['conversation', 'gone'] not found",
    )
    missing = assigner("set", ("conversation.n", "over-write", ("start", "gone")))
    made = graph(start(), missing, end(n="conversation.n"), edges="start > set > end")
    yield Case(
        name="missing-source",
        graph=made,
        conversation=both,
        status="failed",
        error="Variable ['start', 'gone'] not found",
    )
    made = graph(start(), assigner("a", ("conversation.n", "+=", 1)), answer("say", "{{#conversation.n#}}"), assigner("b", ("conversation.n", "+=", 1)),
                 answer("again", " {{#conversation.n#}}"), edges="start > a > say > b > again")  # fmt: skip
    yield Case(
        name="text-waits-for-what-it-shows", graph=made, conversation=both, outputs={"answer": "2 3", "files": []}
    )


def first_version() -> Iterator[Case]:
    for mode, kind, before, source, after in (
        ("over-write", "string", "old", "s", "given"), ("append", "array[string]", ["a"], "s", ["a", "given"]), ("clear", "number", 5, "", 0),
        ("clear", "array[string]", ["a"], "", []), ("over-write", "number", 5, "s", BAD), ("over-write", "string", "old", "gone", "input value not found"),
    ):  # fmt: skip
        item = node(
            "set",
            "assigner",
            assigned_variable_selector=["conversation", "v"],
            write_mode=mode,
            input_variable_selector=["start", source],
        )
        made = graph(start(**INPUTS), item, end(v="conversation.v"), edges="start > set > end")
        case: dict[str, Any] = {
            "name": f"v1-{mode}-{kind}-{source}",
            "graph": made,
            "inputs": INPUTS,
            "conversation": {"v": (kind, before)},
        }
        if after in (BAD, "input value not found"):
            yield Case(**case, status="failed", error=after)
        else:
            yield Case(**case, outputs={"v": after}, remembered={"v": after})


def cases() -> Iterator[Case]:
    for table in (operations, sequences, first_version):
        yield from table()
