from __future__ import annotations

from typing import Any

from tests.http.console_runs.graphs import chatflow, frames, looping_workflow, repeating_workflow, workflow
from tests.http.console_runs.world import World


def path(app_id: str, kind: str, node_id: str, *, chat: bool = False) -> str:
    return f"/apps/{app_id}/{'advanced-chat/' if chat else ''}workflows/draft/{kind}/nodes/{node_id}/run"


def with_chat(graph: dict[str, Any]) -> dict[str, Any]:
    """A chatflow with this graph's container in the place of its model."""
    chat, ids = chatflow(), {"start", "end"}
    inner = [node for node in graph["nodes"] if node["id"] not in ids]
    edges = [edge for edge in graph["edges"] if not {edge["source"], edge["target"]} & ids]
    return {"nodes": [*chat["nodes"], *inner], "edges": [*chat["edges"], *edges]}


async def test_an_iteration_runs_alone_and_tells_its_rounds(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", repeating_workflow())
    body = {"inputs": {"each.input_selector": ["Ada", "Bob"]}}
    told = frames(await owner.post(path(app_id, "iteration", "each"), json=body))
    assert [frame["event"] for frame in told] == [
        "workflow_started",
        "iteration_started",
        *["iteration_next", "node_started", "node_finished"] * 2,
        "iteration_completed",
        "workflow_finished",
    ]
    done = told[-2]["data"]
    assert (done["status"], done["outputs"]) == ("succeeded", {"output": ["Hello Ada", "Hello Bob"]})
    assert told[-1]["data"]["status"] == "succeeded"
    assert (await owner.get(f"/apps/{app_id}/workflow-runs")).json()["data"] == []
    run_id = told[-1]["workflow_run_id"]
    nodes = (await owner.get(f"/apps/{app_id}/workflow-runs/{run_id}/node-executions")).json()["data"]
    assert sorted(node["node_id"] for node in nodes) == ["each", "greet", "greet"]
    last = (await owner.get(f"/apps/{app_id}/workflows/draft/nodes/each/last-run")).json()
    assert last["outputs"] == done["outputs"]
    left = (await owner.get(f"/apps/{app_id}/workflows/draft/nodes/each/variables")).json()["items"]
    assert [item["value"] for item in left] == [["Hello Ada", "Hello Bob"]]


async def test_a_loop_runs_alone_on_what_earlier_runs_left(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", looping_workflow())
    loop = path(app_id, "loop", "again")
    missing = await owner.post(loop, json={"inputs": {}})
    assert (missing.status_code, missing.json()["code"]) == (400, "invalid_param")
    assert missing.json()["message"] == "Variable key more.name not found in user inputs."
    await owner.post(f"/apps/{app_id}/workflows/draft/nodes/start/run", json={"inputs": {"name": "ab"}})
    told = frames(await owner.post(loop, json={"inputs": {}}))
    done = next(frame["data"] for frame in told if frame["event"] == "loop_completed")
    assert done["outputs"] == {"text": "ababab", "loop_round": 3}
    assert len([frame for frame in told if frame["event"] == "loop_next"]) == 3
    left = (await owner.get(f"/apps/{app_id}/workflows/draft/nodes/again/variables")).json()["items"]
    assert {item["name"]: item["value"] for item in left} == {"text": "ababab"}


async def test_containers_of_chatflows_run_alone_without_a_message(world: World) -> None:
    owner = await world.people.signed_in()
    for kind, node_id, graph, body in (
        ("iteration", "each", repeating_workflow(), {"inputs": {"each.input_selector": ["Ada"]}}),
        ("loop", "again", looping_workflow(), {"inputs": {"more.name": "x"}}),
    ):
        app_id = await world.new_app(owner, "advanced-chat", with_chat(graph))
        told = frames(await owner.post(path(app_id, kind, node_id, chat=True), json=body))
        events = [frame["event"] for frame in told]
        assert f"{kind}_completed" in events
        assert events[-2:] == ["workflow_finished", "message_end"]
        assert await world.messages(app_id) == []
        wrong = await owner.post(path(app_id, kind, node_id), json=body)
        assert (wrong.status_code, wrong.json()["code"]) == (404, "app_not_found")


async def test_only_containers_of_the_kind_run_so(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    assert (await owner.post(path(app_id, "iteration", "nowhere"), json={"inputs": {}})).status_code == 404
    refused = await owner.post(path(app_id, "loop", "greet"), json={"inputs": {"name": "x"}})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    stranger = await world.people.second_workspace(owner)
    assert (await stranger.post(path(app_id, "loop", "greet"), json={"inputs": {}})).status_code == 404
