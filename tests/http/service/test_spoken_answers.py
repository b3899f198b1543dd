"""Answers that are read aloud while they come (workflow.md 4.2, 4.3)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.http.service.world import World, chain, chatflow, config, node
from tests.http.service.world import frames as frames_of

from orrery.inference.types import InvokeServerUnavailableError

SPOKEN: dict[str, Any] = {"text_to_speech": {"enabled": True, "voice": "nova", "language": "en", "autoPlay": "enabled"}}
ANSWER = "First comes this. Then {{#sys.query#}}! And"


async def asked(world: World, key: Any, path: str, **body: Any) -> list[dict[str, Any]]:
    sent = {"inputs": {}, "user": "ann", "response_mode": "streaming", **body}
    return frames_of(await world.service(key).post(path, json=sent))


def spoken(frames: list[dict[str, Any]]) -> list[str]:
    return [base64.b64decode(frame["audio"]).decode() for frame in frames if frame["event"].startswith("tts_message")]


async def test_a_chatflow_speaks_sentence_by_sentence_and_says_when_it_is_done(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow(ANSWER), features=SPOKEN)
    frames = await asked(world, app, "/chat-messages", query="that")
    assert spoken(frames) == ["<First comes this.>", "<Then that!>", "<And>", ""]
    assert world.speaker.asked[0] == ("voice", "nova", "First comes this.")
    last = frames[-1]
    assert list(last) == ["event", "conversation_id", "message_id", "created_at", "task_id", "audio"]
    assert (last["event"], last["audio"]) == ("tts_message_end", "")
    assert "message_end" in [frame["event"] for frame in frames]


async def test_a_workflow_speaks_the_text_that_it_streams(world: World) -> None:
    model = {"provider": "p", "name": "m", "mode": "chat", "completion_params": {}}
    prompt = [{"role": "user", "text": "Hi"}]
    graph = chain(
        node("start", "start", variables=[]),
        node("llm", "llm", model=model, prompt_template=prompt, context={"enabled": False}),
        node("end", "end", outputs=[{"variable": "out", "value_selector": ["llm", "text"]}]),
    )
    app = await world.new_app("workflow", graph, features=SPOKEN)
    frames = await asked(world, app, "/workflows/run")
    assert spoken(frames) == ["<This is an answer>", ""]
    assert list(frames[-1]) == ["event", "workflow_run_id", "task_id", "audio", "created_at"]


async def test_completions_speak_too(world: World) -> None:
    app = await world.new_app("completion", configs=config(pre_prompt="Say", **SPOKEN))
    frames = await asked(world, app, "/completion-messages", query="x")
    assert spoken(frames) == ["<This is an answer>", ""]
    assert "conversation_id" not in frames[-1]


@pytest.mark.parametrize("change", [{"enabled": False}, {"autoPlay": "disabled"}, {"autoPlay": None}])
async def test_only_who_asked_for_it_hears_it(world: World, change: dict[str, Any]) -> None:
    quiet = {"text_to_speech": {**SPOKEN["text_to_speech"], **change}}
    app = await world.new_app("advanced-chat", chatflow(ANSWER), features=quiet)
    frames = await asked(world, app, "/chat-messages", query="that")
    assert frames[-1]["event"] == "message_end"
    assert world.speaker.asked == []
    loud = await world.new_app("advanced-chat", chatflow(ANSWER), features=SPOKEN)
    body = {"inputs": {}, "query": "that", "user": "ann"}
    assert (await world.service(loud).post("/chat-messages", json=body)).status_code == 200
    assert world.speaker.asked == []


async def test_a_voice_that_fails_spoils_nothing(world: World) -> None:
    world.speaker.fails = InvokeServerUnavailableError("hoarse")
    app = await world.new_app("advanced-chat", chatflow(ANSWER), features=SPOKEN)
    frames = await asked(world, app, "/chat-messages", query="that")
    assert spoken(frames) == [""]
    finished = next(frame for frame in frames if frame["event"] == "workflow_finished")
    assert finished["data"]["status"] == "succeeded"
