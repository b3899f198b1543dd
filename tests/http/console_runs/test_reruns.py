from __future__ import annotations

from typing import Any

import httpx
from tests.http.console_runs.graphs import (
    asking_workflow,
    frames,
    llm,
    remembering_chatflow,
    repeating_workflow,
    template,
    workflow,
)
from tests.http.console_runs.test_draft_variables import VARIABLES, debugged_chat, items
from tests.http.console_runs.world import World

from orrery.database.ids import new_id


def told_then_greeted(text: str = "{{ said }}, {{ name }}") -> dict[str, Any]:
    """Asks the model, then greets with its words."""
    graph = asking_workflow()
    graph["nodes"].insert(2, template("greet", text, said=["llm", "text"], name=["start", "name"]))
    graph["nodes"][3]["data"]["outputs"] = [{"variable": "text", "value_selector": ["greet", "output"]}]
    graph["edges"][1]["target"] = "greet"
    graph["edges"].append({"id": "greet-end", "source": "greet", "sourceHandle": "source", "target": "end"})
    return graph


async def rerun(client: httpx.AsyncClient, app_id: str, run_id: str, node_id: str, **body: Any) -> list[dict[str, Any]]:
    url = f"/apps/{app_id}/workflow-runs/{run_id}/rerun"
    return frames(await client.post(url, json={"node_id": node_id, **body}))


async def debugged(client: httpx.AsyncClient, app_id: str, **inputs: Any) -> dict[str, Any]:
    return frames(await client.post(f"/apps/{app_id}/workflows/draft/run", json={"inputs": inputs}))[-1]


