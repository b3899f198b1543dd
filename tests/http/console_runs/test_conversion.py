"""Basic apps made into graphs: the new app asks its model what the old one asked (workflow.md 7.1)."""

from __future__ import annotations

from typing import Any

import httpx
from tests.http.console_runs.graphs import chat_config, chatflow, frames
from tests.http.console_runs.world import World

FORM = [
    {"text-input": {"variable": "name", "label": "Name", "required": True, "max_length": 20, "default": ""}},
    {"paragraph": {"variable": "名字", "label": "名字", "required": False, "default": ""}},
]
INPUTS = {"name": "Ada", "名字": "艾达"}


async def converted(client: httpx.AsyncClient, app_id: str, **body: Any) -> str:
    answer = await client.post(f"/apps/{app_id}/convert-to-workflow", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["new_app_id"])


def asked(world: World) -> list[tuple[str, str]]:
    return [(message.role, message.text()) for message in world.models.calls[-1].messages]


async def test_a_chat_app_becomes_a_chatflow(world: World) -> None:
    owner = await world.people.signed_in()
    old = await world.new_app(owner, "chat")
    config = chat_config("You serve {{name}} ({{名字}}).", user_input_form=FORM, opening_statement="Hi {{name}}")
    await world.save_config(owner, old, config)
    await world.run_published(owner, old, inputs=INPUTS, query="Who?")
    before = asked(world)
    assert before == [("system", "You serve Ada (艾达)."), ("user", "Who?")]

    new = await converted(owner, old, name="As a graph")
    who = await world.actor(owner)
    app = (await world.apps.get(who.workspace_id, new)).app
    assert (app.name, app.mode) == ("As a graph", "advanced-chat")
    draft = await world.workflows.draft(who.workspace_id, new)
    assert '"opening_statement":"Hi {{name}}"' in draft.features
    # A name that no reference can hold is replaced; people still read the label.
    body = {"inputs": {"name": "Ada", "v1": "艾达"}, "query": "Who?", "conversation_id": ""}
    told = frames(await owner.post(f"/apps/{new}/advanced-chat/workflows/draft/run", json=body))
    assert told[-1]["event"] == "message_end"
    assert asked(world) == before
    assert (await world.apps.get(who.workspace_id, old)).app.mode == "chat"


async def test_a_completion_app_becomes_a_workflow(world: World) -> None:
    owner = await world.people.signed_in()
    old = await world.new_app(owner, "completion")
    await world.save_config(owner, old, chat_config("Write of {{name}}.", user_input_form=FORM[:1]))
    await world.run_published(owner, old, inputs={"name": "Ada"}, query="")
    before = asked(world)
    new = await converted(owner, old)
    app = (await world.apps.get((await world.actor(owner)).workspace_id, new)).app
    assert (app.name, app.mode) == ("A completion(workflow)", "workflow")
    told = frames(await owner.post(f"/apps/{new}/workflows/draft/run", json={"inputs": {"name": "Ada"}}))
    assert told[-1]["data"]["outputs"] == {"result": "This is a mocked LLM response"}
    assert asked(world) == before == [("user", "Write of Ada.")]


async def test_knowledge_is_asked_before_the_model(world: World) -> None:
    owner = await world.people.signed_in()
    old = await world.new_app(owner, "chat")
    datasets = {
        "datasets": {"strategy": "router", "datasets": [{"dataset": {"enabled": True, "id": "d1"}}]},
        "top_k": 2,
    }
    await world.save_config(owner, old, chat_config("Be brief.", dataset_configs=datasets))
    new = await converted(owner, old)
    draft = await world.workflows.draft((await world.actor(owner)).workspace_id, new)
    assert '"dataset_ids":["d1"]' in draft.graph
    assert '"source":"start"' in draft.graph and '"target":"knowledge"' in draft.graph
    assert "{{#context#}}\\n\\nBe brief." in draft.graph


async def test_what_can_not_be_converted_is_left_alone(world: World) -> None:
    owner = await world.people.signed_in()
    flow = await world.new_app(owner, "advanced-chat", chatflow())
    refused = await owner.post(f"/apps/{flow}/convert-to-workflow", json={})
    assert (refused.status_code, refused.json()["code"]) == (404, "app_not_found")
    old = await world.new_app(owner, "chat")
    tools = [{"enabled": True, "variable": "x", "type": "api", "config": {}}]
    await world.save_config(owner, old, chat_config(external_data_tools=tools))
    refused = await owner.post(f"/apps/{old}/convert-to-workflow", json={})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    stranger = await world.people.second_workspace(owner)
    assert (await stranger.post(f"/apps/{old}/convert-to-workflow", json={})).status_code == 404
