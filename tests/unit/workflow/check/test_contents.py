"""What stands in single nodes: conditions, code, templates, models, requests, forms, variables."""

from __future__ import annotations

from typing import Any

import pytest

from orrery.workflow.check import check_app
from workflow.graphs import answer, condition, end, if_else, node, start, stored

from .examined import MODEL, App, Models, expect, findings

FORM = [
    {"variable": "s", "type": "text-input"},
    {"variable": "n", "type": "number"},
    {"variable": "b", "type": "checkbox"},
    {"variable": "o", "type": "json_object"},
    {"variable": "f", "type": "file"},
    {"variable": "fs", "type": "file-list"},
]


def one(item: dict[str, Any], **options: Any) -> Any:
    """The findings of a graph whose one interesting node is ``x``."""
    outgoing = {
        "if-else": "x:true > end, x:false > end",
        "question-classifier": "x:1 > end",
        "human-input": "x:ok > end",
    }
    way = outgoing.get(item["data"]["type"], "x > end")
    return findings(stored(start(variables=FORM), item, end(e="start.s"), edges_=f"start > x, {way}"), **options)


def compare(path: str, operator: str, value: Any = "1") -> Any:
    return one(if_else("x", path, operator, value))


SOUND = [
    ("start.s", "contains", "a"), ("start.s", "start with", "a"), ("start.s", "is", "a"), ("start.s", "in", ["a"]),
    ("start.s", "empty", ""), ("start.n", "=", "1"), ("start.n", "≥", "2.5"), ("start.n", ">", "{{#start.n#}}"),
    ("start.n", "not empty", None), ("start.b", "is", True), ("start.b", "is not", "true"), ("start.o", "empty", ""),
    ("start.f", "exists", ""), ("start.f.size", ">", "10"), ("start.f.type", "in", ["image"]), ("start.fs", "not empty", ""),
]  # fmt: skip


@pytest.mark.parametrize(("path", "operator", "value"), SOUND)
def test_comparisons_that_go(path: str, operator: str, value: Any) -> None:
    assert compare(path, operator, value) == []


@pytest.mark.parametrize(
    ("path", "operator", "value", "field", "text"),
    [
        ("start.s", ">", "1", "comparison_operator", "'>' can't compare start.s, which is of type string"),
        ("start.n", "contains", "1", "comparison_operator", "of type number"),
        ("start.n", "is", "1", "comparison_operator", "of type number"),
        ("start.b", ">", "1", "comparison_operator", "of type boolean"),
        ("start.o", "contains", "1", "comparison_operator", "of type object"),
        ("start.f", "contains", "1", "comparison_operator", "of type file"),
        ("start.fs", "is", "1", "comparison_operator", "of type array[file]"),
        ("start.s", "resembles", "1", "comparison_operator", "Unknown comparison 'resembles'"),
        ("start.s", "", "1", "comparison_operator", "No comparison is chosen"),
        ("start.n", ">", "many", "value", "needs a number to compare with, not 'many'"),
        ("start.n", "=", "", "value", "needs a number"),
        ("start.n", "=", None, "value", "needs a number"),
        ("start.s", "in", "abc", "value", "needs a list"),
        ("start.b", "is", "yes", "value", "can't be compared with 'yes'"),
        ("start.b", "=", "True", "value", "can't be compared with 'True'"),
        ("start.s", "in", "{{#start.s#}}", "value", "a list of constants"),
        ("start.fs", "contains", "1", "sub_variable_condition", "not said what about the files"),
    ],
)
def test_comparisons_that_do_not(path: str, operator: str, value: Any, field: str, text: str) -> None:
    expect(compare(path, operator, value), "x", f"cases[0].conditions[0].{field}", text)


def test_sub_conditions_and_cases() -> None:
    sub = {"conditions": [{"key": "colour", "comparison_operator": "is", "value": "red"}]}
    files = {**condition("start.fs", "contains", ""), "sub_variable_condition": sub}
    case = {"case_id": "true", "logical_operator": "and", "conditions": [files]}
    found = one(node("x", "if-else", cases=[case, {**case, "conditions": []}]))
    expect(found, "x", "cases[0].conditions[0].sub_variable_condition.conditions[0].key", "no attribute 'colour'")
    expect(found, "x", "cases[1].case_id", "Two cases have the id true", level="warning")
    expect(found, "x", "cases[1].conditions", "always holds", level="warning")
    expect(one(node("x", "if-else", cases=[])), "x", "cases", "no case", level="warning")


