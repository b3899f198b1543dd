from __future__ import annotations

import asyncio

import pytest
from tests.http.console_runs.graphs import chat_config, chatflow, frames
from tests.http.console_runs.world import World

REPLY = "This is a mocked LLM response"


async def test_an_unsaved_configuration_answers_as_a_stream(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "chat")
    body = {"inputs": {}, "query": "Who?", "model_config": chat_config("Be brief."), "response_mode": "streaming"}
    told = frames(await owner.post(f"/apps/{app_id}/chat-messages", json=body))
    assert {f["event"] for f in told} == {"message", "message_end"}
    assert "".join(f["answer"] for f in told if f["event"] == "message") == REPLY
    assert told[-1]["metadata"]["usage"]["total_tokens"] == 15
    (call,) = world.models.calls
    assert [(m.role, m.text()) for m in call.messages] == [("system", "Be brief."), ("user", "Who?")]


async def test_a_form_of_the_unsaved_configuration_is_checked(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "chat")
    form = [{"text-input": {"variable": "name", "label": "Name", "required": True, "max_length": 8}}]
    config = chat_config("You are {{name}}.", user_input_form=form)
    path = f"/apps/{app_id}/chat-messages"
    refused = await owner.post(path, json={"inputs": {}, "query": "Who?", "model_config": config})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    answer = await owner.post(path, json={"inputs": {"name": "Ada"}, "query": "Who?", "model_config": config})
    assert answer.status_code == 200, answer.text
    assert world.models.calls[-1].messages[0].text() == "You are Ada."


async def test_answers_in_one_piece_by_default_and_goes_on(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "chat")
    path = f"/apps/{app_id}/chat-messages"
    body = {"inputs": {}, "query": "Who?", "model_config": chat_config("")}
    first = (await owner.post(path, json=body)).json()
    assert (first["event"], first["mode"], first["answer"]) == ("message", "chat", REPLY)
    again = {**body, "query": "And?", "conversation_id": first["conversation_id"]}
    second = (await owner.post(path, json=again)).json()
    assert second["conversation_id"] == first["conversation_id"]
    assert [m.text() for m in world.models.calls[-1].messages] == ["Who?", REPLY, "And?"]
    branch = {**again, "parent_message_id": None}
    assert (await owner.post(path, json=branch)).status_code == 200
    listed = await owner.get(path, params={"conversation_id": first["conversation_id"]})
    assert [m["query"] for m in listed.json()["data"]] == ["Who?", "And?", "And?"]


async def test_nobody_goes_on_with_somebody_elses_conversation(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "chat")
    path = f"/apps/{app_id}/chat-messages"
    body = {"inputs": {}, "query": "Who?", "model_config": chat_config("")}
    conversation_id = (await owner.post(path, json=body)).json()["conversation_id"]
    colleague = await world.people.invited(owner, "bob@example.com", "editor")
    answer = await colleague.post(path, json={**body, "conversation_id": conversation_id})
    assert (answer.status_code, answer.json()["message"]) == (404, "Conversation Not Exists.")


async def test_without_a_model_the_app_is_unavailable(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "chat")
    for config in ({"model": {}}, {}, None):
        body = {"inputs": {}, "query": "Who?", "model_config": config}
        answer = await owner.post(f"/apps/{app_id}/chat-messages", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "app_unavailable")


async def test_a_text_generator_is_tried(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "completion")
    form = [{"paragraph": {"variable": "query", "label": "Query", "required": True}}]
    config = chat_config("Translate {{query}}", user_input_form=form)
    body = {"inputs": {"query": "cat"}, "model_config": config, "response_mode": "streaming"}
    told = frames(await owner.post(f"/apps/{app_id}/completion-messages", json=body))
    assert "".join(f["answer"] for f in told if f["event"] == "message") == REPLY
    assert "conversation_id" not in told[-1]
    assert world.models.calls[-1].messages[-1].text() == "Translate cat"


@pytest.mark.parametrize("mode", ["chat", "completion"])
async def test_only_the_caller_stops_his_message(world: World, mode: str) -> None:
    owner = await world.people.signed_in()
    colleague = await world.people.invited(owner, "bob@example.com", "editor")
    app_id = await world.new_app(owner, mode)
    path = f"/apps/{app_id}/{mode}-messages"
    world.models.hold()
    body = {"inputs": {}, "query": "Who?", "model_config": chat_config("x"), "response_mode": "streaming"}
    streaming = asyncio.create_task(owner.post(path, json=body))
    await world.models.asked.wait()
    (live,) = list(world.runs.live)
    stop = f"{path}/{live.spec.task_id}/stop"
    assert (await colleague.post(stop)).json() == {"result": "success"}
    await asyncio.sleep(0.02)
    assert len(world.runs.live) == 1
    assert (await owner.post(stop)).json() == {"result": "success"}
    told = frames(await streaming)
    assert [f["event"] for f in told] == ["message_end"]
    assert len(world.runs.live) == 0


async def test_other_workspaces_and_modes_see_nothing(world: World) -> None:
    owner = await world.people.signed_in()
    chat, flow = await world.new_app(owner, "chat"), await world.new_app(owner, "advanced-chat", chatflow())
    other = await world.people.second_workspace(owner)
    body = {"inputs": {}, "query": "Who?", "model_config": chat_config("")}
    for client, path in (
        (other, f"/apps/{chat}/chat-messages"),
        (owner, f"/apps/{flow}/chat-messages"),
        (owner, f"/apps/{chat}/completion-messages"),
    ):
        answer = await client.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found"), path
    answer = await other.post(f"/apps/{chat}/chat-messages/some-task/stop")
    assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found")
