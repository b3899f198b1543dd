from __future__ import annotations

from typing import Any

import pytest

from workflow.graphs import answer, assign, condition, end, node, start, stored

from .examined import MODEL, expect, findings

SCHEMA = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "number"}}}}}
FORM = [
    {"variable": "text", "type": "text-input"},
    {"variable": "file", "type": "file"},
    {"variable": "files", "type": "file-list"},
    {"variable": "json", "type": "json_object", "json_schema": SCHEMA},
]
LLM = node("llm", "llm", model=MODEL, prompt_template=[{"role": "user", "text": "x"}], structured_output_enabled=True,
           structured_output={"schema": SCHEMA})  # fmt: skip
CODE = node("code", "code", code_language="python3", code="def main(): return {'list': [], 'o': {}}",
            outputs={"list": {"type": "array[string]"}, "o": {"type": "object", "children": {"n": {"type": "number"}}}})  # fmt: skip


def said(text: str, **options: Any) -> Any:
    graph = stored(start(variables=FORM), LLM, CODE, answer("say", text), edges_="start > llm > code > say")
    return findings(graph, mode="advanced-chat", **options)


@pytest.mark.parametrize(
    "path",
    [
        "start.text", "start.file.size", "start.json.a.b", "llm.text", "llm.usage.total_tokens", "llm.structured_output.a.b",
        "code.list", "code.o.n", "sys.query", "sys.dialogue_count", "env.key", "conversation.memory",
    ],
)  # fmt: skip
def test_what_is_there_is_found(path: str) -> None:
    env = [{"name": "key", "value_type": "string", "value": "v"}]
    conversation: list[Any] = [{"name": "memory", "value_type": "object", "value": {}}]
    assert said(f"{{{{#{path}#}}}}", env=env, conversation=conversation) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("start.nope", "The node 'start' has no output nope"),
        ("gone.text", "There is no node with the id gone"),
        ("say.answer", "A node can't read its own outputs"),
        ("start.text.part", "start.text is of type string"),
        ("start.files.name", "start.files is an array"),
        ("start.file.colour", "start.file is of type file"),
        ("start.json.a.c", "start.json has no such field"),
        ("llm.structured_output.z", "has no such field"),
        ("code.o.m", "has no such field"),
        ("llm.txt", "The node 'llm' has no output txt"),
        ("sys.timestamp", "Apps of this kind have no sys.timestamp"),
        ("env.key", "There is no environment variable key"),
        ("conversation.memory", "There is no conversation variable memory"),
    ],
)
def test_what_is_not_there_is_told(path: str, text: str) -> None:
    expect(said(f"Hello {{{{#{path}#}}}}"), "say", "answer", text)


def test_conversation_variables_are_for_chatflows() -> None:
    graph = stored(start(), end(x="conversation.memory"), edges_="start > end")
    expect(findings(graph), "end", "outputs[0].value_selector", "only chatflows have them")


def test_nodes_that_run_later_or_elsewhere_give_nothing() -> None:
    graph = stored(start(), answer("first", "{{#llm.text#}}"), LLM, answer("last", "{{#llm.text#}}"),
                   edges_="start > first > llm > last")  # fmt: skip
    found = findings(graph, mode="advanced-chat")
    expect(found, "first", "answer", "never runs before this one")
    assert [finding.node_id for finding in found] == ["first"]


def test_empty_choices() -> None:
    graph = stored(
        start(), node("doc", "document-extractor", variable_selector=[]),
        node("t", "template-transform", template="{{ a }}", variables=[{"variable": "a", "value_selector": []}]),
        end(x="t.output"), edges_="start > doc > t > end",
    )  # fmt: skip
    found = findings(graph)
    expect(found, "doc", "variable_selector", "No variable is chosen here")
    expect(found, "t", "variables[0].value_selector", "the value is empty", level="warning")


def boxed(kind: str, *inner: Any, text: str = "x", after: str = "x", **data: Any) -> Any:
    base = {
        "iteration": {"iterator_selector": ["code", "list"], "output_selector": ["say", "answer"]},
        "loop": {
            "loop_count": 2,
            "loop_variables": [{"label": "n", "var_type": "number", "value_type": "constant", "value": "1"}],
        },
    }[kind]
    graph = stored(
        start(variables=FORM), CODE, node("box", kind, **{**base, **data}), node("boxstart", f"{kind}-start", parent="box"),
        answer("say", text, parent="box"), *inner, answer("after", after),
        edges_="start > code > box > after, boxstart > say",
    )  # fmt: skip
    return findings(graph, mode="advanced-chat")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("iteration", "{{#box.item#}} {{#box.index#}} {{#code.list#}} {{#start.text#}}"),
        ("loop", "{{#box.n#}} {{#start.text#}}"),
    ],
)
def test_inner_variables_are_seen_inside(kind: str, text: str) -> None:
    assert boxed(kind, text=text) == []


@pytest.mark.parametrize(
    ("kind", "after", "reason"),
    [
        ("iteration", "{{#box.item#}}", "has no output item"),
        ("iteration", "{{#say.answer#}}", "never runs before this one"),
        ("loop", "{{#box.index#}}", "has no output index"),
    ],
)
def test_and_not_outside(kind: str, after: str, reason: str) -> None:
    expect(boxed(kind, after=after), "after", "answer", reason)
    assert boxed(kind, after="{{#box.output#}}" if kind == "iteration" else "{{#box.n#}} {{#box.loop_round#}}") == []