def listing(path: str, **data: Any) -> Any:
    return one(node("x", "list-operator", variable=path.split("."), **data))


def filtered(key: str, operator: str, value: Any) -> Any:
    return {"enabled": True, "conditions": [{"key": key, "comparison_operator": operator, "value": value}]}


def test_list_operators() -> None:
    expect(listing("start.s"), "x", "variable", "not on string")
    assert listing("start.fs", filter_by=filtered("size", ">", "5")) == []
    expect(
        listing("start.fs", filter_by=filtered("size", "contains", "5")),
        "x",
        "filter_by.conditions[0].comparison_operator",
        "can't compare",
    )
    expect(
        listing("start.fs", filter_by=filtered("size", ">", "x")),
        "x",
        "filter_by.conditions[0].value",
        "needs a number",
    )
    expect(
        listing("start.fs", filter_by=filtered("colour", "is", "x")),
        "x",
        "filter_by.conditions[0].key",
        "no attribute 'colour'",
    )
    expect(listing("start.fs", order_by={"enabled": True, "key": "colour"}), "x", "order_by.key", "no attribute")
    expect(
        listing("start.fs", extract_by={"enabled": True, "serial": "0"}), "x", "extract_by.serial", "no place in a list"
    )
    assert listing("start.fs", extract_by={"enabled": True, "serial": "{{#start.n#}}"}) == []


def code(source: str, arguments: str = "", outputs: str = "result", language: str = "python3") -> Any:
    variables = [{"variable": name, "value_selector": ["start", "s"]} for name in arguments.split()]
    declared = {name: {"type": "string"} for name in outputs.split()}
    return one(node("x", "code", code_language=language, code=source, variables=variables, outputs=declared))


@pytest.mark.parametrize(
    ("source", "arguments", "outputs"),
    [
        ("def main(a): return {'result': a}", "a", "result"),
        ("def main(a, b=1): return {'result': a}", "a", "result"),
        ("def main(**k): return {'result': 1}", "a b", "result"),
        ("def main(*, a): return {'result': a}", "a", "result"),
        ("main = lambda a: {'result': a}", "a", "result"),
        ("from json import loads as main", "", "result"),
        ("if True:\n    def main(): return {'result': 1}", "", "result"),
        ("def main():\n    def inner(): return {'other': 1}\n    return inner()", "", "result"),
        ("def main(a):\n    if a: return {'x': 1}\n    return {'result': 1}", "a", "result"),
        ("def main():\n    return {'a\\d': 1, **{}}", "", "result"),
        ("import os\nos._exit(1)\ndef main(): return {'result': 1}", "", "result"),
    ],
)
def test_python_that_goes(source: str, arguments: str, outputs: str) -> None:
    assert code(source, arguments, outputs) == []


@pytest.mark.parametrize(
    ("source", "arguments", "field", "text"),
    [
        ("", "", "code", "There is no code"),
        ("def other(): pass", "", "code", "defines no function main"),
        ("class A:\n    def main(self): pass", "", "code", "defines no function main"),
        ("def main(:", "", "code", "The code is no Python"),
        ("(" * 300, "", "code", "The code"),
        ("def main():\x00", "", "code", "The code"),
        ("async def main(): return {'result': 1}", "", "code", "coroutine"),
        ("def main(): pass", "", "code", "returns nothing"),
        ("def main(a): return {'result': a}", "", "variables", "main needs 'a'"),
        ("def main(a, /): return {'result': a}", "", "variables", "main needs 'a'"),
        ("def main(*, a): return {'result': a}", "", "variables", "main needs 'a'"),
        ("def main(): return {'result': 1}", "a", "variables", "main has no parameter 'a'"),
        ("def main(): return {'other': 1}", "", "outputs.result", "returns no 'result'"),
        ("def main(): return {'other': 1, 'result': 2}", "", "outputs", "returns 'other'"),
    ],
)
def test_python_that_does_not(source: str, arguments: str, field: str, text: str) -> None:
    expect(code(source, arguments), "x", field, text)


