"""Chat, agent and completion apps as graphs: start → knowledge → llm or agent → answer, so that they run like every
other app.

A simple prompt's ``{{name}}`` becomes a reference to the start node; the conversation's history and the query follow
as the contract orders them (workflow.md 1.7, turn order and prompts).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import cast

from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.runs.basic_knowledge import knowledge_node
from orrery.workflow.nodes.agent_app import agent_node_data

JsonObject = Mapping[str, object]

_PLACEHOLDER = re.compile(r"\{\{([^{}\n]{1,102})\}\}")
FORM = "form"
"""The namespace of a basic app's form values: ``[form, v<place>]``, since form names are freer than references."""

_SPECIAL: Mapping[str, str] = {"#query#": "{{#sys.query#}}", "#histories#": ""}
_CONTEXT = "{{#context#}}"
_FRAME = (
    "Answer from the passages between the tags where they help; say so where they don't hold the answer.\n"
    "<context>\n{context}\n</context>\n\n"
)
"""What stands around found passages in a simple prompt; without any the prompt is as if there were no knowledge."""

START, KNOWLEDGE, MODEL, AGENT, ANSWER = "start", "knowledge", "llm", "agent", "answer"
_MEMORY: JsonObject = {"window": {"enabled": False, "size": 50}}


def basic_graph(
    configs: JsonObject, form: Sequence[JsonObject], mode: str, *, asked: bool = False, searching: bool = True
) -> JsonObject:
    """The graph of a chat or completion configuration. Raises `AppUnavailable` when it names no model.

    ``asked``: the caller of a completion app gives a query besides the form, which the prompt then precedes.
    ``searching`` False leaves the app's knowledge out.
    """
    model = configs.get("model")
    if not isinstance(model, dict) or not cast("JsonObject", model).get("name"):
        raise AppUnavailable("The app has no model. Choose one on its Build page and save.")
    knowledge = _knowledge(configs, aliases(form), mode) if searching else None
    if mode == "agent-chat":
        name, works = AGENT, _agent(configs, aliases(form), is_informed=knowledge is not None)
    else:
        context = "" if knowledge is None else _CONTEXT
        name, works = MODEL, _llm(configs, form, cast("JsonObject", model), mode, asked=asked, context=context)
        if knowledge is not None:
            works |= _informed(configs, works)
    data: dict[str, JsonObject] = {
        START: {"type": "start", "title": "Start", "variables": []},
        **({} if knowledge is None else {KNOWLEDGE: knowledge}),
        name: works,
        ANSWER: {"type": "answer", "title": "Answer", "answer": "{{#" + name + ".text#}}"},
    }
    nodes: list[JsonObject] = [{"id": node_id, "type": "custom", "data": of_node} for node_id, of_node in data.items()]
    edges = [
        {"id": f"{source}-{target}", "source": source, "sourceHandle": "source", "target": target}
        for source, target in pairwise(data)
    ]
    return {"nodes": nodes, "edges": edges}


def _llm(
    configs: JsonObject, form: Sequence[JsonObject], model: JsonObject, mode: str, *, asked: bool, context: str
) -> dict[str, object]:
    llm: dict[str, object] = {
        "type": "llm",
        "title": "Model",
        "model": _model(model),
        "prompt_template": _prompt(configs, aliases(form), model, mode, asked=asked, context=context),
        "vision": _vision(configs),
        "context": {"enabled": False, "variable_selector": []},
    }
    if mode == "chat":
        llm["memory"] = {**_MEMORY, "query_prompt_template": "{{#sys.query#}}"}
    return llm


def _knowledge(configs: JsonObject, names: Mapping[str, str], mode: str) -> dict[str, object] | None:
    """What is searched for: the user's words, or in completion apps the form's field that the app names."""
    query = ["sys", "query"]
    if mode == "completion":
        query = [FORM, names.get(str(configs.get("dataset_query_variable")), "")]
    node = knowledge_node(configs, query)
    if node is not None:
        filters = _object(node["metadata_filtering_conditions"])
        node["metadata_filtering_conditions"] = {
            **filters,
            "conditions": [_condition(_object(item), names) for item in _list(filters.get("conditions"))],
        }
    return node


def _condition(stored: JsonObject, names: Mapping[str, str]) -> JsonObject:
    value = stored.get("value")
    return {**stored, "value": referring(value, names)} if isinstance(value, str) else stored


