"""A chat or completion configuration as a graph that can be edited (workflow.md 7.1): what it ran as, with real nodes.

start → knowledge → llm → answer or end. Variables whose names no reference can hold get names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

import msgspec

from orrery.apps.runs.basic_graph import ANSWER, FORM, KNOWLEDGE, MODEL, START, basic_graph
from orrery.apps.runs.basic_knowledge import knowledge_node
from orrery.apps.runs.versions import basic_form
from orrery.errors import InvalidParam

JsonObject = Mapping[str, object]
END = "end"
_REFERABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,29}")
_COLUMN, _ROW = 304, 282
_CONTEXT = "Answer from this context where it helps:\n{{#context#}}"
_CHAT_FEATURES = (
    "opening_statement", "suggested_questions", "suggested_questions_after_answer", "speech_to_text",
    "text_to_speech", "retriever_resource", "sensitive_word_avoidance", "file_upload",
)  # fmt: skip
_TEXT_FEATURES = ("text_to_speech", "sensitive_word_avoidance", "file_upload")


def converted(configs: JsonObject, mode: str) -> tuple[dict[str, object], dict[str, object]]:
    """Graph and features. Raises `AppUnavailable` without a model, `InvalidParam` for what no graph can do."""
    if any(_object(tool).get("enabled") for tool in _list(configs.get("external_data_tools"))):
        raise InvalidParam(
            "external_data_tools: apps with external data tools can't be converted. Switch them off first."
        )
    form = basic_form(configs)
    names = _names(form)
    built = _renamed(basic_graph(configs, form, mode, searching=False), names)
    data = {str(node["id"]): dict(_object(node.get("data"))) for node in map(_object, _list(built["nodes"]))}
    data[START]["variables"] = [{**field, "variable": names[str(field.get("variable"))]} for field in form]
    order = [START, MODEL, ANSWER]
    knowledge = _knowledge(configs, mode, names)
    if knowledge is not None:
        order.insert(1, KNOWLEDGE)
        data[KNOWLEDGE] = knowledge
        _give_context(data[MODEL])
    if mode == "completion":
        order[-1] = END
        outputs = [{"variable": "result", "value_selector": [MODEL, "text"], "value_type": "string"}]
        data[END] = {"type": "end", "title": "End", "outputs": outputs}
    wanted = _TEXT_FEATURES if mode == "completion" else _CHAT_FEATURES
    return _drawn(order, data), {name: configs[name] for name in wanted if configs.get(name) is not None}


def _names(form: Sequence[JsonObject]) -> dict[str, str]:
    """Each variable's name in the graph."""
    names: dict[str, str] = {}
    for place, field in enumerate(form):
        name = str(field.get("variable"))
        names[name] = name if _REFERABLE.fullmatch(name) else f"v{place}"
    return names


def _renamed(graph: JsonObject, names: Mapping[str, str]) -> dict[str, object]:
    text = msgspec.json.encode(graph).decode()
    for place, name in enumerate(names.values()):
        text = text.replace("{{#" + f"{FORM}.v{place}" + "#}}", "{{#" + f"{START}.{name}" + "#}}")
    return msgspec.json.decode(text, type=dict[str, object])


def _knowledge(configs: JsonObject, mode: str, names: Mapping[str, str]) -> dict[str, object] | None:
    query = ["sys", "query"]
    if mode == "completion":
        query = [START, names.get(str(configs.get("dataset_query_variable")), "")]
    return knowledge_node(configs, query)


def _give_context(llm: dict[str, object]) -> None:
    llm["context"] = {"enabled": True, "variable_selector": [KNOWLEDGE, "result"]}
    prompt = llm["prompt_template"]
    if isinstance(prompt, list):
        messages = [dict(_object(message)) for message in cast("list[object]", prompt)]
        if messages and messages[0].get("role") == "system":
            messages[0]["text"] = f"{_CONTEXT}\n\n{messages[0].get('text')}"
        else:
            messages.insert(0, {"role": "system", "text": _CONTEXT})
        llm["prompt_template"] = messages
    else:
        llm["prompt_template"] = {"text": f"{_CONTEXT}\n\n{_object(prompt).get('text')}"}


def _drawn(order: Sequence[str], data: Mapping[str, JsonObject]) -> dict[str, object]:
    nodes = [
        {"id": node_id, "type": "custom", "position": {"x": 80 + _COLUMN * place, "y": _ROW}, "data": data[node_id]}
        for place, node_id in enumerate(order)
    ]
    edges = [
        {
            "id": f"{source}-{target}", "type": "custom", "source": source, "sourceHandle": "source", "target": target,
            "targetHandle": "target",
            "data": {"sourceType": data[source]["type"], "targetType": data[target]["type"]},
        }
        for source, target in pairwise(order)
    ]  # fmt: skip
    return {"nodes": nodes, "edges": edges, "viewport": {"x": 0, "y": 0, "zoom": 1}}


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