@pytest.mark.parametrize(
    ("source", "sound"),
    [
        ("function main({a}) { return {result: a} }", True),
        ("async function main() {}", True),
        ("const main = ({a}) => ({result: a})", True),
        ("let x = 1; main = function () {}", True),
        ("// function main() {}\nfunction other() {}", False),
        ("/* function main() */", False),
        ("domain = 1", False),
        ("if (main == 1) {}", False),
    ],
)
def test_javascript(source: str, sound: bool) -> None:
    found = code(source, language="javascript")
    if sound:
        assert found == []
    else:
        expect(found, "x", "code", "defines no function main")


def test_output_types_and_arguments() -> None:
    found = one(node("x", "code", code="def main(a): return {'r': 1}", outputs={"r": {"type": "tensor"}},
                     variables=[{"variable": "a", "value_selector": ["start", "s"]}] * 2))  # fmt: skip
    expect(found, "x", "outputs.r.type", "unknown type tensor")
    expect(found, "x", "variables[1].variable", "Two arguments", level="warning")


def template(text: str) -> Any:
    return one(
        node("x", "template-transform", template=text, variables=[{"variable": "a", "value_selector": ["start", "s"]}])
    )


def test_templates() -> None:
    assert (
        template("{% for i in range(3) %}{{ a|upper }}{{ loop.index }}{% endfor %}{% if a is none %}{% endif %}") == []
    )
    assert template("{% set c = a %}{% macro m(d) %}{{ d }}{% endmacro %}{{ m(c) }}{{ 'x' * 10 ** 12 }}") == []
    expect(template("{% if %}"), "x", "template", "not well formed")
    expect(template("{{ a"), "x", "template", "(line 1)")
    expect(template("{{ a|frobnicate }}"), "x", "template", "no filter named 'frobnicate'")
    expect(template("{{ a is frobnicated }}"), "x", "template", "no test named")
    expect(template("{{ b }}"), "x", "template", "'b' is not among", level="warning")


def llm(**data: Any) -> Any:
    return one(node("x", "llm", **{"model": MODEL, "prompt_template": [{"role": "user", "text": "hi"}], **data}))


@pytest.mark.parametrize(
    ("data", "field", "text", "level"),
    [
        ({"model": {"provider": "", "name": ""}}, "model", "No model is chosen", "error"),
        ({"model": {"provider": "openai", "name": ""}}, "model", "No model is chosen", "error"),
        ({"model": {"provider": "nobody", "name": "m"}}, "model.provider", "nobody is not installed", "error"),
        ({"model": {"provider": "locked", "name": "m"}}, "model", "no credentials for m of locked", "warning"),
        ({"prompt_template": [{"role": "user", "text": " "}]}, "prompt_template", "The prompt is empty", "error"),
        ({"context": {"enabled": True}}, "context.variable_selector", "no variable is chosen", "warning"),
        ({"structured_output_enabled": True}, "structured_output.schema", "has no schema", "error"),
        ({"prompt_template": [{"edition_type": "jinja2", "jinja2_text": "{% x"}]}, "prompt_template[0].jinja2_text", "not well formed", "error"),
    ],
)  # fmt: skip
def test_models(data: dict[str, Any], field: str, text: str, level: str) -> None:
    expect(llm(**data), "x", field, text, level=level)


def test_classifiers_extractors_and_searches() -> None:
    found = one(
        node(
            "x",
            "question-classifier",
            model=MODEL,
            query_variable_selector=["start", "s"],
            classes=[{"id": "1", "name": ""}],
        )
    )
    expect(found, "x", "classes[0].name", "no name", level="warning")
    expect(
        one(node("x", "parameter-extractor", model=MODEL, query=["start", "s"], parameters=[])),
        "x",
        "parameters",
        "no parameter",
    )
    expect(
        one(node("x", "knowledge-retrieval", query_variable_selector=["start", "n"])),
        "x",
        "dataset_ids",
        "No knowledge",
    )
    expect(
        one(node("x", "knowledge-retrieval", query_variable_selector=["start", "n"])),
        "x",
        "query_variable_selector",
        "must be a text",
    )
    expect(
        one(node("x", "knowledge-retrieval", dataset_ids=["d"])),
        "x",
        "query_variable_selector",
        "nothing to search",
        level="warning",
    )
    routed = {"retrieval_mode": "single", "single_retrieval_config": {"model": {"provider": "nobody", "name": "m"}}}
    expect(one(node("x", "knowledge-retrieval", **routed)), "x", "single_retrieval_config.model.provider", "nobody")


