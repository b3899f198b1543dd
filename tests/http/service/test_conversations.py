"""Conversations over the Service API."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.http.service.world import World, chatflow, config, refusal, said, workflow

from orrery.database.ids import new_id
from orrery.inference.types import InvokeServerUnavailableError

VARIABLES = [
    {"id": new_id(), "name": "mood", "value_type": "string", "value": "calm", "description": "How"},
    {"id": new_id(), "name": "list", "value_type": "array[number]", "value": [1], "description": ""},
]


async def test_a_list_goes_from_the_newest_on_in_pages(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    ids = [(await said(client, f"Turn {n}"))["conversation_id"] for n in range(3)]
    first = (await client.get("/conversations", params={"user": "ann", "limit": 2})).json()
    assert ([row["id"] for row in first["data"]], first["has_more"], first["limit"]) == (ids[:0:-1], True, 2)
    rest = (await client.get("/conversations", params={"user": "ann", "limit": 2, "last_id": ids[1]})).json()
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == (ids[:1], False)
    oldest = (await client.get("/conversations", params={"user": "ann", "sort_by": "created_at"})).json()
    assert [row["id"] for row in oldest["data"]] == ids
    assert list(oldest["data"][0]) == ["id", "name", "inputs", "status", "introduction", "created_at", "updated_at"]
    assert oldest["data"][0]["name"] == "Turn 0"


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"sort_by": "name"}])
async def test_lists_refuse_other_sizes_and_orders(world: World, params: dict[str, object]) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    assert refusal(await client.get("/conversations", params={"user": "ann", **params})) == (400, "invalid_param")


async def test_a_conversation_is_its_users_alone(world: World) -> None:
    app, twin = await world.new_app("advanced-chat", chatflow()), await world.new_app("advanced-chat", chatflow())
    client, other_app = world.service(app), world.service(twin)
    turn = await said(client)
    conversation, message = turn["conversation_id"], turn["message_id"]
    page = await world.page(app, "ann")
    for caller, user in ((client, "bob"), (other_app, "ann"), (client, "")):
        for answer in (
            await caller.get("/messages", params={"conversation_id": conversation, "user": user}),
            await caller.get(f"/conversations/{conversation}/variables", params={"user": user}),
            await caller.put(f"/conversations/{conversation}/variables/{new_id()}", json={"value": 1, "user": user}),
            await caller.post(f"/conversations/{conversation}/name", json={"name": "x", "user": user}),
            await caller.request("DELETE", f"/conversations/{conversation}", json={"user": user}),
            await caller.post(f"/messages/{message}/feedbacks", json={"rating": "like", "user": user or "zoe"}),
            await caller.get(f"/messages/{message}/suggested", params={"user": user or "zoe"}),
        ):
            assert refusal(answer) == (404, "not_found"), answer.request.url
        listed = (await caller.get("/conversations", params={"user": user})).json()["data"]
        assert listed == []
    assert refusal(await page.get("/messages", params={"conversation_id": conversation})) == (404, "not_found")
    assert (await page.get("/conversations")).json()["data"] == []
    assert refusal(await page.post(f"/messages/{message}/feedbacks", json={"rating": "like"})) == (404, "not_found")
    assert (await client.get("/conversations", params={"user": "ann"})).json()["data"][0]["id"] == conversation


async def test_a_deleted_conversation_is_gone_at_once_and_purged_later(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    turn = await said(client)
    path = f"/conversations/{turn['conversation_id']}"
    answer = await client.request("DELETE", path, json={"user": "ann"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get("/conversations", params={"user": "ann"})).json()["data"] == []
    assert refusal(await client.request("DELETE", path, json={"user": "ann"})) == (404, "not_found")
    rated = await client.post(f"/messages/{turn['message_id']}/feedbacks", json={"rating": "like", "user": "ann"})
    assert refusal(rated) == (404, "not_found")
    assert await world.talk.conversations.purge() == 1
    assert await world.records.message_of("x", "y") is None
    assert await world.talk.conversations.purge() == 0


async def test_names_are_given_or_written(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    path = f"/conversations/{(await said(client, 'How tall is a giraffe?'))['conversation_id']}/name"
    assert (await client.post(path, json={"name": " Giraffes ", "user": "ann"})).json()["name"] == "Giraffes"
    world.models.says = '"Height of giraffes"\n'
    assert (await client.post(path, json={"auto_generate": True, "user": "ann"})).json()["name"] == "Height of giraffes"
    world.models.fails = InvokeServerUnavailableError("down")
    written = await client.post(path, json={"auto_generate": True, "user": "ann"})
    assert written.json()["name"] == "How tall is a giraffe?"
    assert refusal(await client.post(path, json={"user": "ann"})) == (400, "invalid_param")


async def test_a_name_that_a_person_gives_while_one_is_being_written_stays(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    path = f"/conversations/{(await said(client))['conversation_id']}/name"

    async def give() -> None:
        await client.post(path, json={"name": "Mine", "user": "ann"})

    world.models.meanwhile = give
    assert (await client.post(path, json={"auto_generate": True, "user": "ann"})).json()["name"] == "Mine"


async def test_a_new_conversation_is_named_after_the_reply(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    client = world.service(app)
    for name, auto in (("A fine title", True), ("Hello", False)):
        turn = await said(client, auto_generate_name=auto)
        assert world.models.asked == []
        world.talk.naming.name_later(await world.spec_of(app, turn["message_id"]))
        await world.talk.naming.idle()
        listed = (await client.get("/conversations", params={"user": "ann"})).json()["data"]
        assert next(row["name"] for row in listed if row["id"] == turn["conversation_id"]) == name
        world.models.asked.clear()


async def test_a_name_that_somebody_gave_is_not_overwritten(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    client = world.service(app)
    turn = await said(client)
    path = f"/conversations/{turn['conversation_id']}/name"
    await client.post(path, json={"name": "Mine", "user": "ann"})
    world.talk.naming.name_later(await world.spec_of(app, turn["message_id"]))
    await world.talk.naming.idle()
    assert (await client.get("/conversations", params={"user": "ann"})).json()["data"][0]["name"] == "Mine"


async def test_variables_are_listed_and_set_with_their_type(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow(), variables=VARIABLES))
    path = f"/conversations/{(await said(client))['conversation_id']}/variables"
    rows = (await client.get(path, params={"user": "ann"})).json()["data"]
    assert {row["name"]: row["value"] for row in rows} == {"mood": "calm", "list": "[1]"}
    named = (await client.get(path, params={"user": "ann", "variable_name": "mood"})).json()
    assert [row["name"] for row in named["data"]] == ["mood"]
    mood = named["data"][0]
    changed = await client.put(f"{path}/{mood['id']}", json={"value": "merry", "user": "ann"})
    assert (changed.status_code, changed.json()["value"], changed.json()["name"]) == (200, "merry", "mood")
    wrong = await client.put(f"{path}/{mood['id']}", json={"value": 5, "user": "ann"})
    assert refusal(wrong) == (400, "bad_request")
    assert wrong.json()["message"] == "Type mismatch: variable 'mood' expects string, but got number type"
    unknown = await client.put(f"{path}/{new_id()}", json={"value": "x", "user": "ann"})
    assert refusal(unknown) == (404, "not_found")
    assert unknown.json()["message"] == "Conversation Variable Not Exists."
    assert refusal(await client.put(f"{path}/{mood['id']}", json={"user": "ann"})) == (400, "invalid_param")
    first = (await client.get(path, params={"user": "ann", "limit": 1})).json()
    assert first["has_more"]
    second = (await client.get(path, params={"user": "ann", "last_id": first["data"][0]["id"]})).json()
    assert len(second["data"]) == 1 and not second["has_more"]
    assert refusal(await client.get(path, params={"user": "ann", "last_id": new_id()})) == (400, "invalid_param")


@pytest.mark.parametrize("odd", ["nonsense", "\x00", "' OR 1=1 --", "🦒", "0" * 500])
async def test_ids_that_are_none_name_nothing(world: World, odd: str) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    conversation = (await said(client))["conversation_id"]
    place = quote(odd, safe="")
    params = {"user": "ann", "conversation_id": conversation}
    for answer in (
        await client.get("/conversations", params={"user": "ann", "last_id": odd}),
        await client.get("/messages", params={**params, "first_id": odd}),
        await client.get("/messages", params={"user": "ann", "conversation_id": odd}),
        await client.get(f"/conversations/{place}/variables", params={"user": "ann"}),
        await client.put(f"/conversations/{conversation}/variables/{place}", json={"value": 1, "user": "ann"}),
        await client.post(f"/messages/{place}/feedbacks", json={"rating": "like", "user": "ann"}),
        await client.get(f"/messages/{place}/suggested", params={"user": "ann"}),
        await client.get(f"/workflows/run/{place}"),
        await client.get(f"/workflow/{place}/events", params={"user": "ann"}),
        await client.request("DELETE", f"/conversations/{place}", json={"user": "ann"}),
    ):
        assert refusal(answer) == (404, "not_found"), answer.request.url


async def test_routes_for_chats_refuse_other_apps(world: World) -> None:
    for app in (await world.new_app("workflow", workflow()), await world.new_app("completion", configs=config())):
        client = world.service(app)
        for answer in (
            await client.get("/conversations", params={"user": "ann"}),
            await client.get("/messages", params={"user": "ann", "conversation_id": new_id()}),
            await client.post(f"/conversations/{new_id()}/name", json={"user": "ann"}),
        ):
            assert refusal(answer) == (400, "not_chat_app")
