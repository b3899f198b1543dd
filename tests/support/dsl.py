"""Apps as their files say them: graphs out of few words, and whole documents to import."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence

JsonObject = dict[str, object]

PROVIDER = "langgenius/openai/openai"


def node(node_id: str, kind: str, **data: object) -> JsonObject:
    """One node as the canvas stores it; its title is its id."""
    return {
        "id": node_id,
        "type": "custom",
        "position": {"x": 80, "y": 282},
        "data": {"type": kind, "title": node_id, "desc": "", "selected": False, **data},
    }


def edge(source: str, target: str, handle: str = "source") -> JsonObject:
    return {
        "id": f"{source}-{handle}-{target}",
        "type": "custom",
        "source": source,
        "sourceHandle": handle,
        "target": target,
        "targetHandle": "target",
        "data": {"isInIteration": False, "isInLoop": False},
    }


def chain(*nodes: JsonObject) -> JsonObject:
    """The nodes one after the other."""
    ids = [str(item["id"]) for item in nodes]
    return graph(nodes, [edge(a, b) for a, b in itertools.pairwise(ids)])


def graph(nodes: Sequence[JsonObject], edges: Sequence[JsonObject]) -> JsonObject:
    return {"nodes": list(nodes), "edges": list(edges), "viewport": {"x": 0, "y": 0, "zoom": 1}}


def start(*names: str, kind: str = "text-input") -> JsonObject:
    """A start node with required text fields."""
    fields: list[JsonObject] = [
        {"label": name, "max_length": 256, "options": [], "required": True, "type": kind, "variable": name}
        for name in names
    ]
    return node("start", "start", variables=fields)


def end(**outputs: Sequence[str]) -> JsonObject:
    """An end node; each output is the selector of its value."""
    items = [{"variable": name, "value_selector": list(at), "value_type": "string"} for name, at in outputs.items()]
    return node("end", "end", outputs=items)


def answer(text: str) -> JsonObject:
    return node("answer", "answer", answer=text, variables=[])


def llm(name: str, prompt: str = "{{#sys.query#}}", node_id: str = "llm") -> JsonObject:
    """Asks the model server's model of this name."""
    return node(
        node_id,
        "llm",
        model={"provider": PROVIDER, "name": name, "mode": "chat", "completion_params": {}},
        prompt_template=[{"role": "user", "text": prompt}],
        vision={"enabled": False},
        context={"enabled": False, "variable_selector": []},
    )


def http(node_id: str, url: str, *, method: str = "get") -> JsonObject:
    return node(
        node_id,
        "http-request",
        method=method,
        url=url,
        authorization={"type": "no-auth", "config": None},
        headers="",
        params="",
        body={"type": "none", "data": []},
        timeout={"connect": 10, "read": 60, "write": 10},
        retry_config={"retry_enabled": False, "max_retries": 1, "retry_interval": 100},
        variables=[],
        ssl_verify=True,
    )


def code(node_id: str, script: str, **variables: Sequence[str]) -> JsonObject:
    """A Python snippet with the output ``result`` of type string."""
    return node(
        node_id,
        "code",
        code_language="python3",
        code=script,
        variables=[{"variable": name, "value_selector": list(at)} for name, at in variables.items()],
        outputs={"result": {"type": "string", "children": None}},
    )


def workflow(name: str, drawn: JsonObject) -> JsonObject:
    return _document(name, "workflow", {"workflow": _workflow(drawn)})


def chatflow(name: str, drawn: JsonObject, variables: Sequence[JsonObject] = ()) -> JsonObject:
    """``variables`` are conversation variables."""
    content = {**_workflow(drawn), "conversation_variables": list(variables)}
    return _document(name, "advanced-chat", {"workflow": content})


def variable(name: str, value: object, kind: str = "string") -> JsonObject:
    """A variable of conversations or of the environment."""
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "name": name,
        "value": value,
        "value_type": kind,
        "description": "",
        "selector": ["conversation", name],
    }


def basic(name: str, mode: str, model: str, **more: object) -> JsonObject:
    """A chat or completion app that asks the model server's model of this name."""
    config: JsonObject = {
        "model": {"provider": PROVIDER, "name": model, "mode": "chat", "completion_params": {}},
        "pre_prompt": "",
        "prompt_type": "simple",
        "user_input_form": [],
        **more,
    }
    return _document(name, mode, {"model_config": config})


def _document(name: str, mode: str, content: Mapping[str, object]) -> JsonObject:
    app = {"name": name, "mode": mode, "icon": "🤖", "icon_background": "#FFEAD5", "description": ""}
    return {"version": "0.5.0", "kind": "app", "app": app, "dependencies": [], **content}


def _workflow(drawn: JsonObject) -> JsonObject:
    features: JsonObject = {
        "file_upload": {"enabled": False},
        "opening_statement": "",
        "retriever_resource": {"enabled": False},
        "sensitive_word_avoidance": {"enabled": False},
        "speech_to_text": {"enabled": False},
        "suggested_questions": [],
        "suggested_questions_after_answer": {"enabled": False},
        "text_to_speech": {"enabled": False, "language": "", "voice": ""},
    }
    return {"conversation_variables": [], "environment_variables": [], "features": features, "graph": drawn}
