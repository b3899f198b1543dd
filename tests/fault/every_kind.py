"""One graph with a node of every kind that runs by itself, thirty in all; ids are the names of steps at a `Gate`.

Left out: what waits for a person or begins runs from outside (human input, triggers), and what needs an index of
documents (knowledge retrieval).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import cast

from tests.support import dsl
from tests.support.dsl import JsonObject

MODELS = {
    "text:hello": "llm",
    "text:again": "llm-retried",
    'text:{"who": "Ann"}': "extractor",
    'text:{"category_id": "2", "category_name": "rest"}': "classifier",
    "tool": "agent",
}
"""Which step asks which model."""

ONCE = frozenset({"post", "iteration-post", "api-tool", "llm", "extractor", "classifier", "agent"})
"""Steps that are not to be done again: their effect outside may have taken place."""

SLOW = frozenset({"template", "code"})
"""Steps that take their time when ``start.slow`` names them."""

INSIDE = {"iteration": "iteration-get", "iteration-post": "iteration-post-inner", "loop": "loop-get"}
"""The request that is made within a container."""

RETRIED: JsonObject = {"retry_enabled": True, "max_retries": 1, "retry_interval": 100}
API = "gate"


def main_steps() -> list[str]:
    """The steps of the main line, in their order, without the last."""
    return ["start", "template", "code", "way", "list", "join", "get", "post", "post-retried", "document", "iteration", "iteration-post",
            "loop", "time-tool", "llm-retried", "api-tool", "llm", "extractor", "classifier", "agent"]  # fmt: skip


def workflow(url: str, api: str) -> JsonObject:
    """The main line up to an end. ``url`` is the gate's, ``api`` the id of its description as a tool."""
    shown = {"said": ["llm", "text"], "again": ["llm-retried", "text"], "who": ["extractor", "who"],
             "listed": ["list", "result"], "joined": ["join", "output"], "read": ["document", "text"],
             "each": ["iteration", "output"], "sent": ["iteration-post", "output"], "rounds": ["loop", "n"],
             "got": ["get", "body"], "posted": ["post", "body"], "tool": ["api-tool", "text"],
             "agent": ["agent", "text"]}  # fmt: skip
    return dsl.workflow("every kind", _drawn(url, api, [dsl.end(**shown)]))


def chatflow(url: str, api: str) -> JsonObject:
    """The same line up to an assignment to the conversation and an answer."""
    kept = _assigner("assigner", ["conversation", "kept"], "over-write", "variable", ["llm", "text"])
    said = dsl.answer("{{#llm.text#}} {{#extractor.who#}} {{#join.output#}} {{#conversation.kept#}}")
    return dsl.chatflow("every kind of talk", _drawn(url, api, [kept, said]), [dsl.variable("kept", "nothing")])


def description(url: str) -> JsonObject:
    """The gate as an API: one operation with an effect, one that an agent may call."""
    paths = {f"/step/{name}": {"post": {"operationId": name, "summary": name}} for name in ("api-tool", "agent-tool")}
    return {"openapi": "3.0.0", "info": {"title": API, "description": API, "version": "1"}, "servers": [{"url": url}],
            "paths": paths}  # fmt: skip


def form(url: str) -> JsonObject:
    """What the console sends to add the gate as a tool."""
    return {"provider": API, "schema": json.dumps(description(url)), "schema_type": "openapi",
            "credentials": {"auth_type": "none"}, "icon": {"content": "G", "background": "#fff"}}  # fmt: skip


def _drawn(url: str, api: str, last: Sequence[JsonObject]) -> JsonObject:
    nodes = [*_plain(), *_outside(url, api), *_models(api)]
    ids = [*main_steps(), *(str(node["id"]) for node in last)]
    handles = {"way": "true", "classifier": "2"}
    edges = [dsl.edge(a, b, handles.get(a, "source")) for a, b in itertools.pairwise(ids)]
    edges += [dsl.edge("way", "other", "false"), dsl.edge("other", "join"), dsl.edge("classifier", "praise", "1")]
    edges += [dsl.edge("praise", ids[-1])]
    inner, inside = _containers(url)
    return dsl.graph([*nodes, *inner, *last], [*edges, *inside])


