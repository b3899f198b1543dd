"""Graphs of these tests, and what their streams say."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx

MODEL = {"provider": "p", "name": "m", "mode": "chat", "completion_params": {}}


def _node(node_id: str, kind: str, **data: Any) -> dict[str, Any]:
    return {"id": node_id, "type": "custom", "data": {"type": kind, "title": node_id.title(), **data}}


def _chain(*nodes: dict[str, Any]) -> dict[str, Any]:
    ids = [node["id"] for node in nodes]
    edges = [{"id": f"{a}-{b}", "source": a, "sourceHandle": "source", "target": b} for a, b in itertools.pairwise(ids)]
    return {"nodes": list(nodes), "edges": edges}


def start(*variables: str) -> dict[str, Any]:
    fields = [
        {"variable": name, "label": name, "type": "text-input", "required": False, "max_length": 48}
        for name in variables
    ]
    return _node("start", "start", variables=fields)


def template(node_id: str, text: str, **variables: list[str]) -> dict[str, Any]:
    items = [{"variable": name, "value_selector": selector} for name, selector in variables.items()]
    return _node(node_id, "template-transform", template=text, variables=items)


def llm(node_id: str = "llm", prompt: str = "{{#sys.query#}}") -> dict[str, Any]:
    return _node(
        node_id,
        "llm",
        model=MODEL,
        prompt_template=[{"role": "user", "text": prompt}],
        vision={"enabled": False},
        context={"enabled": False, "variable_selector": []},
    )


def workflow(text: str = "Hello {{ name }}") -> dict[str, Any]:
    """Greets ``name``; the greeting is the output ``text``."""
    end = _node("end", "end", outputs=[{"variable": "text", "value_selector": ["greet", "output"]}])
    return _chain(start("name"), template("greet", text, name=["start", "name"]), end)


def repeating_workflow() -> dict[str, Any]:
    """Greets each of ``names``, one after the other."""
    each = _node(
        "each",
        "iteration",
        iterator_selector=["start", "names"],
        output_selector=["greet", "output"],
        start_node_id="first",
        is_parallel=False,
        error_handle_mode="terminated",
    )
    end = _node("end", "end", outputs=[{"variable": "texts", "value_selector": ["each", "output"]}])
    first = {**_node("first", "iteration-start"), "parentId": "each"}
    greet = {**template("greet", "Hello {{ name }}", name=["each", "item"]), "parentId": "each"}
    graph = _chain(start("names"), each, end)
    inner = {"id": "first-greet", "source": "first", "sourceHandle": "source", "target": "greet"}
    return {"nodes": [*graph["nodes"], first, greet], "edges": [*graph["edges"], inner]}


def asking_workflow() -> dict[str, Any]:
    """Asks the model about ``name``."""
    end = _node("end", "end", outputs=[{"variable": "text", "value_selector": ["llm", "text"]}])
    return _chain(start("name"), llm(prompt="{{#start.name#}}"), end)


def chatflow() -> dict[str, Any]:
    """Passes the model's words on."""
    return _chain(start(), llm(), _node("answer", "answer", answer="{{#llm.text#}}"))


def remembering_chatflow() -> dict[str, Any]:
    """Keeps the query in the conversation variable ``last`` and counts turns in ``turns``."""
    keep = _node(
        "keep",
        "assigner",
        version="2",
        items=[
            {
                "variable_selector": ["conversation", "last"],
                "operation": "over-write",
                "input_type": "variable",
                "value": ["sys", "query"],
            },
            {"variable_selector": ["conversation", "turns"], "operation": "+=", "input_type": "constant", "value": 1},
        ],
    )
    return _chain(start(), keep, _node("answer", "answer", answer="{{#conversation.turns#}}"))


def looping_workflow() -> dict[str, Any]:
    """Adds ``name`` to the loop variable ``text``, three times."""
    label = {"label": "text", "var_type": "string", "value_type": "constant", "value": ""}
    loop = _node("again", "loop", loop_count=3, break_conditions=[], loop_variables=[label], start_node_id="first")
    first = {**_node("first", "loop-start"), "parentId": "again"}
    more = {
        **template("more", "{{ so_far }}{{ name }}", so_far=["again", "text"], name=["start", "name"]),
        "parentId": "again",
    }
    change = {"variable_selector": ["again", "text"], "operation": "over-write", "input_type": "variable"}
    put = {
        **_node("put", "assigner", version="2", items=[{**change, "value": ["more", "output"]}]),
        "parentId": "again",
    }
    end = _node("end", "end", outputs=[{"variable": "text", "value_selector": ["again", "text"]}])
    graph = _chain(start("name"), loop, end)
    inner = _chain(first, more, put)
    return {"nodes": [*graph["nodes"], *inner["nodes"]], "edges": [*graph["edges"], *inner["edges"]]}


def chat_config(prompt: str = "Be brief.", **more: Any) -> dict[str, Any]:
    """The configuration of a chat or completion app."""
    return {"model": MODEL, "pre_prompt": prompt, "prompt_type": "simple", "user_input_form": [], **more}


def frames(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a streamed answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: ")]