async def test_a_mended_node_is_tried_on_what_came_before_it(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", told_then_greeted("{{ 1 / 0 }}"))
    failed = await debugged(owner, app_id, name="Ada")
    assert failed["data"]["status"] == "failed"
    await world.save_draft(owner, app_id, told_then_greeted())
    told = await rerun(owner, app_id, failed["workflow_run_id"], "greet")
    assert (told[0]["event"], told[0]["data"]["reason"]) == ("workflow_started", "initial")
    assert told[0]["data"]["inputs"]["name"] == "Ada"
    assert [f["data"]["node_id"] for f in told if f["event"] == "node_finished"] == ["greet", "end"]
    end = told[-1]
    assert (end["data"]["status"], end["data"]["outputs"]) == (
        "succeeded", {"text": "This is a mocked LLM response, Ada"},
    )  # fmt: skip
    assert len(world.models.calls) == 1
    # The model's tokens and its step count, though it was not asked again.
    assert (end["data"]["total_tokens"], end["data"]["total_steps"]) == (15, 4)

    shown = (await owner.get(f"/apps/{app_id}/workflow-runs/{end['workflow_run_id']}")).json()
    assert shown["rerun_of"] == {"run_id": failed["workflow_run_id"], "node_id": "greet"}
    assert (await owner.get(f"/apps/{app_id}/workflow-runs/{failed['workflow_run_id']}")).json().get("rerun_of") is None
    nodes = (await owner.get(f"/apps/{app_id}/workflow-runs/{end['workflow_run_id']}/node-executions")).json()["data"]
    assert [(n["node_id"], n["status"]) for n in nodes] == [
        ("start", "succeeded"), ("llm", "succeeded"), ("greet", "succeeded"), ("end", "succeeded"),
    ]  # fmt: skip
    before = (await owner.get(f"/apps/{app_id}/workflow-runs/{failed['workflow_run_id']}/node-executions")).json()[
        "data"
    ]
    assert len(before) == 3
    assert not {n["id"] for n in before} & {n["id"] for n in nodes}
    # The rerun can be repeated too.
    again = await rerun(owner, app_id, end["workflow_run_id"], "greet")
    assert again[-1]["data"]["outputs"] == end["data"]["outputs"]
    left = await items(owner, app_id, "nodes/llm/variables")
    assert left["text"]["value"] == "This is a mocked LLM response"


async def test_a_published_run_is_repeated_with_its_own_graph(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    run_id = (await world.run_published(owner, app_id, inputs={"name": "Ada"})).spec.run_id
    await world.save_draft(owner, app_id, workflow("Bye {{ name }}"))
    recorded = (await rerun(owner, app_id, run_id, "greet", graph="recorded"))[-1]["data"]
    assert recorded["outputs"] == {"text": "Hello Ada"}
    assert recorded["created_by"]["email"] == "ada@example.com"
    drafted = (await rerun(owner, app_id, run_id, "greet"))[-1]["data"]
    assert drafted["outputs"] == {"text": "Bye Ada"}
    listed = (await owner.get(f"/apps/{app_id}/workflow-runs")).json()["data"]
    assert {run["id"] for run in listed} == {recorded["id"], drafted["id"]}


async def test_a_node_inside_a_container_stands_for_it(world: World) -> None:
    owner = await world.people.signed_in()
    graph = repeating_workflow()
    graph["nodes"][0]["data"]["variables"] = [{"variable": "names", "label": "n", "type": "json_object"}]
    graph["nodes"][1]["data"]["iterator_selector"] = ["start", "names", "all"]
    app_id = await world.new_app(owner, "workflow", graph)
    first = await debugged(owner, app_id, names={"all": ["Ada", "Bob"]})
    assert first["data"]["status"] == "succeeded"
    run_id = first["workflow_run_id"]
    told = await rerun(owner, app_id, run_id, "greet")
    assert [f["event"] for f in told].count("iteration_next") == 2
    # What stood inside a container that is taken over is in the new run's record as well.
    told = await rerun(owner, app_id, run_id, "end")
    assert told[-1]["data"]["outputs"] == {"texts": ["Hello Ada", "Hello Bob"]}
    url = f"/apps/{app_id}/workflow-runs/{told[-1]['workflow_run_id']}/node-executions"
    nodes = [node["node_id"] for node in (await owner.get(url)).json()["data"]]
    assert sorted(nodes) == ["each", "end", "greet", "greet", "start"]


async def test_a_chatflows_rerun_begins_with_the_variables_of_then(world: World) -> None:
    owner = await world.people.signed_in()
    graph = remembering_chatflow()
    graph["nodes"].insert(1, llm())
    graph["edges"][0]["target"] = "llm"
    graph["edges"].append({"id": "llm-keep", "source": "llm", "sourceHandle": "source", "target": "keep"})
    app_id = await world.new_app(owner, "advanced-chat", graph, conversation_variables=VARIABLES)
    first = await debugged_chat(owner, app_id, "Who?")
    text = "".join(frame["answer"] for frame in first if frame["event"] == "message")
    assert text == "1"
    run_id = next(frame["workflow_run_id"] for frame in first if frame["event"] == "workflow_finished")
    told = await rerun(owner, app_id, run_id, "keep")
    assert [f["event"] for f in told][-2:] == ["workflow_finished", "message_end"]
    assert "".join(frame["answer"] for frame in told if frame["event"] == "message") == "1"
    assert told[-1]["conversation_id"] == first[-1]["conversation_id"]
    assert told[-1]["message_id"] != first[-1]["message_id"]
    assert len(world.models.calls) == 1
    one, other = await world.messages(app_id)
    assert (one.query, one.parent_message_id) == (other.query, other.parent_message_id)
    held = await world.conversation_values(first[-1]["conversation_id"])
    assert held == {"last": "Who?", "turns": 1}


async def test_what_can_not_be_repeated_is_refused(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", asking_workflow())
    url = f"/apps/{app_id}/workflow-runs/{{}}/rerun"
    unknown = await owner.post(url.format(new_id()), json={"node_id": "llm"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    world.models.hold()
    live = await world.start_debug_run(owner, app_id, name="x")
    await world.models.asked.wait()
    early = await owner.post(url.format(live.spec.run_id), json={"node_id": "llm"})
    assert (early.status_code, early.json()["code"]) == (400, "invalid_param")
    assert "running" in early.json()["message"]
    live.abort("enough")
    world.models.let_go()
    await live.outcome
    for node_id in ("end", "nowhere"):
        refused = await owner.post(url.format(live.spec.run_id), json={"node_id": node_id})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param"), node_id
    assert (await rerun(owner, app_id, live.spec.run_id, "llm"))[-1]["data"]["status"] == "succeeded"
    stranger = await world.people.second_workspace(owner)
    assert (await stranger.post(url.format(live.spec.run_id), json={"node_id": "llm"})).status_code == 404