def test_the_type_of_an_item_follows_from_the_list() -> None:
    expect(boxed("iteration", text="{{#box.item.name#}}"), "say", "answer", "box.item is of type string")
    files: dict[str, Any] = {"iterator_selector": ["start", "files"]}
    assert boxed("iteration", text="{{#box.item.name#}}", **files) == []


def test_results_and_break_conditions_speak_of_the_inside() -> None:
    expect(boxed("iteration", output_selector=["after", "answer"]), "box", "output_selector", "never runs before")
    assert boxed("loop", break_conditions=[condition("say.answer", "is", "x"), condition("box.n", ">", "1")]) == []
    expect(
        boxed("loop", break_conditions=[condition("box.m", ">", "1")]),
        "box",
        "break_conditions[0].variable_selector",
        "no output m",
    )


def test_aggregators_only_warn() -> None:
    graph = stored(start(), node("agg", "variable-aggregator", variables=[["start", "x"]], output_type="string"), end(x="agg.output"),
                   edges_="start > agg > end")  # fmt: skip
    (finding,) = findings(graph)
    assert (finding.level, finding.field) == ("warning", "variables[0]")


def test_failures_have_outputs_of_their_own() -> None:
    http = node("http", "http-request", url="http://a", error_strategy="fail-branch")
    graph = stored(start(), http, end("ok", x="http.body"), end("bad", y="http.error_message", z="http.error_type"),
                   edges_="start > http > ok, http:fail-branch > bad")  # fmt: skip
    assert findings(graph) == []


def test_grouped_aggregators_and_people_and_hooks() -> None:
    groups = {
        "group_enabled": True,
        "groups": [{"group_name": "g", "output_type": "number", "variables": [["hook", "n"]]}],
    }
    graph = stored(
        node("hook", "trigger-webhook", params=[{"name": "n", "type": "number"}], headers=[{"name": "X-Key"}]),
        node("agg", "variable-aggregator", advanced_settings=groups),
        node("ask", "human-input", form_content="{{#$output.note#}} {{#hook.X_Key#}}", user_actions=[{"id": "ok", "title": "OK"}],
             inputs=[{"type": "paragraph", "output_variable_name": "note"}], delivery_methods=[{"type": "email", "enabled": True}]),
        end(a="agg.g.output", b="ask.note", c="ask.__action_id", d="hook._webhook_raw"),
        edges_="hook > agg > ask, ask:ok > end",
    )  # fmt: skip
    assert findings(graph) == []


def test_tools_and_plugins_may_give_anything() -> None:
    graph = stored(node("hook", "trigger-plugin"), end(x="hook.whatever.deep"), edges_="hook > end")
    assert [finding for finding in findings(graph) if finding.level == "error"] == []


def test_assigners() -> None:
    graph = stored(
        start(variables=FORM),
        assign("set", ("conversation.list", "append", ("start", "text")), ("conversation.n", "+=", "x"),
               ("conversation.list", "+=", 1), ("start.text", "over-write", "v")),
        answer("say", "x"), edges_="start > set > say",
    )  # fmt: skip
    variables: list[Any] = [
        {"name": "list", "value_type": "array[string]", "value": []},
        {"name": "n", "value_type": "number", "value": 0},
    ]
    found = findings(graph, mode="advanced-chat", conversation=variables)
    expect(found, "set", "items[1]", "Invalid input value x")
    expect(found, "set", "items[2]", "Operation += is not supported for type array[string]")
    expect(found, "set", "items[3].variable_selector", "nobody keeps", level="warning")
    assert not [finding for finding in found if finding.field == "items[0]"]


@pytest.mark.parametrize(
    ("kind", "operation", "source", "fits"),
    [
        ("string", "over-write", "text", True), ("number", "over-write", "text", False), ("array[string]", "over-write", "text", False),
        ("array[file]", "over-write", "files", True), ("array[string]", "over-write", "files", False), ("array[string]", "append", "text", True),
        ("array[number]", "append", "text", False), ("array[string]", "extend", "text", False), ("object", "over-write", "json", True),
    ],
)  # fmt: skip
def test_what_assigners_put_where(kind: str, operation: str, source: str, fits: bool) -> None:
    for item in (
        assign("set", ("conversation.v", operation, ("start", source))),
        node("set", "assigner", write_mode=operation, assigned_variable_selector=["conversation", "v"],
             input_variable_selector=["start", source]),
    ):  # fmt: skip
        if operation == "extend" and "write_mode" in item["data"]:
            continue
        graph = stored(start(variables=FORM), item, answer("say", "x"), edges_="start > set > say")
        found = findings(graph, mode="advanced-chat", conversation=[{"name": "v", "value_type": kind, "value": 0}])
        if fits:
            assert not [finding for finding in found if "can't put into" in finding.message]
        else:
            field = "input_variable_selector" if "write_mode" in item["data"] else "items[0].value"
            expect(found, "set", field, f"can't put into a variable of type {kind}")
