"""Frames of streams as the Service API's document describes them: every kind that a run can tell."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.openapi.document import frame_faults
from tests.http.service.test_moderation import feature
from tests.http.service.test_spoken_answers import SPOKEN
from tests.http.service.world import World, chain, config, frames, node

pytestmark = pytest.mark.reference

MODEL = {"provider": "p", "name": "default", "mode": "chat", "completion_params": {}}
RETRY = {"retry_enabled": True, "max_retries": 1, "retry_interval": 1}


def inner(container: str, kind: str, *inside: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes inside an iteration or a loop, its start first."""
    begin = {**node(f"{container}start", f"{kind}-start"), "parentId": container}
    mark = {"iteration_id": container} if kind == "iteration" else {"loop_id": container}
    return [begin, *({**one, "parentId": container, "data": {**one["data"], **mark}} for one in inside)]


def everything(*last: dict[str, Any]) -> dict[str, Any]:
    """A graph with text, reasoning, rounds of both containers, a retry and an absorbed failure."""
    each = inner("each", "iteration", node("shout", "template-transform", template="{{ item }}!", variables=[
        {"variable": "item", "value_selector": ["each", "item"]}]))  # fmt: skip
    again = inner("again", "loop", node("count", "template-transform", template="x", variables=[]))
    outer = chain(
        node("start", "start", variables=[]),
        node("list", "code", code_language="python3", code='{"items": ["a", "b"]}', variables=[], outputs={"items": {"type": "array[string]", "children": None}}),
        node("each", "iteration", iterator_selector=["list", "items"], output_selector=["shout", "output"],
             output_type="array[string]", start_node_id="eachstart", is_parallel=False, error_handle_mode="terminated"),
        node("again", "loop", loop_count=2, break_conditions=[], logical_operator="and", start_node_id="againstart",
             loop_variables=[], error_handle_mode="terminated"),
        node("fetch", "http-request", method="get", url="http://127.0.0.1:9/", authorization={"type": "no-auth"}, headers="",
             params="", body={"type": "none", "data": []}, timeout={}, retry_config=RETRY, error_strategy="default-value",
             default_value=[{"key": "body", "type": "string", "value": "none"}]),
        node("ask", "llm", model=MODEL, prompt_template=[{"role": "user", "text": "Hi"}], context={"enabled": False},
             reasoning_format="separated"),
        *last,
    )  # fmt: skip
    outer["nodes"] += [*each, *again]
    outer["edges"] += [
        {"id": "e1", "source": "eachstart", "sourceHandle": "source", "target": "shout"},
        {"id": "e2", "source": "againstart", "sourceHandle": "source", "target": "count"},
    ]
    return outer


async def told(world: World, app: Any, path: str, **body: Any) -> list[dict[str, Any]]:
    world.models.says = "<think>Well.</think>Yes."
    sent = {"inputs": {}, "user": "ann", "response_mode": "streaming", **body}
    return frames(await world.service(app).post(path, json=sent))


def fits(frame: dict[str, Any], family: str) -> list[str]:
    """The faults of a frame but for those where workflow.md 4.1 and 4.2, which tell what servers send, say otherwise."""
    as_sent = (
        "error: /task_id: is missing",  # errors have the envelope and their own three fields
        "data/id: ",  # rounds of containers bear the node's id, which is no uuid
        "execution_metadata",  # prices are text, and only nodes that used something name them
    )
    return [fault for fault in frame_faults(frame, family=family) if not any(known in fault for known in as_sent)]


def check(shown: list[dict[str, Any]], family: str, kinds: set[str]) -> None:
    assert kinds <= {frame["event"] for frame in shown}
    assert sorted({fault for frame in shown for fault in fits(frame, family)}) == []


GRAPH = {
    "workflow_started", "node_started", "node_finished", "node_retry", "iteration_started", "iteration_next",
    "iteration_completed", "loop_started", "loop_next", "loop_completed", "reasoning_chunk", "workflow_finished",
}  # fmt: skip
SOUND = {"tts_message", "tts_message_end"}


async def test_workflows(world: World) -> None:
    graph = everything(node("end", "end", outputs=[{"variable": "out", "value_selector": ["ask", "text"]}]))
    app = await world.new_app("workflow", graph, features=SPOKEN)
    check(await told(world, app, "/workflows/run"), "ChunkWorkflowEvent", GRAPH | SOUND | {"text_chunk"})


async def test_chatflows(world: World) -> None:
    app = await world.new_app(
        "advanced-chat", everything(node("answer", "answer", answer="{{#ask.text#}}")), features=SPOKEN
    )
    shown = await told(world, app, "/chat-messages", query="Hi")
    check(shown, "ChunkChatEvent", GRAPH | SOUND | {"message", "message_end"})


async def test_turns_that_are_moderated(world: World) -> None:
    graph = chain(node("start", "start", variables=[]), node("answer", "answer", answer="A dragon!"))
    app = await world.new_app("advanced-chat", graph, features=feature(outputs="No."))
    shown = await told(world, app, "/chat-messages", query="Hi")
    check(shown, "ChunkChatEvent", {"message", "message_replace", "workflow_finished", "message_end"})


async def test_completions(world: World) -> None:
    app = await world.new_app("completion", configs=config(pre_prompt="Say", **SPOKEN))
    shown = await told(world, app, "/completion-messages", query="Hi")
    check(shown, "ChunkCompletionEvent", {"message", "message_end"} | SOUND)


async def test_errors(world: World) -> None:
    broken = chain(node("start", "start", variables=[]), node("answer", "answer", answer="x"))
    broken["nodes"].insert(1, node("bad", "template-transform", template="{{ 1/0 }}", variables=[]))
    broken["edges"] = [
        {"id": "a", "source": "start", "sourceHandle": "source", "target": "bad"},
        {"id": "b", "source": "bad", "sourceHandle": "source", "target": "answer"},
    ]
    app = await world.new_app("advanced-chat", broken)
    shown = await told(world, app, "/chat-messages", query="Hi")
    check(shown, "ChunkChatEvent", {"workflow_started", "workflow_finished"})