def _plain() -> list[JsonObject]:
    fields: list[JsonObject] = [
        {"label": name, "max_length": 256, "options": [], "required": True, "type": "text-input", "variable": name}
        for name in ("q", "slow")
    ]
    fields.append({"label": "f", "variable": "f", "type": "file", "required": True, "options": [],
                   "allowed_file_types": ["document"], "allowed_file_upload_methods": ["local_file"]})  # fmt: skip
    script = "import time\ndef main(q, slow):\n    time.sleep(5 if slow == 'code' else 0)\n    return {'result': [q, 'b', 'c']}\n"
    code = dsl.node(
        "code", "code", code_language="python3", code=script,
        variables=[_named("q", "start", "q"), _named("slow", "start", "slow")],
        outputs={"result": {"type": "array[string]", "children": None}},
    )  # fmt: skip
    long = "{% if slow == 'template' %}{% for i in range(3000) %}{% for j in range(3000) %}{% endfor %}{% endfor %}{% endif %}"
    sorting: JsonObject = {"enabled": True, "order_by": {"enabled": True, "key": "", "value": "desc"}}
    off: JsonObject = {"enabled": False}
    yes: JsonObject = {"id": "true", "case_id": "true", "logical_operator": "and", "conditions": [
        {"id": "1", "variable_selector": ["start", "q"], "comparison_operator": "not empty", "value": ""}]}  # fmt: skip
    return [
        dsl.node("start", "start", variables=fields),
        _template("template", long + "<{{ q }}>", "start", "q"),
        code,
        dsl.node("way", "if-else", cases=[yes]),
        dsl.node("list", "list-operator", variable=["code", "result"], var_type="array[string]",
                 item_var_type="string", filter_by={"enabled": False, "conditions": []},
                 order_by=sorting["order_by"], limit={**off, "size": 10}, extract_by={**off, "serial": "1"}),
        _template("other", "not this way", "start", "q"),
        dsl.node("join", "variable-aggregator", output_type="string",
                 variables=[["other", "output"], ["template", "output"]]),
        dsl.node("document", "document-extractor", variable_selector=["start", "f"], is_array_file=False),
    ]  # fmt: skip


def _outside(url: str, api: str) -> list[JsonObject]:
    again = dsl.http("post-retried", f"{url}/step/post-retried", method="post")
    again["data"] = {**_data(again), "retry_config": RETRIED}
    return [
        again,
        dsl.http("get", f"{url}/step/get"),
        dsl.http("post", f"{url}/step/post", method="post"),
        dsl.node("time-tool", "tool", provider_id="time", provider_type="builtin", provider_name="time",
                 tool_name="current_time", tool_label="time", tool_parameters={}, tool_configurations={}),
        dsl.node("api-tool", "tool", provider_id=api, provider_type="api", provider_name=API, tool_name="api-tool",
                 tool_label="api-tool", tool_parameters={}, tool_configurations={}),
    ]  # fmt: skip


