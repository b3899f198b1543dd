"""What a call that runs an app must say: who for, and how it wants the answer."""

from __future__ import annotations

from typing import Any

import pytest
from tests.http.service.world import World, chatflow, config, refusal, workflow

from orrery.database.ids import new_id

ROUTES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/chat-messages", {"inputs": {}, "query": "Hello"}),
    "completion": ("/completion-messages", {"inputs": {}, "query": "Hello"}),
    "workflow": ("/workflows/run", {"inputs": {}}),
    "stop chat": (f"/chat-messages/{new_id()}/stop", {}),
    "stop completion": (f"/completion-messages/{new_id()}/stop", {}),
    "stop workflow": (f"/workflows/tasks/{new_id()}/stop", {}),
}


async def new_app(world: World, route: str) -> Any:
    if "workflow" in route:
        return await world.new_app("workflow", workflow())
    if "completion" in route:
        return await world.new_app("completion", configs=config(pre_prompt="Say"))
    return await world.new_app("advanced-chat", chatflow())


@pytest.mark.parametrize("route", ROUTES)
async def test_the_user_must_be_named(world: World, route: str) -> None:
    client = world.service(await new_app(world, route))
    path, body = ROUTES[route]
    users: list[dict[str, Any]] = [{}, {"user": None}, {"user": ""}, {"user": "\x00"}]
    for user in users:
        answer = await client.post(path, json={**body, **user})
        assert refusal(answer) == (400, "invalid_param")
        assert answer.json()["message"] == "Arg user must be provided."
    assert (await client.post(path, json={**body, "user": "ann"})).status_code == 200


async def test_no_store_has_to_take_a_nul(world: World) -> None:
    client = world.service(await world.new_app("workflow", workflow()))
    run = (await client.post("/workflows/run", json={"inputs": {"name": "x"}, "user": "a\x00nn"})).json()
    shown = (await client.get(f"/workflows/run/{run['workflow_run_id']}")).json()
    assert '"sys.user_id":"ann"' in shown["inputs"]


@pytest.mark.parametrize("route", ["chat", "completion", "workflow"])
async def test_the_way_of_answering_is_one_of_two(world: World, route: str) -> None:
    client = world.service(await new_app(world, route))
    path, body = ROUTES[route]
    answer = await client.post(path, json={**body, "user": "ann", "response_mode": "streamed"})
    assert refusal(answer) == (400, "invalid_param")
    assert answer.json()["params"] == "response_mode"
    ways: list[dict[str, Any]] = [{}, {"response_mode": None}, {"response_mode": "blocking"}]
    for mode in ways:
        answer = await client.post(path, json={**body, "user": "ann", **mode})
        assert answer.headers["content-type"].startswith("application/json"), answer.text
    answer = await client.post(path, json={**body, "user": "ann", "response_mode": "streaming"})
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_logs_are_not_filtered_by_a_status_that_no_run_has(world: World) -> None:
    client = world.service(await world.new_app("workflow", workflow()))
    await client.post("/workflows/run", json={"inputs": {"name": "x"}, "user": "ann"})
    answer = await client.get("/workflows/logs", params={"status": "done"})
    assert refusal(answer) == (400, "invalid_param")
    for status, total in (("", 1), ("succeeded", 1), ("failed", 0), ("partial-succeeded", 0)):
        assert (await client.get("/workflows/logs", params={"status": status})).json()["total"] == total


@pytest.mark.parametrize(
    ("asked", "messages"),
    [
        ({"query": "What?"}, [("system", "Say "), ("user", "What?")]),
        ({"query": ""}, [("user", "Say ")]),
        ({"inputs": {"query": "cat"}}, [("user", "Say cat")]),
        ({"inputs": {"query": "cat"}, "query": "What?"}, [("system", "Say cat"), ("user", "What?")]),
    ],
)
async def test_a_completion_apps_prompt_precedes_the_query(
    world: World, asked: dict[str, Any], messages: list[tuple[str, str]]
) -> None:
    form = [{"text-input": {"variable": "query", "label": "Query", "required": False}}]
    configs = config(pre_prompt="Say {{query}}", user_input_form=form)
    client = world.service(await world.new_app("completion", configs=configs))
    answer = await client.post("/completion-messages", json={"inputs": {}, "user": "ann", **asked})
    assert answer.status_code == 200
    sent = world.models.calls[-1].messages
    assert [(message.role, message.text()) for message in sent] == messages
