"""Messages over the Service API."""

from __future__ import annotations

from tests.http.service.world import World, chatflow, config, refusal, said

from orrery.database.ids import NIL_ID, new_id
from orrery.inference.types import InvokeRateLimitError

FIELDS = [
    "id", "conversation_id", "parent_message_id", "inputs", "query", "answer", "status", "error", "message_files",
    "feedback", "retriever_resources", "agent_thoughts", "extra_contents", "created_at", "message_tokens",
    "answer_tokens", "total_tokens", "provider_response_latency", "total_price", "currency",
]  # fmt: skip
ASKING = {"suggested_questions_after_answer": {"enabled": True}}


async def test_pages_go_back_in_time_and_are_in_order(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow()))
    conversation = (await said(client, "1"))["conversation_id"]
    for query in "234":
        await said(client, query, conversation_id=conversation)
    params = {"user": "ann", "conversation_id": conversation}
    newest = (await client.get("/messages", params={**params, "limit": 3})).json()
    assert ([m["query"] for m in newest["data"]], newest["has_more"]) == (["2", "3", "4"], True)
    assert list(newest["data"][0]) == FIELDS
    assert newest["data"][0]["answer"] == "You said 2"
    assert newest["data"][0]["parent_message_id"] == NIL_ID
    older = (await client.get("/messages", params={**params, "first_id": newest["data"][0]["id"]})).json()
    assert ([m["query"] for m in older["data"]], older["has_more"]) == (["1"], False)
    unknown = await client.get("/messages", params={**params, "first_id": new_id()})
    assert (refusal(unknown), unknown.json()["message"]) == ((404, "not_found"), "First Message Not Exists.")
    assert refusal(await client.get("/messages", params={"user": "ann"})) == (400, "invalid_param")


async def test_ratings_are_given_changed_and_taken_back(world: World) -> None:
    app = await world.new_app("advanced-chat", chatflow())
    client = world.service(app)
    turn = await said(client)
    path = f"/messages/{turn['message_id']}/feedbacks"

    async def shown() -> object:
        params = {"user": "ann", "conversation_id": turn["conversation_id"]}
        return (await client.get("/messages", params=params)).json()["data"][0]["feedback"]

    assert await shown() is None
    for rating in ("like", "dislike"):
        answer = await client.post(path, json={"rating": rating, "user": "ann", "content": "because"})
        assert (answer.status_code, answer.json()) == (200, {"result": "success"})
        assert await shown() == {"rating": rating}
    listed = (await client.get("/app/feedbacks")).json()["data"]
    assert [(f["message_id"], f["rating"], f["content"], f["from_source"]) for f in listed] == [
        (turn["message_id"], "dislike", "because", "user")
    ]
    assert (await client.post(path, json={"rating": None, "user": "ann"})).status_code == 200
    assert await shown() is None
    assert refusal(await client.post(path, json={"rating": None, "user": "ann"})) == (400, "invalid_param")
    assert refusal(await client.post(path, json={"rating": "meh", "user": "ann"})) == (400, "invalid_param")
    nobody = await client.post(path, json={"rating": "like"})
    assert (refusal(nobody), nobody.json()["message"]) == ((400, "invalid_param"), "Arg user must be provided.")


async def test_feedback_of_other_apps_is_not_listed(world: World) -> None:
    one, two = await world.new_app("advanced-chat", chatflow()), await world.new_app("advanced-chat", chatflow())
    turn = await said(world.service(one))
    await world.service(one).post(f"/messages/{turn['message_id']}/feedbacks", json={"rating": "like", "user": "ann"})
    assert (await world.service(two).get("/app/feedbacks")).json() == {"data": []}


async def test_questions_are_suggested(world: World) -> None:
    client = world.service(await world.new_app("advanced-chat", chatflow(), features=ASKING))
    turn = await said(client, "What eats a giraffe?")
    world.models.says = '<think>[no]</think>```json\n["Where?", "How much?", "Why?", "And?"]\n```'
    path = f"/messages/{turn['message_id']}/suggested"
    answer = await client.get(path, params={"user": "ann"})
    assert answer.json() == {"result": "success", "data": ["Where?", "How much?", "Why?"]}
    assert "What eats a giraffe?" in world.models.asked[-1].messages[1].text()
    world.models.fails = InvokeRateLimitError("slow down")
    assert (await client.get(path, params={"user": "ann"})).json() == {"result": "success", "data": []}
    assert refusal(await client.get(path)) == (400, "invalid_param")


async def test_suggestions_need_the_feature(world: World) -> None:
    for app in (await world.new_app("advanced-chat", chatflow()), await world.new_app("chat", configs=config())):
        client = world.service(app)
        turn = await said(client)
        answer = await client.get(f"/messages/{turn['message_id']}/suggested", params={"user": "ann"})
        assert refusal(answer) == (400, "bad_request")
        assert answer.json()["message"] == "Suggested Questions Is Disabled."
