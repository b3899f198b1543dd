from __future__ import annotations

from typing import Any

import httpx
from tests.http.console_runs.graphs import asking_workflow, chatflow, frames, repeating_workflow, workflow
from tests.http.console_runs.world import World


def path(app_id: str, node_id: str, what: str = "run") -> str:
    return f"/apps/{app_id}/workflows/draft/nodes/{node_id}/{what}"


async def run(client: httpx.AsyncClient, app_id: str, node_id: str, **body: Any) -> Any:
    answer = await client.post(path(app_id, node_id), json={"inputs": {}, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_node_runs_with_inputs_by_any_of_its_names(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    for name in ("greet.name", "name", "start.name", "#start.name#"):
        done = await run(owner, app_id, "greet", inputs={name: "Ada"})
        assert (done["node_id"], done["status"], done["error"]) == ("greet", "succeeded", None)
        assert (done["inputs"], done["outputs"]) == ({"name": "Ada"}, {"output": "Hello Ada"})
    assert done["created_by_account"]["name"] == "Ada"
    last = (await owner.get(path(app_id, "greet", "last-run"))).json()
    assert last == done


async def test_only_this_node_runs(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", asking_workflow())
    await run(owner, app_id, "start", inputs={"name": "Ada"})
    assert world.models.calls == []
    done = await run(owner, app_id, "llm", inputs={"#start.name#": "Who?"})
    assert done["outputs"]["text"] == "This is a mocked LLM response"
    assert [m.text() for m in world.models.calls[-1].messages] == ["Who?"]
    assert done["execution_metadata"]["total_tokens"] == 15
    runs = (await owner.get(f"/apps/{app_id}/workflow-runs")).json()
    assert runs["data"] == []


async def test_what_is_not_given_comes_from_the_last_debug_run(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    missing = await owner.post(path(app_id, "greet"), json={"inputs": {}})
    assert (missing.status_code, missing.json()["code"]) == (400, "invalid_param")
    assert missing.json()["message"] == "Variable key greet.name not found in user inputs."
    await world.run_published(owner, app_id, inputs={"name": "Published"})
    assert (await owner.post(path(app_id, "greet"), json={"inputs": {}})).status_code == 400
    frames(await owner.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": {"name": "Bob"}}))
    assert (await run(owner, app_id, "greet"))["outputs"] == {"output": "Hello Bob"}


async def test_a_container_runs_with_what_is_inside(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", repeating_workflow())
    done = await run(owner, app_id, "each", inputs={"start.names": ["Ada", "Bob"]})
    assert (done["node_type"], done["status"], done["error"]) == ("iteration", "succeeded", None)
    assert done["outputs"] == {"output": ["Hello Ada", "Hello Bob"]}


async def test_a_start_checks_its_form(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    answer = await owner.post(path(app_id, "start"), json={"inputs": {"name": "x" * 49}})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
    assert (await run(owner, app_id, "start", inputs={"name": "Ada"}))["outputs"]["name"] == "Ada"


async def test_failures_are_told_in_the_record(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow("{{ 1 / 0 }}"))
    done = await run(owner, app_id, "greet", inputs={"name": "Ada"})
    assert done["status"] == "failed"
    assert done["error"]


async def test_a_chatflows_query_is_given_apart(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow())
    await run(owner, app_id, "llm", query="Who?")
    assert [m.text() for m in world.models.calls[-1].messages] == ["Who?"]


async def test_unknown_nodes_and_other_workspaces_find_nothing(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await run(owner, app_id, "greet", inputs={"name": "Ada"})
    other = await world.people.second_workspace(owner)
    own = await world.new_app(other, "workflow", workflow())
    assert (await owner.post(path(app_id, "nowhere"), json={"inputs": {}})).status_code == 404
    assert (await owner.get(path(app_id, "end", "last-run"))).status_code == 404
    for answer in (
        await other.get(path(app_id, "greet", "last-run")),
        await other.post(path(app_id, "greet"), json={"inputs": {"name": "x"}}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "app_not_found")
    assert (await other.get(path(own, "greet", "last-run"))).status_code == 404
    assert (await other.post(path(own, "greet"), json={"inputs": {}})).status_code == 400