@pytest.mark.parametrize(
    ("data", "field", "text"),
    [
        ({"url": ""}, "url", "url is required"),
        ({"url": "example.com"}, "url", "url should start with"),
        ({"url": "ftp://example.com"}, "url", "url should start with"),
        ({"method": "options"}, "method", "Invalid http method options"),
        ({"method": "brew"}, "method", "Invalid http method brew"),
        ({"authorization": {"type": "api-key", "config": {"type": "bearer", "api_key": ""}}}, "authorization.config.api_key", "API key"),
        ({"body": {"type": "json", "data": []}}, "body.data", "exactly one item"),
        ({"body": {"type": "raw-text", "data": [{"value": "a"}, {"value": "b"}]}}, "body.data", "this has 2"),
    ],
)  # fmt: skip
def test_requests(data: dict[str, Any], field: str, text: str) -> None:
    expect(one(node("x", "http-request", **{"url": "https://example.com", "method": "post", **data})), "x", field, text)


def test_requests_that_go() -> None:
    for url in ("http://a", "https://a", "{{#start.s#}}/x"):
        assert one(node("x", "http-request", url=url, body={"type": "json", "data": '{"a": 1}'})) == []


@pytest.mark.parametrize(
    ("field", "place", "text", "level"),
    [
        ({"variable": "1a", "type": "number"}, "variable", "can't be the name", "error"),
        ({"variable": "", "type": "number"}, "variable", "can't be the name", "error"),
        ({"variable": "中文", "type": "number"}, "variable", "Texts can't refer to", "warning"),
        ({"variable": "a" * 31, "type": "number"}, "variable", "Texts can't refer to", "warning"),
        ({"variable": "a", "type": "slider"}, "type", "Unknown type of input", "error"),
        ({"variable": "a", "type": "select"}, "options", "nothing to choose from", "error"),
        ({"variable": "a", "type": "select", "options": ["x"], "default": "y"}, "default", "not among the options", "error"),
        ({"variable": "a", "type": "paragraph", "max_length": -1}, "max_length", "negative", "error"),
        ({"variable": "a", "type": "file", "allowed_file_types": ["custom"]}, "allowed_file_extensions", "none is named", "warning"),
        ({"variable": "a", "type": "json_object", "json_schema": {"type": "array"}}, "json_schema", "not object", "error"),
        ({"variable": "a", "type": "json_object", "json_schema": {"type": "object", "required": 1}}, "json_schema", "not valid", "error"),
    ],
)  # fmt: skip
def test_start_forms(field: dict[str, Any], place: str, text: str, level: str) -> None:
    graph = stored(start(variables=[field]), end(x="sys.user_id"), edges_="start > end")
    expect(findings(graph), "start", f"variables[0].{place}", text, level=level)


def test_names_are_unique() -> None:
    field = {"variable": "a", "type": "number"}
    graph = stored(start(variables=[field, field]), end(x="start.a", y="start.a"), edges_="start > end")
    expect(findings(graph), "start", "variables[1].variable", "Two inputs")
    graph["nodes"][1]["data"]["outputs"][1]["variable"] = "x"
    expect(findings(graph), "end", "outputs[1].variable", "Two outputs", level="warning")


def ask(**data: Any) -> Any:
    given = {
        "form_content": "{{#$output.a#}}", "inputs": [{"type": "paragraph", "output_variable_name": "a"}],
        "user_actions": [{"id": "ok", "title": "OK"}], "delivery_methods": [{"type": "webapp", "enabled": True}],
    }  # fmt: skip
    return one(node("x", "human-input", **{**given, **data}))


def test_people_can_be_asked() -> None:
    assert ask() == []
    expect(ask(user_actions=[]), "x", "user_actions", "there is no action")
    expect(ask(form_content="{{#$output.b#}}"), "x", "form_content", "'b' that it doesn't have")
    expect(ask(form_content="{{#$output.b#}}"), "x", "form_content", "'a' is nowhere", level="warning")
    expect(
        ask(delivery_methods=[{"type": "webapp", "enabled": False}]), "x", "delivery_methods", "Nobody gets the form"
    )
    expect(ask(user_actions=[], required_variables=["a.b"]), "x", "user_actions", "old kind")
    hooked = stored(node("hook", "trigger-webhook"), node("x", "human-input", user_actions=[{"id": "ok"}],
                    delivery_methods=[{"type": "webapp", "enabled": True}]), edges_="hook > x")  # fmt: skip
    expect(findings(hooked), "x", "delivery_methods", "have no web app")


