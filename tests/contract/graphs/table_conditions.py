"""Every comparison on every kind of value (workflow.md 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .building import Case, case_of, condition, end, file_value, graph, if_else, node, start

TEXT_OR_ARRAY, TEXT_OR_BOOLEAN = (
    "Invalid actual value type: string or array",
    "Invalid actual value type: string or boolean",
)
NUMBER, NUMBER_OR_BOOLEAN = "Invalid actual value type: number", "Invalid actual value type: number or boolean"
NO_ARRAY = "Invalid expected value type: array"
DOC = file_value("a.txt")

# (actual, comparison, expected, verdict: whether it holds, or the error)
COMPARED: list[tuple[Any, str, Any, bool | str]] = [
    ("hello", "contains", "ell", True), ("hello", "contains", "x", False), ("", "contains", "x", False),
    (None, "contains", "x", False), (["a", "b"], "contains", "a", True), (["a"], "contains", "c", False),
    ([], "contains", "c", False), (5, "contains", "5", TEXT_OR_ARRAY),
    ("hello", "not contains", "ell", False), ("hello", "not contains", "x", True), ("", "not contains", "x", True),
    (None, "not contains", "x", True), (["a"], "not contains", "a", False), (["a"], "not contains", "b", True),
    (5, "not contains", "5", TEXT_OR_ARRAY),
    ("hello", "start with", "he", True), ("hello", "start with", "lo", False), ("", "start with", "", False),
    (None, "start with", "x", False), ("hello", "end with", "lo", True), ("hello", "end with", "he", False),
    ("", "end with", "x", False), (None, "end with", "x", False),
    ("a", "is", "a", True), ("a", "is", "A", False), (None, "is", "", False), ("", "is", "", True),
    (True, "is", "true", True), (True, "is", "false", False), (False, "is", "false", True), (True, "is", True, True),
    (True, "is", "1", True), (False, "is", "0", True), (5, "is", "5", TEXT_OR_BOOLEAN),
    ("a", "is not", "b", True), ("a", "is not", "a", False), (None, "is not", "x", False), (True, "is not", "false", True),
    (False, "is not", "false", False), (5, "is not", "5", TEXT_OR_BOOLEAN),
    ("", "empty", "", True), ("x", "empty", "", False), (0, "empty", "", True), (1, "empty", "", False), (None, "empty", "", True),
    ([], "empty", "", True), (["a"], "empty", "", False), ({}, "empty", "", True), ({"a": 1}, "empty", "", False),
    (False, "empty", None, True), (True, "empty", None, False),
    ("", "not empty", "", False), ("x", "not empty", "", True), (0, "not empty", "", False), (2, "not empty", "", True),
    (None, "not empty", "", False), ([], "not empty", "", False), (["a"], "not empty", "", True), ({"a": 1}, "not empty", "", True),
    ("a", "in", ["a", "b"], True), ("c", "in", ["a", "b"], False), ("", "in", ["a"], False), (None, "in", ["a"], False),
    ("a", "in", "abc", NO_ARRAY), (5, "in", [5], True), (5, "in", ["5"], False),
    ("c", "not in", ["a"], True), ("a", "not in", ["a"], False), ("", "not in", ["a"], True), (None, "not in", ["a"], True),
    ("a", "not in", "abc", NO_ARRAY),
    (["a", "b"], "all of", ["a"], True), (["a", "b"], "all of", ["a", "b"], True), (["a"], "all of", ["a", "b"], False),
    ([], "all of", ["a"], False), (["a"], "all of", "a", NO_ARRAY),
    (5, "=", "5", True), (5, "=", "6", False), (5.5, "=", "5.5", True), (5, "=", 5, True), (None, "=", "5", False),
    (5, "=", "1.5", "invalid literal for int() with base 10: '1.5'"), (True, "=", "1", True), (True, "=", "0", False),
    (False, "=", "false", True), ("5", "=", "5", NUMBER_OR_BOOLEAN), (0, "=", "0", True), (-3, "=", "-3", True),
    (5, "≠", "5", False), (5, "≠", "6", True), (2.5, "≠", "2.5", False), (None, "≠", "5", False), (True, "≠", "0", True),
    ("5", "≠", "5", NUMBER_OR_BOOLEAN),
    (5, ">", "3", True), (5, ">", "5", False), (5, ">", "7", False), (2.5, ">", "2", True), (5, ">", "4.5", True), (None, ">", "1", False),
    ("5", ">", "1", NUMBER), (5, ">", "abc", "Cannot convert 'abc' to number"), (5, ">", 4, True),
    (3, "<", "5", True), (5, "<", "5", False), (7, "<", "5", False), (2.5, "<", "2.6", True), (None, "<", "1", False), ("5", "<", "1", NUMBER),
    (5, "≥", "5", True), (5, "≥", "5.0", True), (4, "≥", "5", False), (5.5, "≥", "5.5", True), (None, "≥", "1", False), ("5", "≥", "1", NUMBER),
    (5, "≤", "5", True), (6, "≤", "5", False), (4.9, "≤", "5", True), (None, "≤", "1", False), ("5", "≤", "1", NUMBER),
    (None, "null", "", True), ("", "null", "", False), (0, "null", "", False), (None, "not null", "", False), ("", "not null", "", True),
    (DOC, "exists", "", True), (None, "exists", "", False), (DOC, "not exists", "", False), (None, "not exists", "", True),
    ("a", "resembles", "a", "Unsupported operator: resembles"),
]  # fmt: skip


def judged(name: str, item: dict[str, Any], verdict: bool | str, **inputs: Any) -> Case:
    """The node ``if`` leads to one of two ends that both tell its result."""
    made = graph(start(**inputs), item, end("yes", r="if.result", c="if.selected_case_id"), end("no", r="if.result", c="if.selected_case_id"),
                 edges="start > if, if:true > yes, if:false > no")  # fmt: skip
    if isinstance(verdict, str):
        return Case(name=name, graph=made, inputs=inputs, status="failed", error=verdict)
    return Case(name=name, graph=made, inputs=inputs, outputs={"r": verdict, "c": "true" if verdict else "false"},
                nodes={"start": "succeeded", "if": "succeeded", "yes" if verdict else "no": "succeeded"})  # fmt: skip


def comparisons() -> Iterator[Case]:
    for number, (actual, operator, expected, verdict) in enumerate(COMPARED):
        item = if_else("if", case_of("true", condition("start.a", operator, expected)))
        yield judged(f"{number}-{type(actual).__name__}-{operator}", item, verdict, a=actual)


def files() -> Iterator[Case]:
    listed = [file_value("a.txt", size=10), file_value("b.png", size=2000, kind="image", mime_type="image/png")]
    parts: list[tuple[str, str, Any, bool]] = [
        ("name", "contains", "a", True), ("name", "contains", "z", False), ("name", "not contains", "z", True),
        ("name", "is", "b.png", True), ("extension", "is", "png", True), ("extension", "is", ".png", True),
        ("extension", "is", "gif", False), ("size", ">", "1000", True), ("size", "<", "5", False), ("type", "in", ["image"], True),
        ("type", "in", ["video"], False), ("type", "not in", ["video"], True), ("type", "not in", ["image"], False),
        ("transfer_method", "in", ["local_file"], True), ("mime_type", "start with", "image/", True), ("url", "end with", "b.png", True),
    ]  # fmt: skip
    for number, (key, operator, value, verdict) in enumerate(parts):
        for group in ("contains", "not contains", "all of"):
            sub = {
                "case_id": "s",
                "logical_operator": "and",
                "conditions": [{"key": key, "comparison_operator": operator, "value": value}],
            }
            item = if_else("if", case_of("true", condition("start.a", group, "", sub_variable_condition=sub)))
            yield judged(f"files-{number}-{group}", item, verdict, a=listed)
    yield judged(
        "files-without-parts",
        if_else("if", case_of("true", condition("start.a", "contains", "x"))),
        "Sub variable is required",
        a=listed,
    )


def groups() -> Iterator[Case]:
    yes, no = condition("start.a", "is", "x"), condition("start.a", "is", "y")
    broken = condition("start.gone", "is", "x")
    for number, (logic, conditions, verdict) in enumerate(
        [
            ("and", [yes, yes], True), ("and", [yes, no], False), ("and", [no, no], False), ("or", [yes, no], True), ("or", [no, yes], True),
            ("or", [no, no], False), ("and", [], True), ("or", [], False), ("and", [no, broken], False), ("or", [yes, broken], True),
            ("and", [yes, broken], "Variable ['start', 'gone'] not found"), ("or", [no, broken], "Variable ['start', 'gone'] not found"),
        ]
    ):  # fmt: skip
        made = judged(
            f"group-{number}-{logic}", if_else("if", case_of("true", *conditions, logic=logic)), verdict, a="x"
        )
        yield replace(made, loose=True)
    old = node("if", "if-else", logical_operator="or", conditions=[no, yes])
    yield judged("before-cases", old, True, a="x")
    referred = if_else("if", case_of("true", condition("start.a", "is", "{{#start.b#}}")))
    yield judged("reference-in-value", referred, True, a="x", b="x")
    yield judged(
        "reference-in-number",
        if_else("if", case_of("true", condition("start.n", ">", "{{#start.m#}}"))),
        True,
        n=5,
        m=4,
    )


def cases_in_order() -> Iterator[Case]:
    for value, taken in (("x", "one"), ("y", "two"), ("z", "else")):
        item = if_else(
            "if", case_of("c1", condition("start.a", "is", "x")), case_of("c2", condition("start.a", "in", ["x", "y"]))
        )
        made = graph(start(a=value), item, end("one", c="if.selected_case_id"), end("two", c="if.selected_case_id"),
                     end("else", c="if.selected_case_id"), edges="start > if, if:c1 > one, if:c2 > two, if:false > else")  # fmt: skip
        chosen = {"one": "c1", "two": "c2", "else": "false"}[taken]
        yield Case(name=f"first-case-that-holds-{value}", graph=made, inputs={"a": value}, outputs={"c": chosen},
                   nodes={"start": "succeeded", "if": "succeeded", taken: "succeeded"})  # fmt: skip


def cases() -> Iterator[Case]:
    yield from comparisons()
    yield from files()
    yield from groups()
    yield from cases_in_order()
