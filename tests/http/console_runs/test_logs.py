from __future__ import annotations

from typing import Any

import httpx
from tests.http.console_runs.graphs import chat_config, chatflow, frames, workflow
from tests.http.console_runs.world import World

from orrery.database.ids import new_id

REPLY = "This is a mocked LLM response"


async def get(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def say(world: World, owner: httpx.AsyncClient, app_id: str, query: str, **more: Any) -> tuple[str, str]:
    """A message of an end user: the conversation's and the message's id."""
    live = await world.run_published(owner, app_id, query=query, **more)
    assert live.spec.turn is not None
    return live.spec.turn.conversation_id, live.spec.turn.message_id


async def test_the_run_log_lists_published_runs_only(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": "Debug"}})
    first = await world.run_published(owner, app_id, inputs={"name": "Ada"})
    second = await world.run_published(owner, app_id, inputs={"name": "Bob"}, user="ben")
    path = f"/apps/{app_id}/workflow-app-logs"
    page = await get(owner, path, limit=1)
    assert (page["page"], page["limit"], page["total"], page["has_more"]) == (1, 1, 2, True)
    (row,) = page["data"]
    assert set(row) == {
        "id", "workflow_run", "details", "created_from", "created_by_role", "created_by_account",
        "created_by_end_user", "created_at",
    }  # fmt: skip
    assert (row["workflow_run"]["id"], row["workflow_run"]["triggered_from"]) == (second.spec.run_id, "app-run")
    assert (row["created_from"], row["created_by_role"]) == ("service-api", "end_user")
    assert row["created_by_end_user"]["session_id"] == "ben"

    async def found(**params: Any) -> list[str]:
        return [r["workflow_run"]["id"] for r in (await get(owner, path, **params))["data"]]

    assert await found(keyword="Ada") == [first.spec.run_id]
    assert await found(status="failed") == []
    assert await found(created_by_end_user_session_id="ben") == [second.spec.run_id]
    assert await found(created_by_account="ada@example.com") == []
    assert await found(created_at__after="2000-01-01T00:00:00Z", status="succeeded", page=2, limit=1) == [
        first.spec.run_id
    ]
    assert await found(created_at__before="2000-01-01T00:00:00") == []
    refused = await owner.get(path, params={"created_at__before": "now"})
    assert (refused.status_code, refused.json()["params"]) == (400, "created_at__before")


async def test_conversations_are_listed_with_their_counts(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    first, message_id = await say(world, owner, app_id, "Who is Ada?")
    await say(world, owner, app_id, "And Bob?", conversation_id=first)
    second, _ = await say(world, owner, app_id, "Hello", user="ben")
    await owner.post(f"/apps/{app_id}/advanced-chat/workflows/draft/run", json={"query": "debugging"})
    await owner.post(f"/apps/{app_id}/feedbacks", json={"message_id": message_id, "rating": "like"})
    path = f"/apps/{app_id}/chat-conversations"
    page = await get(owner, path, sort_by="created_at")
    assert [r["id"] for r in page["data"]] == [first, second]
    assert (page["total"], page["has_more"]) == (2, False)
    row = page["data"][0]
    assert set(row) == {
        "id", "status", "from_source", "from_end_user_id", "from_end_user_session_id", "from_account_id",
        "from_account_name", "name", "summary", "read_at", "created_at", "updated_at", "annotated", "model_config",
        "message_count", "user_feedback_stats", "admin_feedback_stats", "status_count",
    }  # fmt: skip
    assert (row["from_source"], row["from_end_user_session_id"]) == ("api", "ann")
    assert (row["name"], row["summary"], row["message_count"]) == ("Who is Ada?", "Who is Ada?", 2)
    assert row["user_feedback_stats"] == {"like": 0, "dislike": 0}
    assert row["admin_feedback_stats"] == {"like": 1, "dislike": 0}
    assert row["status_count"] == {"success": 2, "failed": 0, "partial_success": 0}
    assert row["model_config"] == {"model": None, "pre_prompt": None}


async def test_conversations_are_found_by_words_and_time(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    first, _ = await say(world, owner, app_id, "Who is Ada?")
    second, _ = await say(world, owner, app_id, "Hello", user="ben")
    path = f"/apps/{app_id}/chat-conversations"

    async def found(**params: Any) -> list[str]:
        return [r["id"] for r in (await get(owner, path, **params))["data"]]

    assert await found() == [second, first]
    assert await found(keyword="is ada") == [first]
    assert await found(keyword="BEN") == [second]
    assert await found(keyword="mocked") == [second, first]
    assert await found(keyword="100%") == []
    assert await found(sort_by="-created_at", limit=1, page=2) == [first]
    assert await found(start="2000-01-01 00:00", end="2000-01-02 00:00") == []
    assert await found(start="2000-01-01 00:00") == [second, first]
    assert await found(annotation_status="annotated") == []
    assert await found(annotation_status="not_annotated") == [second, first]
    refused = await owner.get(path, params={"start": "yesterday"})
    assert (refused.status_code, refused.json()["params"]) == (400, "start")


async def test_opening_marks_as_read_and_deleting_hides(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    conversation_id, _ = await say(world, owner, app_id, "Who?")
    path = f"/apps/{app_id}/chat-conversations"
    assert (await get(owner, path))["data"][0]["read_at"] is None
    detail = await get(owner, f"{path}/{conversation_id}")
    assert (detail["id"], detail["message_count"], detail["introduction"]) == (conversation_id, 1, None)
    assert detail["model_config"] is None
    assert (await get(owner, path))["data"][0]["read_at"] is not None
    gone = await owner.delete(f"{path}/{conversation_id}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await get(owner, path))["data"] == []
    for answer in (
        await owner.get(f"{path}/{conversation_id}"),
        await owner.delete(f"{path}/{conversation_id}"),
        await owner.get(f"/apps/{app_id}/chat-messages", params={"conversation_id": conversation_id}),
    ):
        assert (answer.status_code, answer.json()["message"]) == (404, "Conversation Not Exists.")


async def test_messages_are_listed_in_pages_backwards(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    conversation_id, one = await say(world, owner, app_id, "1")
    _, two = await say(world, owner, app_id, "2", conversation_id=conversation_id)
    _, three = await say(world, owner, app_id, "3", conversation_id=conversation_id)
    path = f"/apps/{app_id}/chat-messages"
    newest = await get(owner, path, conversation_id=conversation_id, limit=2)
    assert [m["id"] for m in newest["data"]] == [two, three]
    assert (newest["limit"], newest["has_more"]) == (2, True)
    older = await get(owner, path, conversation_id=conversation_id, limit=2, first_id=two)
    assert ([m["id"] for m in older["data"]], older["has_more"]) == ([one], False)
    unknown = await owner.get(path, params={"conversation_id": conversation_id, "first_id": new_id()})
    assert unknown.status_code == 404


async def test_a_message_shows_everything(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "chat")
    await world.save_config(owner, app_id, chat_config("Be brief."))
    conversation_id, message_id = await say(world, owner, app_id, "Who?")
    shown = await get(owner, f"/apps/{app_id}/messages/{message_id}")
    assert set(shown) == {
        "id", "conversation_id", "inputs", "query", "message", "message_tokens", "answer", "answer_tokens",
        "provider_response_latency", "from_source", "from_end_user_id", "from_account_id", "feedbacks",
        "workflow_run_id", "annotation", "annotation_hit_history", "created_at", "agent_thoughts", "message_files",
        "metadata", "status", "error", "parent_message_id",
    }  # fmt: skip
    assert (shown["conversation_id"], shown["query"], shown["answer"]) == (conversation_id, "Who?", REPLY)
    assert (shown["message_tokens"], shown["answer_tokens"], shown["status"]) == (10, 5, "normal")
    assert [(m["role"], m["text"]) for m in shown["message"]] == [("system", "Be brief."), ("user", "Who?")]
    assert shown["workflow_run_id"] is None
    assert shown["metadata"]["usage"]["total_tokens"] == 15
    row = (await get(owner, f"/apps/{app_id}/chat-conversations"))["data"][0]
    assert row["model_config"]["pre_prompt"] == "Be brief."
    assert row["status_count"] is None
    detail = await get(owner, f"/apps/{app_id}/chat-conversations/{conversation_id}")
    assert detail["model_config"]["pre_prompt"] == "Be brief."


async def test_files_of_a_message_have_links(world: World) -> None:
    owner = await world.people.signed_in()
    rule = {"enabled": True, "allowed_file_types": ["image"], "allowed_file_upload_methods": ["local_file"]}
    app_id = await world.new_app(owner, "advanced-chat", chatflow(), features={"file_upload": rule})
    file = await world.upload(owner, "cat.png", b"\x89PNG\r\n\x1a\n")
    sent = [{"type": "image", "transfer_method": "local_file", "upload_file_id": file}]
    body = {"query": "What is this?", "files": sent}
    told = frames(await owner.post(f"/apps/{app_id}/advanced-chat/workflows/draft/run", json=body))
    shown = await get(owner, f"/apps/{app_id}/messages/{told[-1]['message_id']}")
    (found,) = shown["message_files"]
    assert (found["filename"], found["type"], found["belongs_to"]) == ("cat.png", "image", "user")
    assert (found["upload_file_id"], found["transfer_method"], found["size"]) == (file, "local_file", 8)
    assert f"/files/{file}/file-preview?" in found["url"]
    run = await get(owner, f"/apps/{app_id}/workflow-runs/{told[0]['workflow_run_id']}")
    (seen,) = run["inputs"]["sys.files"]
    assert f"/files/{file}/file-preview?" in seen["url"]


async def test_operators_rate_answers(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    _, message_id = await say(world, owner, app_id, "Who?")
    path = f"/apps/{app_id}/feedbacks"

    async def ratings() -> list[tuple[str, str | None, str]]:
        shown = await get(owner, f"/apps/{app_id}/messages/{message_id}")
        return [(f["rating"], f["content"], f["from_account"]["name"]) for f in shown["feedbacks"]]

    nothing = await owner.post(path, json={"message_id": message_id, "rating": None})
    assert (nothing.status_code, nothing.json()["code"]) == (400, "invalid_param")
    assert (await owner.post(path, json={"message_id": message_id, "rating": "like"})).json() == {"result": "success"}
    assert await ratings() == [("like", None, "Ada")]
    await owner.post(path, json={"message_id": message_id, "rating": "dislike", "content": "Too long"})
    assert await ratings() == [("dislike", "Too long", "Ada")]
    await owner.post(path, json={"message_id": message_id, "rating": None})
    assert await ratings() == []
    odd = await owner.post(path, json={"message_id": message_id, "rating": "meh"})
    assert odd.status_code == 400


async def test_text_generators_log_single_requests(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "completion")
    form = [{"paragraph": {"variable": "query", "label": "Query", "required": True}}]
    await world.save_config(owner, app_id, chat_config("Translate {{query}}", user_input_form=form))
    conversation_id, message_id = await say(world, owner, app_id, "cat", inputs={"query": "cat"})
    path = f"/apps/{app_id}/completion-conversations"
    (row,) = (await get(owner, path))["data"]
    assert (row["id"], row["annotation"]) == (conversation_id, None)
    assert row["message"]["inputs"] == {"query": "cat"}
    assert row["message"]["answer"] == REPLY
    detail = await get(owner, f"{path}/{conversation_id}")
    assert (detail["message"]["id"], detail["message"]["query"]) == (message_id, "cat")
    assert detail["model_config"]["pre_prompt"] == "Translate {{query}}"
    assert (await owner.delete(f"{path}/{conversation_id}")).status_code == 204
    assert (await get(owner, path))["total"] == 0


async def test_conversation_variables_are_shown(world: World) -> None:
    owner = await world.people.signed_in()
    variable = {"id": new_id(), "name": "mood", "value_type": "string", "value": "calm", "description": "How it is"}
    app_id = await world.new_app(owner, "advanced-chat", chatflow(), conversation_variables=[variable])
    conversation_id, _ = await say(world, owner, app_id, "Who?")
    path = f"/apps/{app_id}/conversation-variables"
    page = await get(owner, path, conversation_id=conversation_id)
    (found,) = page["data"]
    assert {name: found[name] for name in variable} == variable
    assert (await get(owner, path, conversation_id=new_id()))["data"] == []
    assert (await owner.get(path)).status_code == 400


async def test_other_workspaces_see_nothing(world: World) -> None:
    owner = await world.people.signed_in()
    variable = {"id": new_id(), "name": "mood", "value_type": "string", "value": "calm", "description": ""}
    app_id = await world.new_app(owner, "advanced-chat", chatflow(), conversation_variables=[variable])
    conversation_id, message_id = await say(world, owner, app_id, "Who?")
    other = await world.people.second_workspace(owner)
    own = await world.new_app(other, "advanced-chat", chatflow())
    flow = await world.new_app(other, "workflow", workflow())
    params = {"conversation_id": conversation_id}
    for place in (
        "chat-conversations", f"chat-conversations/{conversation_id}", "chat-messages", f"messages/{message_id}",
        "conversation-variables", "completion-conversations", "workflow-app-logs",
    ):  # fmt: skip
        answer = await other.get(f"/apps/{app_id}/{place}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found"), place
    for place in (f"chat-conversations/{conversation_id}", "chat-messages", f"messages/{message_id}"):
        answer = await other.get(f"/apps/{own}/{place}", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), place
    assert (await get(other, f"/apps/{own}/chat-conversations"))["data"] == []
    assert (await get(other, f"/apps/{own}/conversation-variables", **params))["data"] == []
    assert (await get(other, f"/apps/{flow}/workflow-app-logs"))["data"] == []
    rating = {"message_id": message_id, "rating": "like"}
    for target in (app_id, own):
        assert (await other.post(f"/apps/{target}/feedbacks", json=rating)).status_code == 404
        assert (await other.delete(f"/apps/{target}/chat-conversations/{conversation_id}")).status_code == 404
    assert (await get(owner, f"/apps/{app_id}/chat-conversations"))["total"] == 1


async def test_logs_are_for_those_who_may_see_them(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    conversation_id, message_id = await say(world, owner, app_id, "Who?")
    member = await world.people.invited(owner, "bob@example.com", "normal")
    for place in ("chat-conversations", f"chat-conversations/{conversation_id}", f"messages/{message_id}"):
        answer = await member.get(f"/apps/{app_id}/{place}")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), place
