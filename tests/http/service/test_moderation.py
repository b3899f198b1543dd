"""Turns whose question or answer an app does not let through (workflow.md 1.7, 4.2, 4.3)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.http.service.world import Made, World, chain, chatflow, config, node, refusal
from tests.http.service.world import frames as frames_of

from orrery.inference.types import InvokeServerUnavailableError

KEYWORDS = "Dragon\n\n  fire breath "


def feature(kind: str = "keywords", *, inputs: str | None = None, outputs: str | None = None) -> dict[str, Any]:
    sides = {"inputs_config": inputs, "outputs_config": outputs}
    settings = {side: {"enabled": text is not None, "preset_response": text or ""} for side, text in sides.items()}
    return {"sensitive_word_avoidance": {"enabled": True, "type": kind, "config": {"keywords": KEYWORDS, **settings}}}


async def new_chatflow(world: World, graph: dict[str, Any] | None = None, **given: Any) -> Made:
    return await world.new_app("advanced-chat", graph or chatflow(), features=feature(**given))


async def asked(world: World, app: Made, query: str, **more: Any) -> list[dict[str, Any]]:
    body = {"inputs": {}, "query": query, "user": "ann", "response_mode": "streaming", **more}
    return frames_of(await world.service(app).post("/chat-messages", json=body))


def names(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["event"] for frame in frames]


async def last_message(world: World, app: Made, frames: list[dict[str, Any]]) -> dict[str, Any]:
    params = {"user": "ann", "conversation_id": frames[-1]["conversation_id"]}
    return (await world.service(app).get("/messages", params=params)).json()["data"][-1]


async def test_a_question_that_may_not_be_asked_starts_no_graph(world: World) -> None:
    app = await new_chatflow(world, inputs="Ask something else.")
    frames = await asked(world, app, "Where lives the DRAGON?")
    assert names(frames) == ["message", "message_end"]
    assert (frames[0]["answer"], frames[0]["from_variable_selector"]) == ("Ask something else.", None)
    assert frames[1]["metadata"]["usage"]["total_tokens"] == 0
    assert (await last_message(world, app, frames))["answer"] == "Ask something else."
    fine = await asked(world, app, "Where lives the duck?")
    assert names(fine)[0] == "workflow_started"
    assert "".join(f["answer"] for f in fine if f["event"] == "message") == "You said Where lives the duck?"


async def test_a_value_of_the_form_counts_as_much_as_the_question(world: World) -> None:
    fields = [{"variable": "pet", "label": "Pet", "type": "text-input", "required": False}]
    graph = chain(node("start", "start", variables=fields), node("answer", "answer", answer="Fine."))
    app = await new_chatflow(world, graph, inputs="No.")
    body = {"inputs": {"pet": "a dragon"}, "query": "Mine?", "user": "ann"}
    assert (await world.service(app).post("/chat-messages", json=body)).json()["answer"] == "No."
    body["inputs"] = {"pet": "a duck"}
    assert (await world.service(app).post("/chat-messages", json=body)).json()["answer"] == "Fine."


async def test_chats_and_completions_say_it_letter_by_letter_and_ask_no_model(world: World) -> None:
    chat = await world.new_app("chat", configs=config(**feature(inputs="No!")))
    frames = await asked(world, chat, "dragon?")
    assert names(frames) == ["message", "message", "message", "message_end"]
    assert [f.get("answer") for f in frames[:-1]] == ["N", "o", "!"]
    completion = await world.new_app("completion", configs=config(pre_prompt="Say", **feature(inputs="No!")))
    body = {"inputs": {}, "query": "dragon?", "user": "ann"}
    answer = (await world.service(completion).post("/completion-messages", json=body)).json()
    assert (answer["answer"], answer["metadata"]["usage"]["total_tokens"]) == ("No!", 0)


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_answer_that_may_not_be_given_is_taken_back(world: World, streaming: bool) -> None:
    app = await new_chatflow(world, outputs="Never mind.")
    if not streaming:
        body = {"inputs": {}, "query": "My fire BREATH", "user": "ann"}
        answer = (await world.service(app).post("/chat-messages", json=body)).json()
        assert answer["answer"] == "Never mind."
        return
    frames = await asked(world, app, "My fire BREATH")
    tail = [frame for frame in frames if not frame["event"].startswith("node_")]
    assert names(tail)[0] == "workflow_started"
    assert names(tail)[-3:] == ["message_replace", "workflow_finished", "message_end"]
    replaced, finished, _ = tail[-3:]
    assert (replaced["answer"], replaced["reason"]) == ("Never mind.", "output_moderation")
    assert finished["data"]["outputs"]["answer"] == "Never mind."
    message = await last_message(world, app, frames)
    assert (message["answer"], message["status"]) == ("Never mind.", "normal")


async def test_a_long_answer_is_judged_while_it_comes_and_what_makes_the_rest_is_stopped(world: World) -> None:
    long = "x" * 290 + " dragon " + "y" * 400
    model = {"provider": "p", "name": "default", "mode": "chat", "completion_params": {}}
    graph = chain(
        node("start", "start", variables=[]),
        node("first", "answer", answer=long),
        node(
            "ask", "llm", model=model, prompt_template=[{"role": "user", "text": "More?"}], context={"enabled": False}
        ),
        node("second", "answer", answer="{{#ask.text#}}"),
    )
    world.models.meanwhile = asyncio.Event().wait  # it would never end by itself
    app = await new_chatflow(world, graph, outputs="Never mind.")
    async with asyncio.timeout(60):
        frames = await asked(world, app, "Hello")
    shown = [frame["answer"] for frame in frames if frame["event"] in {"message", "message_replace"}]
    assert shown == [long, "Never mind."]
    finished = frames[-2]["data"]
    assert (finished["status"], finished["error"]) == ("stopped", "Stopped by output moderation.")
    assert (await last_message(world, app, frames))["answer"] == "Never mind."


async def test_a_moderation_model_judges_both_sides(world: World) -> None:
    app = await new_chatflow(world, kind="openai_moderation", inputs="No.", outputs="Never mind.")
    assert names(await asked(world, app, "awful question")) == ["message", "message_end"]
    world.judge.bad = "You said"
    assert "message_replace" in names(await asked(world, app, "a duck"))
    assert world.judge.read == ["awful question", "a duck", "You said a duck"]


async def test_what_can_not_be_judged_is_not_let_through(world: World) -> None:
    app = await new_chatflow(world, kind="openai_moderation", inputs="No.", outputs="Never mind.")
    world.judge.fails = InvokeServerUnavailableError("out of order")
    frames = await asked(world, app, "a duck")
    assert names(frames) == ["error"]
    assert "could not be moderated" in frames[0]["message"]
    body = {"inputs": {}, "query": "a duck", "user": "ann"}
    answer = await world.service(app).post("/chat-messages", json=body)
    assert refusal(answer) == (400, "invalid_param")
    world.judge.fails, world.judge.bad = None, "nothing"
    assert "message_end" in names(await asked(world, app, "a duck"))


async def test_a_kind_that_is_not_there_refuses_the_turn(world: World) -> None:
    app = await new_chatflow(world, kind="cloud_service", inputs="No.")
    body = {"inputs": {}, "query": "a duck", "user": "ann"}
    answer = await world.service(app).post("/chat-messages", json=body)
    assert refusal(answer) == (400, "completion_request_error")
    assert '"cloud_service"' in answer.json()["message"]
