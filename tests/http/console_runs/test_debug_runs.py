from __future__ import annotations

import asyncio

from tests.http.console_runs.graphs import chatflow, frames, workflow
from tests.http.console_runs.world import World

from orrery.database.ids import new_id


async def test_a_draft_runs_as_a_stream(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    answer = await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": "Ada"}, "files": []})
    told = frames(answer)
    assert [told[0]["event"], told[-1]["event"]] == ["workflow_started", "workflow_finished"]
    end = told[-1]["data"]
    assert (end["status"], end["outputs"]) == ("succeeded", {"text": "Hello Ada"})
    assert end["created_by"]["email"] == "ada@example.com"
    greeting = next(f["data"] for f in told if f["event"] == "node_finished" and f["data"]["node_id"] == "greet")
    assert greeting["outputs"] == {"output": "Hello Ada"}


async def test_the_draft_runs_and_not_what_is_published(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await world.save_draft(owner, app_id, workflow("Bye {{ name }}"))
    told = frames(await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": "Ada"}}))
    assert told[-1]["data"]["outputs"] == {"text": "Bye Ada"}


async def test_an_app_without_a_draft_says_so(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow")
    answer = await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {}})
    assert (answer.status_code, answer.json()["code"]) == (404, "draft_workflow_not_exist")


async def test_a_chatflow_draft_keeps_its_conversation(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    path = f"/apps/{app_id}/advanced-chat/workflows/draft/run"
    first = frames(await owner.post(path, json={"inputs": {}, "query": "Who?", "conversation_id": ""}))
    assert "".join(f["answer"] for f in first if f["event"] == "message") == "This is a mocked LLM response"
    assert first[-1]["event"] == "message_end"
    conversation_id = first[-1]["conversation_id"]
    body = {"inputs": {}, "query": "And?", "conversation_id": conversation_id}
    second = frames(await owner.post(path, json=body))
    assert second[-1]["conversation_id"] == conversation_id
    started = next(f["data"] for f in second if f["event"] == "workflow_started")
    assert started["inputs"]["sys.dialogue_count"] == 2


async def test_a_chat_needs_a_query(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    answer = await owner.post(f"/apps/{app_id}/advanced-chat/workflows/draft/run", json={"inputs": {}, "query": ""})
    assert (answer.status_code, answer.json()["code"], answer.json()["params"]) == (400, "invalid_param", "query")


async def test_routes_are_for_their_modes(world: World) -> None:
    owner = await world.people.signed_in()
    chat = await world.new_app(owner, "advanced-chat", chatflow())
    flow = await world.new_app(owner, "workflow", workflow())
    for path, body in (
        (f"/apps/{chat}/workflows/draft/run", {"inputs": {}}),
        (f"/apps/{flow}/advanced-chat/workflows/draft/run", {"inputs": {}, "query": "x"}),
    ):
        answer = await owner.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found"), path


async def test_stopping_ends_the_run(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    world.models.hold()
    path = f"/apps/{app_id}/advanced-chat/workflows/draft/run"
    streaming = asyncio.create_task(owner.post(path, json={"query": "Who?"}))
    await world.models.asked.wait()
    (live,) = list(world.runs.live)
    answer = await owner.post(f"/apps/{app_id}/workflow-runs/tasks/{live.spec.task_id}/stop")
    assert (answer.status_code, answer.json()) == (200, {"result": "success"})
    told = frames(await streaming)
    finished = next(f["data"] for f in told if f["event"] == "workflow_finished")
    assert (finished["status"], finished["error"]) == ("stopped", "Stopped by user.")


async def test_unknown_tasks_are_no_error(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    answer = await owner.post(f"/apps/{app_id}/workflow-runs/tasks/{new_id()}/stop")
    assert (answer.status_code, answer.json()) == (200, {"result": "success"})


async def test_a_run_can_be_watched_again(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    told = frames(await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": "Ada"}}))
    run_id = told[0]["workflow_run_id"]
    for path in (f"/apps/{app_id}/workflow-runs/{run_id}/events", f"/workflow/{run_id}/events"):
        assert frames(await owner.get(path)) == told
        rest = await owner.get(path, headers={"Last-Event-ID": "2"})
        assert frames(rest) == told[2:]


async def test_other_workspaces_see_nothing(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    other = await world.people.second_workspace(owner)
    own = await world.new_app(other, "advanced-chat", chatflow())
    world.models.hold()
    path = "advanced-chat/workflows/draft/run"
    streaming = asyncio.create_task(owner.post(f"/apps/{app_id}/{path}", json={"query": "Who?"}))
    await world.models.asked.wait()
    (live,) = list(world.runs.live)
    task_id, run_id = live.spec.task_id, live.spec.run_id

    async def code(method: str, place: str, **named: object) -> str:
        answer = await other.request(method, place, **named)  # type: ignore[arg-type]  # httpx takes them
        assert answer.status_code == 404, (place, answer.text)
        return str(answer.json()["code"])

    assert await code("POST", f"/apps/{app_id}/{path}", json={"query": "x"}) == "app_not_found"
    assert await code("POST", f"/apps/{app_id}/workflow-runs/tasks/{task_id}/stop") == "app_not_found"
    assert await code("GET", f"/apps/{app_id}/workflow-runs/{run_id}/events") == "app_not_found"
    assert await code("GET", f"/apps/{own}/workflow-runs/{run_id}/events") == "not_found"
    assert await code("GET", f"/workflow/{run_id}/events") == "not_found"
    assert (await other.post(f"/apps/{own}/workflow-runs/tasks/{task_id}/stop")).status_code == 200
    world.models.let_go()
    told = frames(await streaming)
    assert told[-1]["event"] == "message_end"
    conversation_id = told[-1]["conversation_id"]
    body = {"query": "x", "conversation_id": conversation_id}
    answer = await other.post(f"/apps/{own}/{path}", json=body)
    assert (answer.status_code, answer.json()["message"]) == (404, "Conversation Not Exists.")


async def test_drafts_are_run_by_editors(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    member = await world.people.invited(owner, "bob@example.com", "normal")
    answer = await member.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {}})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
