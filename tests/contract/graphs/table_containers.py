"""Iterations and loops: every way to run, to fail and to end them (workflow.md 3.7, 3.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .building import Case, answer, assigner, case_of, code, condition, end, graph, if_else, node, start, template

CODE = code("c", "stumble", "it.item", "string", parent="it")


def iteration(inner: list[dict[str, Any]], chain: str, result: str, **data: Any) -> dict[str, Any]:
    box = node(
        "it",
        "iteration",
        iterator_selector=["start", "l"],
        output_selector=result.split("."),
        start_node_id="itstart",
        **data,
    )
    return graph(start(l=[1]), box, node("itstart", "iteration-start", parent="it"), *inner, end(r="it.output"),
                 edges=f"start > it > end, itstart > {chain}")  # fmt: skip


def modes() -> Iterator[Case]:
    every = ["a", "bad", "c"]
    results: dict[str, Any] = {
        "terminated": "stumbled over bad",
        "continue-on-error": ["a", None, "c"],
        "remove-abnormal-output": ["a", "c"],
    }
    for mode, result in results.items():
        for parallel in (False, True):
            made = iteration([CODE], "c", "c.result", error_handle_mode=mode, is_parallel=parallel, parallel_nums=2)
            case: dict[str, Any] = {"graph": made, "inputs": {"l": every}}
            name = f"{mode}-{'parallel' if parallel else 'in-turn'}"
            if isinstance(result, str):
                yield Case(name=name, **case, status="failed", error=result)
            else:
                yield Case(name=name, **case, outputs={"r": result})
            yield Case(name=f"{name}-all-well", graph=made, inputs={"l": ["a", "b"]}, outputs={"r": ["a", "b"]})
            yield Case(name=f"{name}-empty", graph=made, inputs={"l": []}, outputs={"r": []},
                       nodes={"start": "succeeded", "it": "succeeded", "end": "succeeded"})  # fmt: skip
            yield Case(name=f"{name}-null", graph=made, inputs={"l": None}, outputs={"r": []})
            yield Case(
                name=f"{name}-no-list",
                graph=made,
                inputs={"l": "text"},
                status="failed",
                error="please provide a list.",
            )


def flattening() -> Iterator[Case]:
    for parallel in (False, True):
        for flat, result in ((True, [1, 1, 2, 2]), (False, [[1, 1], [2, 2]])):
            pair = code("c", "pair", "it.item", "array[number]", parent="it")
            made = iteration([pair], "c", "c.result", flatten_output=flat, is_parallel=parallel)
            yield Case(name=f"flatten-{flat}-{parallel}", graph=made, inputs={"l": [1, 2]}, outputs={"r": result})
        nothing = iteration([code("c", "none", "it.item", parent="it")], "c", "c.result", is_parallel=parallel)
        yield Case(name=f"nulls-{parallel}", graph=nothing, inputs={"l": [1, 2]}, outputs={"r": [None, None]})
        drop = iteration(
            [code("c", "none", "it.item", parent="it")],
            "c",
            "c.result",
            is_parallel=parallel,
            error_handle_mode="remove-abnormal-output",
        )
        yield Case(
            name=f"nulls-dropped-{parallel}",
            graph=drop,
            inputs={"l": [1, 2]},
            outputs={"r": [] if parallel else [None, None]},
        )


def inner_variables() -> Iterator[Case]:
    for parallel in (False, True):
        text = template("t", "{{ i }}:{{ x }}", i="it.index", x="it.item", more={"parent": "it"})
        made = iteration([text], "t", "t.output", is_parallel=parallel)
        yield Case(
            name=f"item-and-index-{parallel}",
            graph=made,
            inputs={"l": ["a", "b", "c"]},
            outputs={"r": ["0:a", "1:b", "2:c"]},
        )
    item = iteration([CODE], "c", "it.item")
    yield Case(name="items-themselves", graph=item, inputs={"l": ["x", "y"]}, outputs={"r": ["x", "y"]})
    branch = iteration([if_else("if", case_of("true", condition("it.item", ">", "1")), parent="it"), template("big", "big", more={"parent": "it"}),
                        template("small", "small", more={"parent": "it"}), node("join", "variable-aggregator", output_type="string", parent="it",
                        variables=[["big", "output"], ["small", "output"]])], "if, if:true > big > join, if:false > small > join", "join.output")  # fmt: skip
    yield Case(name="branches-inside", graph=branch, inputs={"l": [1, 2, 3]}, outputs={"r": ["small", "big", "big"]})
    count = iteration([assigner("add", ("conversation.n", "+=", 2), parent="it")], "add", "conversation.n")
    yield Case(name="conversation-variables-come-back", graph=count, inputs={"l": [1, 2, 3]}, conversation={"n": ("number", 0)},
               outputs={"r": [2, 4, 6]}, remembered={"n": 6})  # fmt: skip
    gone = graph(start(), node("it", "iteration", iterator_selector=["start", "gone"], output_selector=["it", "item"]),
                 node("itstart", "iteration-start", parent="it"), CODE, end(r="it.output"), edges="start > it > end, itstart > c")  # fmt: skip
    yield Case(name="no-iterator", graph=gone, status="failed", error="iterator variable ['start', 'gone'] not found")
    said = iteration([answer("say", "[{{#it.item#}}]", parent="it")], "say", "say.answer")
    yield Case(name="answers-inside-stream", graph=said, inputs={"l": ["a", "b"]}, outputs={"r": ["[a]", "[b]"]})
    for strategy, status in (("default-value", "partial-succeeded"), ("fail-branch", "partial-succeeded")):
        data: dict[str, Any] = {"error_strategy": strategy}
        if strategy == "default-value":
            data["default_value"] = [{"key": "output", "type": "array[string]", "value": "[]"}]
        made = iteration([CODE], "c", "c.result", **data)
        made["nodes"].append(end("failed", e="it.error_message"))
        made["edges"].append({"source": "it", "sourceHandle": "fail-branch", "target": "failed"})
        if strategy == "default-value":
            made["edges"].pop()
            made["nodes"].pop()
        outputs: dict[str, Any] = {"r": []} if strategy == "default-value" else {"e": "stumbled over bad"}
        yield Case(name=f"container-{strategy}", graph=made, inputs={"l": ["bad"]}, status=status, outputs=outputs)


def loop(
    inner: list[dict[str, Any]],
    chain: str,
    variables: list[dict[str, Any]],
    inputs: dict[str, Any] | None = None,
    **data: Any,
) -> dict[str, Any]:
    names = {item["label"]: f"lo.{item['label']}" for item in variables}
    box = node(
        "lo",
        "loop",
        **{"loop_variables": variables, "break_conditions": [], "logical_operator": "and", "loop_count": 3, **data},
    )
    return graph(start(**(inputs or {})), box, node("lostart", "loop-start", parent="lo"), *inner, end(rounds="lo.loop_round", **names),
                 edges=f"start > lo > end, lostart > {chain}")  # fmt: skip


def variable(label: str, kind: str, value: Any, source: str = "constant") -> dict[str, Any]:
    return {"id": label, "label": label, "var_type": kind, "value_type": source, "value": value}


N = variable("n", "number", "0")
ADD = assigner("add", ("lo.n", "+=", 1), parent="lo")


def ends() -> Iterator[Case]:
    for count in (1, 2, 5):
        yield Case(
            name=f"count-{count}",
            graph=loop([ADD], "add", [N], loop_count=count),
            outputs={"n": count, "rounds": count},
        )
    for operator, value, rounds in ((">", "1", 2), ("≥", "2", 2), ("=", "1", 1), ("≠", "0", 1), ("not empty", "", 1)):
        made = loop([ADD], "add", [N], loop_count=9, break_conditions=[condition("lo.n", operator, value)])
        yield Case(name=f"break-{operator}", graph=made, outputs={"n": rounds, "rounds": rounds})
    for operator, value in (("<", "5"), ("≤", "0"), ("=", "0"), ("empty", "")):
        made = loop([ADD], "add", [N], break_conditions=[condition("lo.n", operator, value)])
        yield Case(name=f"broken-at-once-{operator}", graph=made, outputs={"n": 0, "rounds": None})
    both = [condition("lo.n", "≥", "2"), condition("lo.n", "≥", "4")]
    for logic, rounds in (("and", 4), ("or", 2)):
        made = loop([ADD], "add", [N], loop_count=9, break_conditions=both, logical_operator=logic)
        yield Case(name=f"break-{logic}", graph=made, outputs={"n": rounds, "rounds": rounds})
    stop = [
        ADD,
        if_else("if", case_of("true", condition("lo.n", "≥", "2")), parent="lo"),
        node("stop", "loop-end", parent="lo"),
        template("on", "x", more={"parent": "lo"}),
    ]
    yield Case(
        name="loop-end",
        graph=loop(stop, "add > if, if:true > stop, if:false > on", [N], loop_count=9),
        outputs={"n": 2, "rounds": 2},
    )
    wrong = loop([ADD], "add", [N], break_conditions=[condition("lo.n", "contains", "1")])
    yield Case(
        name="break-that-cannot-be-judged",
        graph=wrong,
        status="failed",
        error="Invalid actual value type: string or array",
    )
    inner = loop(
        [ADD, template("t", "{{ n }}", n="lo.n", more={"parent": "lo"})],
        "add > t",
        [N],
        loop_count=9,
        break_conditions=[condition("t.output", "is", "3")],
    )
    yield Case(name="break-on-inner-output", graph=inner, outputs={"n": 3, "rounds": 3})


def loop_variables() -> Iterator[Case]:
    given = {"s": "text", "n": 7, "l": ["a"]}
    for number, (item, result) in enumerate(
        [
            (variable("v", "string", "x"), "x"), (variable("v", "number", "5"), 5), (variable("v", "number", 5), 5), (variable("v", "number", "2.5"), 2.5),
            (variable("v", "boolean", "true"), True), (variable("v", "boolean", False), False), (variable("v", "object", '{"a": 1}'), {"a": 1}),
            (variable("v", "array[string]", '["a"]'), ["a"]), (variable("v", "array[number]", "[1, 2]"), [1, 2]), (variable("v", "array[string]", ["a"]), []),
            (variable("v", "array[object]", ""), []), (variable("v", "array[boolean]", "[true, false]"), [True, False]), (variable("v", "string", ["start", "s"], "variable"), "text"),
            (variable("v", "number", ["start", "n"], "variable"), 7), (variable("v", "array[string]", ["start", "l"], "variable"), ["a"]),
        ]
    ):  # fmt: skip
        made = loop([template("t", "x", more={"parent": "lo"})], "t", [item], given, loop_count=1)
        yield Case(name=f"loop-variable-{number}", graph=made, inputs=given, outputs={"v": result, "rounds": 1})
    for number, (item, error) in enumerate(
        [
            (variable("v", "number", "many"), "Invalid value for loop variable v"), (variable("v", "string", ["start", "gone"], "variable"), "Invalid value for loop variable v"),
            (variable("v", "number", ["start", "s"], "variable"), "Type mismatch: expected number, but got string, value=text"),
            (variable("v", "string", None), "Type mismatch: expected string, but got None"),
        ]
    ):  # fmt: skip
        made = loop([template("t", "x", more={"parent": "lo"})], "t", [item], given, loop_count=1)
        yield Case(name=f"loop-variable-wrong-{number}", graph=made, inputs=given, status="failed", error=error)


def rounds() -> Iterator[Case]:
    collect = [
        code("c", "echo", "lo.n", "number", parent="lo"),
        assigner("keep", ("lo.l", "append", ("c", "result")), ("lo.n", "+=", 1), parent="lo"),
    ]
    yield Case(name="rounds-share-variables", graph=loop(collect, "c > keep", [N, variable("l", "array[number]", "[]")]),
               outputs={"n": 3, "l": [0, 1, 2], "rounds": 3})  # fmt: skip
    said = loop([answer("say", "r{{#lo.n#}} ", parent="lo"), ADD], "say > add", [N], loop_count=2)
    yield Case(
        name="answers-inside-are-added", graph=said, outputs={"answer": "r0 r1 ", "files": [], "n": 2, "rounds": 2}
    )
    failing = [code("c", "stumble", "lo.n", "number", parent="lo"), assigner("keep", ("lo.n", "+=", 1), parent="lo")]
    yield Case(
        name="a-round-fails",
        graph=loop(failing, "c > keep", [N], loop_count=9),
        status="failed",
        error="stumbled over 3",
    )
    mended = [{**failing[0], "data": {**failing[0]["data"], "error_strategy": "fail-branch"}}, failing[1]]
    made = loop(mended, "c > keep, c:fail-branch > keep", [N], loop_count=5)
    yield Case(name="a-round-mends-itself", graph=made, outputs={"n": 5, "rounds": 5}, exceptions=0)
    outer = node(
        "it", "iteration", iterator_selector=["start", "l"], output_selector=["lo", "n"], start_node_id="itstart"
    )
    nested = graph(start(l=[1]), outer, node("itstart", "iteration-start", parent="it"), node("lo", "loop", loop_count=2, parent="it", break_conditions=[],
                   loop_variables=[variable("n", "number", ["it", "item"], "variable")]), node("lostart", "loop-start", parent="lo"), ADD, end(r="it.output"),
                   edges="start > it > end, itstart > lo, lostart > add")  # fmt: skip
    yield Case(name="a-loop-in-an-iteration", graph=nested, inputs={"l": [1, 10]}, outputs={"r": [3, 12]})


def cases() -> Iterator[Case]:
    for table in (modes, flattening, inner_variables, ends, loop_variables, rounds):
        yield from table()