def _informed(configs: JsonObject, llm: JsonObject) -> dict[str, object]:
    """What knowledge changes of the model's node: an advanced prompt says itself where the passages go."""
    is_advanced = configs.get("prompt_type") == "advanced"
    changed: dict[str, object] = {
        "context": {
            "enabled": True,
            "variable_selector": [KNOWLEDGE, "result"],
            "frame": None if is_advanced else _FRAME,
            "cited": _is_cited(configs),
        }
    }
    prompt = llm["prompt_template"]
    if is_advanced:
        return changed
    if isinstance(prompt, list):
        messages = [_object(message) for message in cast("list[object]", prompt)]
        if messages and messages[0].get("role") == "system":
            messages[0] = {"role": "system", "text": f"{_CONTEXT}{messages[0].get('text')}"}
        else:
            messages.insert(0, {"role": "system", "text": _CONTEXT})
        return {**changed, "prompt_template": messages}
    return {**changed, "prompt_template": {"text": f"{_CONTEXT}{_object(prompt).get('text')}"}}


def _is_cited(configs: JsonObject) -> bool:
    return _object(configs.get("retriever_resource")).get("enabled") is not False


def _agent(configs: JsonObject, names: Mapping[str, str], *, is_informed: bool) -> dict[str, object]:
    """An agent's instruction is its simple prompt; prompts of its own are in ``agent_mode`` (workflow.md 1.7)."""
    instruction = referring(str(configs.get("pre_prompt") or ""), names)
    if not is_informed:
        return agent_node_data(configs, instruction=instruction, vision=_vision(configs), memory=_MEMORY)
    data = agent_node_data(configs, instruction=_CONTEXT + instruction, vision=_vision(configs), memory=_MEMORY)
    passages = {"type": "variable", "value": [KNOWLEDGE, "result"]}
    data["agent_parameters"] = {**_object(data["agent_parameters"]), "context": passages}
    data["app_agent"] = {**_object(data["app_agent"]), "frame": _FRAME, "cited": _is_cited(configs)}
    return data


def _model(model: JsonObject) -> JsonObject:
    return {
        "provider": model.get("provider"),
        "name": model.get("name"),
        "mode": model.get("mode") or "chat",
        "completion_params": model.get("completion_params") or {},
    }


def _prompt(
    configs: JsonObject, names: Mapping[str, str], model: JsonObject, mode: str, *, asked: bool, context: str
) -> object:
    if configs.get("prompt_type") == "advanced":
        return _advanced_prompt(configs, names, model, context)
    text = referring(str(configs.get("pre_prompt") or ""), names)
    if model.get("mode") == "completion":
        query = "\n\n{{#sys.query#}}" if mode == "chat" or asked else ""
        return {"text": text + query}
    before = [{"role": "system", "text": text}] if text else []
    if mode == "chat":
        return before
    if asked or not text:
        return [*before, {"role": "user", "text": "{{#sys.query#}}"}]
    return [{"role": "user", "text": text}]


def _advanced_prompt(configs: JsonObject, names: Mapping[str, str], model: JsonObject, context: str) -> object:
    if model.get("mode") == "completion":
        prompt = _object(_object(configs.get("completion_prompt_config")).get("prompt"))
        return {"text": referring(str(prompt.get("text") or ""), names, context)}
    found = _object(configs.get("chat_prompt_config")).get("prompt")
    messages = [_object(item) for item in cast("list[object]", found)] if isinstance(found, list) else []
    return [
        {"role": m.get("role", "user"), "text": referring(str(m.get("text") or ""), names, context)}
        for m in messages
        if m
    ]


def _vision(configs: JsonObject) -> JsonObject:
    upload = _object(configs.get("file_upload"))
    image = _object(upload.get("image"))
    enabled = bool(upload.get("enabled") or image.get("enabled"))
    detail = image.get("detail") or "high"
    return {"enabled": enabled, "configs": {"variable_selector": ["sys", "files"], "detail": detail}}


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def aliases(form: Sequence[JsonObject]) -> dict[str, str]:
    """Each form variable's name and the name of its value in the `FORM` namespace."""
    return {str(field.get("variable")): f"v{place}" for place, field in enumerate(form)}


def referring(text: str, names: Mapping[str, str], context: str = "") -> str:
    """A prompt's ``{{name}}`` as a reference; special placeholders as what they stand for; other text as it is.

    ``context`` stands for found passages.
    """

    def reference(match: re.Match[str]) -> str:
        name = match[1]
        if name in names:
            return "{{#" + f"{FORM}.{names[name]}" + "#}}"
        return context if name == "#context#" else _SPECIAL.get(name, match[0])

    return _PLACEHOLDER.sub(reference, text)
