"""The API of apps' pages: getting in, chatting, keeping."""

from __future__ import annotations

import httpx
import pytest
from tests.http.service.world import World, chatflow, config, frames, refusal, said, workflow, wrote

from orrery.apps.catalog.service import Actor
from orrery.database.ids import new_id

ASKING = {"suggested_questions_after_answer": {"enabled": True}}


async def completion(world: World, **more: object) -> httpx.AsyncClient:
    return await world.page(await world.new_app("completion", configs=config(**more)))


async def test_a_visitor_gets_in(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    outside = world.client("/api")
    missing = await outside.get("/passport")
    assert (refusal(missing), missing.json()["message"]) == ((401, "unauthorized"), "X-App-Code header is missing.")
    assert refusal(await outside.get("/passport", headers={"X-App-Code": "nowhere"})) == (404, "not_found")
    refused = await outside.get("/site")
    assert (refusal(refused), refused.json()["message"]) == ((401, "unauthorized"), "App token is missing.")
    assert (await outside.get("/webapp/access-mode", params={"appId": app.id})).json() == {"accessMode": "public"}
    assert (await outside.get("/webapp/permission", params={"appId": app.id})).json() == {"result": True}
    assert "sso_enforced_for_signin" in (await outside.get("/system-features")).json()
    status = await outside.get("/login/status", params={"app_code": app.code})
    assert status.json() == {"logged_in": True, "app_logged_in": False}
    page = await world.page(app)
    assert (await page.get("/login/status", params={"app_code": app.code})).json()["app_logged_in"] is True
    assert (await page.post("/logout")).json() == {"result": "success"}


async def test_a_page_that_is_off_lets_nobody_in(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    page = await world.page(app)
    await world.apps.change(Actor(world.home, world.editor), app.id, {"enable_site": False})
    world.access.forget(app.id)
    refused = await page.get("/parameters")
    assert (refusal(refused), refused.json()["message"]) == ((400, "bad_request"), "Site is disabled.")
    assert refusal(await world.client("/api").get("/passport", headers={"X-App-Code": app.code})) == (404, "not_found")


async def test_site_and_parameters(world: World) -> None:
    page = await world.page(await world.new_app("workflow", workflow()))
    shown = (await page.get("/site")).json()
    assert list(shown) == [
        "app_id", "end_user_id", "enable_site", "site", "model_config", "plan", "can_replace_logo", "custom_config",
    ]  # fmt: skip
    assert shown["site"]["title"] == "A workflow" and shown["site"]["prompt_public"] is False
    assert (await page.get("/parameters")).json()["user_input_form"][0]["text-input"]["variable"] == "name"
    assert (await page.get("/meta")).json() == {"tool_icons": {}}


async def test_icons_are_shown_only_from_the_own_workspace(world: World) -> None:
    app = await world.new_app("workflow", workflow())
    page = await world.page(app)
    own, foreign = world.console(), world.console(world.other)
    for console, shown in ((own, True), (foreign, False)):
        file = (await console.post("/files/upload", files={"file": ("i.png", b"x", "image/png")})).json()
        change = {"icon_type": "image", "icon": file["id"]}
        await world.apps.change_site(Actor(world.home, world.editor), app.id, change)
        icon = (await page.get("/site")).json()["site"]["icon_url"]
        assert (f"/files/{file['id']}/image-preview?" in (icon or "")) is shown


async def test_a_visitor_chats_and_branches(world: World) -> None:
    page = await world.page(await world.new_app("advanced-chat", chatflow()))
    body = {"inputs": {}, "query": "One", "response_mode": "streaming"}
    told = frames(await page.post("/chat-messages", json=body))
    assert "".join(f["answer"] for f in told if f["event"] == "message") == "You said One"
    conversation, first = told[-1]["conversation_id"], told[-1]["message_id"]
    await wrote(page, "Two", conversation_id=conversation, parent_message_id=first)
    rows = (await page.get("/messages", params={"conversation_id": conversation})).json()["data"]
    assert [(m["query"], m["parent_message_id"]) for m in rows] == [("One", None), ("Two", first)]
    wrong = await page.post("/chat-messages", json={"inputs": {}, "query": "x", "parent_message_id": "no"})
    assert refusal(wrong) == (400, "invalid_param")


async def test_visitors_are_apart(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    ann, bob, again = await world.page(app, "ann"), await world.page(app, "bob"), await world.page(app, "ann")
    turn = await wrote(ann)
    conversation, message = turn["conversation_id"], turn["message_id"]
    assert [c["id"] for c in (await again.get("/conversations")).json()["data"]] == [conversation]
    assert (await bob.get("/conversations")).json()["data"] == []
    for answer in (
        await bob.get("/messages", params={"conversation_id": conversation}),
        await bob.post(f"/conversations/{conversation}/name", json={"name": "x"}),
        await bob.patch(f"/conversations/{conversation}/pin"),
        await bob.delete(f"/conversations/{conversation}"),
        await bob.post(f"/messages/{message}/feedbacks", json={"rating": "like"}),
        await bob.get(f"/messages/{message}/suggested-questions"),
        await bob.post("/chat-messages", json={"inputs": {}, "query": "x", "conversation_id": conversation}),
    ):
        assert refusal(answer) == (404, "not_found"), answer.request.url
    assert (await world.service(app).get("/conversations", params={"user": "ann"})).json()["data"] == []


async def test_a_passport_opens_one_page_only(world: World) -> None:
    one, two = await world.new_app("advanced-chat", chatflow()), await world.new_app("advanced-chat", chatflow())
    page = await world.page(one)
    page.headers["X-App-Code"] = two.code
    assert refusal(await page.get("/site")) == (401, "unauthorized")


async def test_a_visitor_is_not_the_user_that_a_server_knows_by_the_same_word(world: World) -> None:
    app = await world.new_app("workflow", workflow({"variable": "doc", "label": "D", "type": "file", "required": True}))
    server = world.service(app)
    file = (
        await server.post("/files/upload", files={"file": ("a.txt", b"x", "text/plain")}, data={"user": "ann"})
    ).json()
    page = await world.page(app, "ann")
    mapping = {"type": "document", "transfer_method": "local_file", "upload_file_id": file["id"]}
    answer = await page.post("/workflows/run", json={"inputs": {"doc": mapping}})
    assert (refusal(answer), answer.json()["message"]) == ((400, "invalid_param"), "Invalid upload file")


async def test_pinned_conversations_are_listed_apart(world: World) -> None:
    page = await world.page(await world.new_app("advanced-chat", chatflow()))
    first, second = (await wrote(page))["conversation_id"], (await wrote(page))["conversation_id"]

    async def listed(**params: str) -> list[str]:
        return [c["id"] for c in (await page.get("/conversations", params=params)).json()["data"]]

    for _ in range(2):
        assert (await page.patch(f"/conversations/{first}/pin")).json() == {"result": "success"}
    assert (await listed(pinned="true"), await listed(pinned="false")) == ([first], [second])
    assert await listed() == [second, first]
    await page.patch(f"/conversations/{first}/unpin")
    assert await listed(pinned="true") == []


async def test_naming_and_deleting(world: World) -> None:
    page = await world.page(await world.new_app("advanced-chat", chatflow()))
    path = f"/conversations/{(await wrote(page))['conversation_id']}"
    assert (await page.post(f"{path}/name", json={"name": "Mine"})).json()["name"] == "Mine"
    assert (await page.post(f"{path}/name", json={"auto_generate": True})).json()["name"] == "A fine title"
    assert (await page.delete(path)).status_code == 204
    assert refusal(await page.delete(path)) == (404, "not_found")


async def test_suggestions(world: World) -> None:
    world.models.says = '["Why?"]'
    page = await world.page(await world.new_app("advanced-chat", chatflow(), features=ASKING))
    message = (await wrote(page))["message_id"]
    assert (await page.get(f"/messages/{message}/suggested-questions")).json() == {"data": ["Why?"]}
    plain = await world.page(await world.new_app("advanced-chat", chatflow()))
    message = (await wrote(plain))["message_id"]
    refused = await plain.get(f"/messages/{message}/suggested-questions")
    assert refusal(refused) == (403, "app_suggested_questions_after_answer_disabled")


async def test_a_workflow_always_streams_in_its_simple_form_and_is_watched_again(world: World) -> None:
    app = await world.new_app("workflow", workflow())
    page = await world.page(app, "ann")
    told = frames(await page.post("/workflows/run", json={"inputs": {"name": "Ada"}, "response_mode": "blocking"}))
    assert told[-1]["data"]["outputs"] == {"out": "Ada"}
    run_id = told[0]["workflow_run_id"]
    assert frames(await page.get(f"/workflow/{run_id}/events")) == told
    other = await world.page(app, "bob")
    assert refusal(await other.get(f"/workflow/{run_id}/events")) == (404, "not_found")
    assert refusal(await page.post("/chat-messages", json={"inputs": {}, "query": "x"})) == (400, "not_chat_app")
    assert (await page.post(f"/workflows/tasks/{new_id()}/stop")).json() == {"result": "success"}


async def test_answers_are_kept_and_let_go(world: World) -> None:
    page = await completion(world)
    ids = []
    for query in ("a", "b"):
        answer = await page.post("/completion-messages", json={"inputs": {}, "query": query})
        assert answer.status_code == 200, answer.text
        ids.append(answer.json()["message_id"])
    for message in (*ids, ids[0]):
        assert (await page.post("/saved-messages", json={"message_id": message})).json() == {"result": "success"}
    listed = (await page.get("/saved-messages")).json()
    assert [m["id"] for m in listed["data"]] == ids[::-1]
    assert listed["data"][0]["answer"] == "This is an answer"
    rest = (await page.get("/saved-messages", params={"last_id": ids[1]})).json()["data"]
    assert [m["id"] for m in rest] == ids[:1]
    assert (await page.delete(f"/saved-messages/{ids[0]}")).status_code == 204
    assert [m["id"] for m in (await page.get("/saved-messages")).json()["data"]] == ids[1:]
    assert refusal(await page.post("/saved-messages", json={"message_id": new_id()})) == (404, "not_found")


async def test_more_like_this(world: World) -> None:
    page = await completion(world, more_like_this={"enabled": True})
    first = (await page.post("/completion-messages", json={"inputs": {}, "query": "a"})).json()["message_id"]
    again = await page.get(f"/messages/{first}/more-like-this", params={"response_mode": "blocking"})
    assert again.status_code == 200, again.text
    assert again.json()["answer"] == "This is an answer" and again.json()["message_id"] != first
    plain = await completion(world)
    message = (await plain.post("/completion-messages", json={"inputs": {}, "query": "a"})).json()["message_id"]
    assert refusal(await plain.get(f"/messages/{message}/more-like-this")) == (403, "app_more_like_this_disabled")
    assert refusal(await plain.get(f"/messages/{first}/more-like-this")) == (404, "not_found")


@pytest.mark.parametrize("path", ["/chat-messages", "/completion-messages"])
async def test_runs_are_stopped_through_their_own_routes(world: World, path: str) -> None:
    wrong = (
        await completion(world)
        if path == "/chat-messages"
        else await world.page(await world.new_app("advanced-chat", chatflow()))
    )
    code = "not_chat_app" if path == "/chat-messages" else "not_completion_app"
    assert refusal(await wrong.post(f"{path}/{new_id()}/stop")) == (400, code)


async def test_what_a_server_said_is_not_on_the_page(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    turn = await said(world.service(app), user="ann")
    page = await world.page(app, "ann")
    answer = await page.get("/messages", params={"conversation_id": turn["conversation_id"]})
    assert refusal(answer) == (404, "not_found")