def _models(api: str) -> list[JsonObject]:
    names = {step: model for model, step in MODELS.items()}
    again = dsl.llm(names["llm-retried"], "{{#start.q#}}", "llm-retried")
    again["data"] = {**_data(again), "retry_config": RETRIED}
    chosen: JsonObject = {"provider": dsl.PROVIDER, "mode": "chat", "completion_params": {}}
    parameter: JsonObject = {"name": "who", "type": "string", "description": "who", "required": True}
    classes: list[JsonObject] = [{"id": "1", "name": "praise"}, {"id": "2", "name": "rest"}]
    tool: JsonObject = {"enabled": True, "type": "api", "provider_name": api, "tool_name": "agent-tool",
                        "tool_label": "agent-tool", "settings": {}, "parameters": {}, "extra": {"description": "x"}}  # fmt: skip
    given: JsonObject = {
        "model": {"type": "constant", "value": {**chosen, "model": "tool", "model_type": "llm", "type": "model-selector"}},
        "tools": {"type": "constant", "value": [tool]},
        "instruction": {"type": "mixed", "value": "Use the tool."},
        "query": {"type": "mixed", "value": "{{#start.q#}}"},
        "maximum_iterations": {"type": "constant", "value": 3},
    }  # fmt: skip
    return [
        dsl.llm(names["llm"], "{{#start.q#}}"),
        again,
        dsl.node("extractor", "parameter-extractor", model={**chosen, "name": names["extractor"]},
                 query=["start", "q"], parameters=[parameter], reasoning_mode="prompt", instruction="",
                 vision={"enabled": False}),
        dsl.node("classifier", "question-classifier", model={**chosen, "name": names["classifier"]},
                 query_variable_selector=["start", "q"], classes=classes, instruction="", vision={"enabled": False}),
        _template("praise", "not chosen", "start", "q"),
        dsl.node("agent", "agent", agent_strategy_provider_name="langgenius/agent/agent",
                 agent_strategy_name="function_calling", agent_strategy_label="Agent", agent_parameters=given),
    ]  # fmt: skip


def _containers(url: str) -> tuple[list[JsonObject], list[JsonObject]]:
    """An iteration that reads, one that writes, and a loop; with their insides."""
    nodes: list[JsonObject] = []
    for name, method, inner in (
        ("iteration", "get", "iteration-get"),
        ("iteration-post", "post", "iteration-post-inner"),
    ):
        nodes.append(dsl.node(
            name, "iteration", iterator_selector=["list", "result"], output_selector=[inner, "body"],
            start_node_id=f"{name}start", iterator_input_type="array[string]", output_type="array[string]",
            is_parallel=False, parallel_nums=2, error_handle_mode="terminated",
        ))  # fmt: skip
        nodes.append(_within(name, dsl.node(f"{name}start", "iteration-start"), "iteration"))
        nodes.append(_within(name, dsl.http(inner, f"{url}/step/{inner}", method=method), "iteration"))
    count: JsonObject = {"id": "n", "label": "n", "var_type": "number", "value_type": "constant", "value": "0"}
    nodes.append(dsl.node("loop", "loop", loop_count=2, loop_variables=[count], break_conditions=[],
                          logical_operator="and", start_node_id="loopstart", error_handle_mode="terminated"))  # fmt: skip
    nodes.append(_within("loop", dsl.node("loopstart", "loop-start"), "loop"))
    nodes.append(_within("loop", dsl.http("loop-get", f"{url}/step/loop-get"), "loop"))
    nodes.append(_within("loop", _assigner("add", ["loop", "n"], "+=", "constant", 1), "loop"))
    pairs = [("iterationstart", "iteration-get"), ("iteration-poststart", "iteration-post-inner"),
             ("loopstart", "loop-get"), ("loop-get", "add")]  # fmt: skip
    return nodes, [dsl.edge(a, b) for a, b in pairs]


def _within(container: str, node: JsonObject, kind: str) -> JsonObject:
    data = {**_data(node), f"isIn{kind.capitalize()}": True, f"{kind}_id": container}
    return {**node, "parentId": container, "data": data}


def _assigner(node_id: str, target: list[str], operation: str, given: str, value: object) -> JsonObject:
    item: JsonObject = {"variable_selector": target, "operation": operation, "input_type": given, "value": value}
    return dsl.node(node_id, "assigner", version="2", items=[item])


def _template(node_id: str, text: str, *selector: str) -> JsonObject:
    variables = [_named("q", *selector), _named("slow", "start", "slow")]
    return dsl.node(node_id, "template-transform", template=text, variables=variables)


def _named(name: str, *selector: str) -> JsonObject:
    return {"variable": name, "value_selector": list(selector)}


def _data(node: JsonObject) -> JsonObject:
    return cast("JsonObject", node["data"])