def test_variables() -> None:
    graph = stored(start(), answer("a", "x"), edges_="start > a")
    env: list[Any] = [
        {"name": "key", "value_type": "secret", "value": ""}, {"name": "key", "value_type": "string", "value": "v"},
        {"name": "a b", "value_type": "string", "value": "v"}, {"name": "o", "value_type": "object", "value": {}},
    ]  # fmt: skip
    found = findings(
        graph, mode="advanced-chat", env=env, conversation=[{"name": "f", "value_type": "file", "value": 1}]
    )
    expect(found, "", "environment_variables[0].value", "The secret key is empty", level="warning")
    expect(found, "", "environment_variables[1].name", "Two variables")
    expect(found, "", "environment_variables[2].name", "can't be the name")
    expect(found, "", "environment_variables[3].value_type", "can't be of type 'object'")
    expect(found, "", "conversation_variables[0].value_type", "can't be of type 'file'")


def test_values_of_the_wrong_type() -> None:
    expect(
        one(node("x", "document-extractor", variable_selector=["start", "s"])),
        "x",
        "variable_selector",
        "must be a file",
    )
    found = one(node("x", "iteration", iterator_selector=["start", "s"], output_selector=["x", "item"]))
    expect(found, "x", "iterator_selector", "must be a list")
    loop = node("x", "loop", loop_count=1, loop_variables=[
        {"label": "l", "var_type": "number", "value_type": "variable", "value": ["start", "s"]}, {"label": "", "var_type": "string", "value": "a"},
    ])  # fmt: skip
    expect(one(loop), "x", "loop_variables[0].value", "declared as number, but starts with a value of type string")
    expect(one(loop), "x", "loop_variables[1].label", "no name")
    expect(
        findings(stored(start(), answer("a", ""), edges_="start > a"), mode="advanced-chat"),
        "a",
        "answer",
        "empty",
        level="warning",
    )
    expect(findings(stored(start(), end(), edges_="start > end")), "end", "outputs", "gives nothing", level="warning")


def test_schedules_are_read() -> None:
    graph = stored(node("t", "trigger-schedule", mode="visual", frequency="weekly"), end(x="t.y"), edges_="t > end")
    expect(findings(graph), "t", "visual_config.weekdays", "weekdays must be")


def test_apps_without_a_graph() -> None:
    assert check_app(App("chat", None, {"model": MODEL}), models=Models()) == []
    (finding,) = check_app(App("chat", None, {"model": {}}), models=Models())
    assert (finding.level, finding.field) == ("error", "model_config.model")
    assert check_app(App("completion", None, {"model": {"provider": "nobody", "name": "m"}})) == []


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("number", "5", True), ("number", 5, True), ("number", "many", False), ("string", "any text", True), ("string", None, False),
        ("boolean", "true", True), ("boolean", "yes", False), ("object", "{}", True), ("object", "[]", False), ("array[string]", '["a"]', True),
        ("array[string]", ["a"], True), ("array[string]", "", True), ("array[number]", '["a"]', False),
    ],
)  # fmt: skip
def test_constants_of_loops(kind: str, value: Any, fits: bool) -> None:
    variable = {"label": "v", "var_type": kind, "value_type": "constant", "value": value}
    errors = [f.field for f in one(node("x", "loop", loop_count=1, loop_variables=[variable])) if f.level == "error"]
    assert ("loop_variables[0].value" in errors) is not fits


def test_events_have_constant_parameters() -> None:
    hook = node(
        "t",
        "trigger-plugin",
        event_parameters={"a": {"type": "mixed", "value": "x"}, "b": {"type": "constant", "value": 1}},
    )
    found = findings(stored(hook, end(x="t.y"), edges_="t > end"))
    expect(found, "t", "event_parameters.a", "must be a constant")
    assert len([finding for finding in found if finding.level == "error"]) == 1
