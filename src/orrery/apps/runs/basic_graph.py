"""Chat, agent and completion apps as graphs: start → llm or agent → answer, so that they run like every other app.

A simple prompt's ``{{name}}`` becomes a reference to the start node; the conversation's history and the query follow
as the contract orders them (workflow.md 1.7, turn order and prompts).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from orrery.apps.catalog.errors import AppUnavailable
from orrery.workflow.nodes.agent_app import agent_node_data

JsonObject = Mapping[str, object]

_PLACEHOLDER = re.compile(r"\{\{([^{}\n]{1,102})\}\}")
FORM = "form"
"""The namespace of a basic app's form values: ``[form, v<place>]``, since form names are freer than references."""

_SPECIAL: Mapping[str, str] = {"#query#": "{{#sys.query#}}", "#context#": "", "#histories#": ""}
START, MODEL, AGENT, ANSWER = "start", "llm", "agent", "answer"
_MEMORY: JsonObject = {"window": {"enabled": False, "size": 50}}


def basic_graph(configs: JsonObject, form: Sequence[JsonObject], mode: str, *, asked: bool = False) -> JsonObject:
    """The graph of a chat or completion configuration. Raises `AppUnavailable` when it names no model.

    ``asked``: the caller of a completion app gives a query besides the form, which the prompt then precedes.
    """
    model = configs.get("model")
    if not isinstance(model, dict) or not cast("JsonObject", model).get("name"):
        raise AppUnavailable("The app has no model. Choose one on its Build page and save.")
    if mode == "agent-chat":
        name, works = AGENT, _agent(configs, aliases(form))
    else:
        name, works = MODEL, _llm(configs, form, cast("JsonObject", model), mode, asked=asked)
    data: dict[str, JsonObject] = {
        START: {"type": "start", "title": "Start", "variables": []},
        name: works,
        ANSWER: {"type": "answer", "title": "Answer", "answer": "{{#" + name + ".text#}}"},
    }
    nodes: list[JsonObject] = [{"id": node_id, "type": "custom", "data": of_node} for node_id, of_node in data.items()]
    edges = [
        {"id": f"{source}-{target}", "source": source, "sourceHandle": "source", "target": target}
        for source, target in ((START, name), (name, ANSWER))
    ]
    return {"nodes": nodes, "edges": edges}


def _llm(
    configs: JsonObject, form: Sequence[JsonObject], model: JsonObject, mode: str, *, asked: bool
) -> dict[str, object]:
    llm: dict[str, object] = {
        "type": "llm",
        "title": "Model",
        "model": _model(model),
        "prompt_template": _prompt(configs, aliases(form), model, mode, asked=asked),
        "vision": _vision(configs),
        "context": {"enabled": False, "variable_selector": []},
    }
    if mode == "chat":
        llm["memory"] = {**_MEMORY, "query_prompt_template": "{{#sys.query#}}"}
    return llm


def _agent(configs: JsonObject, names: Mapping[str, str]) -> dict[str, object]:
    """An agent's instruction is its simple prompt; prompts of its own are in ``agent_mode`` (workflow.md 1.7)."""
    instruction = referring(str(configs.get("pre_prompt") or ""), names)
    return agent_node_data(configs, instruction=instruction, vision=_vision(configs), memory=_MEMORY)


def _model(model: JsonObject) -> JsonObject:
    return {
        "provider": model.get("provider"),
        "name": model.get("name"),
        "mode": model.get("mode") or "chat",
        "completion_params": model.get("completion_params") or {},
    }


def _prompt(configs: JsonObject, names: Mapping[str, str], model: JsonObject, mode: str, *, asked: bool) -> object:
    if configs.get("prompt_type") == "advanced":
        return _advanced_prompt(configs, names, model)
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


def _advanced_prompt(configs: JsonObject, names: Mapping[str, str], model: JsonObject) -> object:
    if model.get("mode") == "completion":
        prompt = _object(_object(configs.get("completion_prompt_config")).get("prompt"))
        return {"text": referring(str(prompt.get("text") or ""), names)}
    found = _object(configs.get("chat_prompt_config")).get("prompt")
    messages = [_object(item) for item in cast("list[object]", found)] if isinstance(found, list) else []
    return [{"role": m.get("role", "user"), "text": referring(str(m.get("text") or ""), names)} for m in messages if m]


def _vision(configs: JsonObject) -> JsonObject:
    upload = _object(configs.get("file_upload"))
    image = _object(upload.get("image"))
    enabled = bool(upload.get("enabled") or image.get("enabled"))
    detail = image.get("detail") or "high"
    return {"enabled": enabled, "configs": {"variable_selector": ["sys", "files"], "detail": detail}}


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def aliases(form: Sequence[JsonObject]) -> dict[str, str]:
    """Each form variable's name and the name of its value in the `FORM` namespace."""
    return {str(field.get("variable")): f"v{place}" for place, field in enumerate(form)}


def referring(text: str, names: Mapping[str, str]) -> str:
    """A prompt's ``{{name}}`` as a reference; special placeholders as what they stand for; other text as it is."""

    def reference(match: re.Match[str]) -> str:
        name = match[1]
        if name in names:
            return "{{#" + f"{FORM}.{names[name]}" + "#}}"
        return _SPECIAL.get(name, match[0])

    return _PLACEHOLDER.sub(reference, text)
