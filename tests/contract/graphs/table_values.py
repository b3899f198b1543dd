"""Texts of values, paths into them, lists, aggregators, templates and snippets (workflow.md 2.5, 2.6, 3.3 to 3.5, 3.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orrery.workflow.segments import files_in

from .building import (
    Case,
    answer,
    case_of,
    code,
    condition,
    end,
    file_value,
    graph,
    http,
    if_else,
    node,
    start,
    template,
)

IMAGE, PAPER = file_value("i.png", kind="image"), file_value("p.pdf")

# (value, its text in prompts, its markdown in answers)
WRITTEN: list[tuple[Any, str, str]] = [
    ("plain", "plain", "plain"), ("", "", ""), (3, "3", "3"), (1.0, "1.0", "1.0"), (2.5, "2.5", "2.5"), (True, "True", "True"),
    (False, "False", "False"), (None, "", ""), ({"a": 1, "b": "é"}, '{"a": 1, "b": "é"}', '{\n  "a": 1,\n  "b": "é"\n}'),
    (["x", "y"], '["x", "y"]', "- x\n- y"), ([], "", ""), ([1, 2], "[1, 2]", "- 1\n- 2"), ([{"a": 1}], "[{'a': 1}]", "- {'a': 1}"),
    ([1, "a"], "[1, 'a']", "- 1\n- a"), (IMAGE, "", "![i.png](http://files/i.png)"), (PAPER, "", "[p.pdf](http://files/p.pdf)"),
    ([IMAGE, PAPER], "", "![i.png](http://files/i.png)\n[p.pdf](http://files/p.pdf)"), ("{{#start.w#}}", "{{#start.w#}}", "{{#start.w#}}"),
]  # fmt: skip


def texts() -> Iterator[Case]:
    for number, (value, text, markdown) in enumerate(WRITTEN):
        sent = graph(
            start(v=value), http("call", body="<{{#start.v#}}>"), end(text="call.body"), edges="start > call > end"
        )
        yield Case(name=f"text-{number}", graph=sent, inputs={"v": value}, outputs={"text": f"<{text}>"})
        said = graph(start(v=value), answer("say", "<{{#start.v#}}>"), edges="start > say")
        files = files_in(value)
        yield Case(
            name=f"markdown-{number}",
            graph=said,
            inputs={"v": value},
            outputs={"answer": f"<{markdown}>", "files": files},
        )


# (path below start.v, the value there or ... when there is nothing)
PATHS: list[tuple[str, Any]] = [
    ("start.o.a", 1), ("start.o.b.c", "deep"), ("start.o.none", None), ("start.o.gone", ...), ("start.o.a.x", ...), ("start.l.a", ...), ("start.l", ["x"]),
    ("start.f.name", "p.pdf"), ("start.f.size", 7), ("start.f.extension", ".pdf"), ("start.f.type", "document"), ("start.f.url", "http://files/p.pdf"),
    ("start.f.mime_type", "text/plain"), ("start.f.transfer_method", "local_file"), ("start.f.related_id", "p.pdf"), ("start.f.filename", ...),
    ("start.gone", ...), ("nowhere.x", ...), ("env.key", "k"), ("conversation.c", [1]), ("sys.query", "q"), ("sys.gone", ...),
]  # fmt: skip


def paths() -> Iterator[Case]:
    inputs = {"o": {"a": 1, "b": {"c": "deep"}, "none": None}, "l": ["x"], "f": file_value("p.pdf", size=7)}
    around: dict[str, Any] = {
        "environment": {"key": ("string", "k")},
        "conversation": {"c": ("array[number]", [1])},
        "system": {"query": "q"},
    }
    for path, value in PATHS:
        made = graph(start(**inputs), end(x=path), edges="start > end")
        missing = value is ...
        yield Case(
            name=f"path-{path}",
            graph=made,
            inputs=inputs,
            outputs={"x": None if missing else value},
            loose=missing,
            **around,
        )
        said = graph(start(**inputs), answer("say", f"[{{{{#{path}#}}}}]"), edges="start > say")
        if missing:
            yield Case(
                name=f"bare-{path}",
                graph=said,
                inputs=inputs,
                outputs={"answer": f"[{path}]", "files": []},
                loose=True,
                **around,
            )


NUMBERS, WORDS = [3, 1, 2], ["pear", "apple", "fig"]
SHELF = [file_value("b.txt", size=20), file_value("a.png", size=10, kind="image")]

# (list, data of the node, the result or the error)
LISTS: list[tuple[Any, dict[str, Any], Any]] = [
    (WORDS, {}, WORDS), ([], {}, []), (NUMBERS, {"order_by": {"enabled": True, "value": "asc"}}, [1, 2, 3]),
    (NUMBERS, {"order_by": {"enabled": True, "value": "desc"}}, [3, 2, 1]), (WORDS, {"order_by": {"enabled": True, "value": "asc"}}, ["apple", "fig", "pear"]),
    (NUMBERS, {"limit": {"enabled": True, "size": 2}}, [3, 1]), (NUMBERS, {"limit": {"enabled": True, "size": -1}}, [3, 1]),
    (NUMBERS, {"limit": {"enabled": True, "size": 9}}, NUMBERS), (NUMBERS, {"extract_by": {"enabled": True, "serial": "1"}}, [3]),
    (NUMBERS, {"extract_by": {"enabled": True, "serial": "{{#start.n#}}"}}, [1]),
    (NUMBERS, {"extract_by": {"enabled": True, "serial": "4"}}, "Invalid serial index: must be <= 3, got 4"),
    (NUMBERS, {"extract_by": {"enabled": True, "serial": "0"}}, "Invalid serial index: must be >= 1, got 0"),
    (SHELF, {"order_by": {"enabled": True, "key": "name", "value": "asc"}}, [SHELF[1], SHELF[0]]),
    (SHELF, {"order_by": {"enabled": True, "key": "size", "value": "desc"}}, SHELF),
    (SHELF, {"order_by": {"enabled": True, "key": "colour", "value": "asc"}}, "Invalid order key: colour"),
    ("text", {}, "is not an array type, actual type: string"), ([{"a": 1}], {}, "is not an array type, actual type: array[object]"),
    (None, {}, "is not an array type, actual type: none"), ([1, "a"], {}, "is not an array type, actual type: array[any]"),
]  # fmt: skip
# (list, key, comparison, value, the result or the error)
FILTERED: list[tuple[Any, str, str, Any, Any]] = [
    (WORDS, "", "contains", "p", ["pear", "apple"]), (WORDS, "", "not contains", "p", ["fig"]), (WORDS, "", "start with", "a", ["apple"]),
    (WORDS, "", "end with", "r", ["pear"]), (WORDS, "", "is", "fig", ["fig"]), (WORDS, "", "is not", "fig", ["pear", "apple"]),
    (WORDS, "", "in", "fig and pear", ["pear", "fig"]), (WORDS, "", "not in", "fig and pear", ["apple"]), (["", "a"], "", "empty", "", [""]),
    (["", "a"], "", "not empty", "", ["a"]), (WORDS, "", ">", "1", "Invalid condition: >"),
    (NUMBERS, "", "=", "1", [1]), (NUMBERS, "", "≠", "1", [3, 2]), (NUMBERS, "", ">", "1", [3, 2]), (NUMBERS, "", "≥", "2", [3, 2]),
    (NUMBERS, "", "<", "3", [1, 2]), (NUMBERS, "", "≤", "1", [1]), (NUMBERS, "", "contains", "1", "Invalid condition: contains"),
    (NUMBERS, "", ">", "{{#start.n#}}", [3]), ([True, False], "", "is", True, [True]), ([True, False], "", "is not", True, [False]),
    ([True, False], "", "=", True, "Invalid condition: ="),
    (SHELF, "name", "contains", "a", [SHELF[1]]), (SHELF, "extension", "is", ".txt", [SHELF[0]]), (SHELF, "mime_type", "start with", "text", SHELF),
    (SHELF, "url", "end with", "png", [SHELF[1]]), (SHELF, "related_id", "is", "b.txt", [SHELF[0]]), (SHELF, "type", "in", ["image"], [SHELF[1]]),
    (SHELF, "type", "not in", ["image"], [SHELF[0]]), (SHELF, "transfer_method", "in", ["remote_url"], []), (SHELF, "size", ">", "15", [SHELF[0]]),
    (SHELF, "size", "≤", "10", [SHELF[1]]), (SHELF, "colour", "is", "red", "Invalid key: colour"),
]  # fmt: skip


def lists() -> Iterator[Case]:
    every = [
        *LISTS,
        *(
            (
                items,
                {
                    "filter_by": {
                        "enabled": True,
                        "conditions": [{"key": key, "comparison_operator": operator, "value": value}],
                    }
                },
                result,
            )
            for items, key, operator, value, result in FILTERED
        ),
    ]
    for number, (items, data, result) in enumerate(every):
        given = {"l": items, "n": 2}
        work = node("work", "list-operator", variable=["start", "l"], **data)
        made = graph(
            start(**given),
            work,
            end(r="work.result", a="work.first_record", z="work.last_record"),
            edges="start > work > end",
        )
        if isinstance(result, str):
            yield Case(name=f"list-{number}", graph=made, inputs=given, status="failed", error=result)
        else:
            ends = {"a": result[0] if result else None, "z": result[-1] if result else None}
            yield Case(name=f"list-{number}", graph=made, inputs=given, outputs={"r": result, **ends})


# (what to write, x, declared type, the result or the error)
SNIPPETS: list[tuple[str, Any, str, Any]] = [
    ("echo", "a", "string", "a"), ("echo", 5, "number", 5), ("echo", True, "boolean", True), ("echo", {"a": 1}, "object", {"a": 1}),
    ("echo", ["a"], "array[string]", ["a"]), ("echo", [1, 2.5], "array[number]", [1, 2.5]), ("echo", [{"a": 1}], "array[object]", [{"a": 1}]),
    ("echo", [True], "array[boolean]", [True]), ("none", 1, "string", None), ("none", 1, "array[number]", None), ("echo", True, "number", 1),
    ("twice", "ab", "string", "abab"), ("tiny", 1, "number", 1e-5), ("echo", "a\x00b", "string", "ab"), ("echo", [], "array[object]", []),
    ("echo", 5, "string", "must be a string"), ("echo", "5", "number", "is not a number"), ("echo", "x", "object", "is not an object"),
    ("echo", "x", "array[string]", "is not an array"), ("echo", [1], "array[string]", "must be a string"), ("echo", [None], "array[string]", [None]),
    ("echo", ["a"] * 31, "array[string]", "must be less than 30 elements"), ("echo", [1] * 1001, "array[number]", "must be less than 1000 elements"),
    ("echo", "x" * 400_001, "string", "400000"), ("echo", {"a": {"b": {"c": {"d": {"e": 1}}}}}, "object", "Depth limit 5 reached"),
    ("nothing", 1, "string", "Output result is missing."), ("more", 1, "number", "Not all output parameters are validated."),
    ("stumble", "bad", "string", "stumbled over bad"),
]  # fmt: skip


def snippets() -> Iterator[Case]:
    for number, (word, value, kind, result) in enumerate(SNIPPETS):
        made = graph(start(x=value), code("run", word, "start.x", kind), end(r="run.result"), edges="start > run > end")
        fails = (
            isinstance(result, str)
            and (word != "echo" or kind != "string" or result not in {"a", "ab"})
            and result != "abab"
        )
        if fails:
            yield Case(name=f"code-{number}", graph=made, inputs={"x": value}, status="failed", error=result)
        else:
            yield Case(name=f"code-{number}", graph=made, inputs={"x": value}, outputs={"r": result})


def templates() -> Iterator[Case]:
    for number, (text, result) in enumerate(
        [
            ("{{ a }}!", "x!"), ("{{ a|upper }}", "X"), ("{% for i in l %}{{ i }};{% endfor %}", "1;2;"), ("{{ o.k }}", "v"),
            ("{% if b %}yes{% else %}no{% endif %}", "yes"), ("{{ gone }}", ""), ("{{ n }}", "None"), ("{{ l|length }}", "2"), ("plain", "plain"),
        ]
    ):  # fmt: skip
        given = {"a": "x", "l": [1, 2], "o": {"k": "v"}, "b": True, "n": None}
        names = {name: f"start.{name}" for name in given}
        made = graph(start(**given), template("t", text, **names), end(r="t.output"), edges="start > t > end")
        yield Case(name=f"template-{number}", graph=made, inputs=given, outputs={"r": result})
    long = graph(start(), template("t", "{{ 'x' * 400001 }}"), end(r="t.output"), edges="start > t > end")
    yield Case(name="template-too-long", graph=long, status="failed", error="Output length exceeds 400000 characters")


def aggregators() -> Iterator[Case]:
    def branches(join: dict[str, Any], outputs: Any, value: str, name: str, **end_outputs: str) -> Case:
        made = graph(
            start(a=value), if_else("if", case_of("true", condition("start.a", "is", "x"))), template("t", "T"), template("f", "F"), join,
            end(**end_outputs), edges="start > if, if:true > t > join > end, if:false > f > join",
        )  # fmt: skip
        return Case(name=name, graph=made, inputs={"a": value}, outputs=outputs)

    for kind in ("variable-aggregator", "variable-assigner"):
        join = node("join", kind, output_type="string", variables=[["t", "output"], ["f", "output"]])
        yield branches(join, {"r": "T"}, "x", f"{kind}-first", r="join.output")
        yield branches(join, {"r": "F"}, "y", f"{kind}-second", r="join.output")
    groups = [
        {"group_name": "g", "output_type": "string", "variables": [["t", "output"], ["f", "output"]]},
        {"group_name": "h", "output_type": "string", "variables": [["start", "a"]]},
    ]
    join = node("join", "variable-aggregator", advanced_settings={"group_enabled": True, "groups": groups})
    yield branches(join, {"g": "F", "h": "y"}, "y", "aggregator-groups", g="join.g.output", h="join.h.output")
    existing: list[Any] = [None, "", []]
    for value in existing:
        join = node("join", "variable-aggregator", output_type="any", variables=[["start", "n"], ["start", "a"]])
        made = graph(start(n=value, a="x"), join, end(r="join.output"), edges="start > join > end")
        yield Case(
            name=f"aggregator-existing-{value!r}", graph=made, inputs={"n": value, "a": "x"}, outputs={"r": value}
        )
    nothing = node("join", "variable-aggregator", output_type="string", variables=[["start", "gone"]])
    made = graph(start(), nothing, end(r="join.output"), edges="start > join > end")
    yield Case(name="aggregator-nothing", graph=made, outputs={"r": None})


def cases() -> Iterator[Case]:
    for table in (texts, paths, lists, snippets, templates, aggregators):
        yield from table()
