from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from tests.http.console_runs.graphs import (
    chatflow,
    frames,
    remembering_chatflow,
    repeating_workflow,
    start,
    template,
    workflow,
)
from tests.http.console_runs.world import World
from tests.support.people import people

from orrery.apps.runs.truncation import DisplayLimits

VARIABLES = [
    {"name": "last", "value_type": "string", "value": "", "description": "the last question"},
    {"name": "turns", "value_type": "number", "value": 0},
]


def path(app_id: str, rest: str = "variables") -> str:
    return f"/apps/{app_id}/workflows/draft/{rest}"


async def items(client: httpx.AsyncClient, app_id: str, rest: str) -> dict[str, Any]:
    answer = await client.get(path(app_id, rest))
    assert answer.status_code == 200, answer.text
    return {item["name"]: item for item in answer.json()["items"]}


async def debugged(client: httpx.AsyncClient, app_id: str, **inputs: Any) -> None:
    told = frames(await client.post(path(app_id, "run"), json={"inputs": inputs}))
    assert told[-1]["data"]["status"] == "succeeded", told[-1]


async def debugged_chat(client: httpx.AsyncClient, app_id: str, query: str) -> list[dict[str, Any]]:
    body = {"inputs": {}, "query": query, "conversation_id": ""}
    return frames(await client.post(f"/apps/{app_id}/advanced-chat/workflows/draft/run", json=body))


async def test_a_debug_run_leaves_its_variables(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    assert (await owner.get(path(app_id))).json() == {"items": [], "total": 0}
    await debugged(owner, app_id, name="Ada")
    greet = await items(owner, app_id, "nodes/greet/variables")
    shown = greet["output"]
    assert shown == {
        "id": shown["id"],
        "type": "node",
        "name": "output",
        "description": "",
        "selector": ["greet", "output"],
        "value_type": "string",
        "value": "Hello Ada",
        "edited": False,
        "visible": True,
        "is_truncated": False,
        "full_content": None,
    }
    assert (await owner.get(path(app_id, f"variables/{shown['id']}"))).json() == shown
    assert {n: v["value"] for n, v in (await items(owner, app_id, "nodes/start/variables")).items()} == {"name": "Ada"}
    marker = (await items(owner, app_id, "nodes/end/variables"))["text"]
    assert marker["value"] == "Hello Ada"
    system = await items(owner, app_id, "system-variables")
    assert (system["files"]["type"], system["files"]["visible"]) == ("sys", True)
    assert (system["app_id"]["value"], system["app_id"]["visible"]) == (app_id, False)
    listed = (await owner.get(path(app_id), params={"limit": 3})).json()
    assert listed["total"] == len(system) + 3
    assert [("value" in item, "full_content" in item) for item in listed["items"]] == [(False, False)] * 3
    more = (await owner.get(path(app_id), params={"limit": 3, "page": 2})).json()
    assert not {item["id"] for item in more["items"]} & {item["id"] for item in listed["items"]}


async def test_published_runs_leave_nothing(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await world.run_published(owner, app_id, inputs={"name": "Ada"})
    assert (await owner.get(path(app_id))).json()["total"] == 0


async def test_what_a_node_left_feeds_the_next_one(world: World) -> None:
    owner = await world.people.signed_in()
    graph = workflow()
    graph["nodes"].insert(2, template("louder", "{{ said }}!", said=["greet", "output"]))
    app_id = await world.new_app(owner, "workflow", graph)
    step = path(app_id, "nodes/louder/run")
    missing = await owner.post(step, json={"inputs": {}})
    assert missing.json()["message"] == "Variable key louder.said not found in user inputs."
    await owner.post(path(app_id, "nodes/greet/run"), json={"inputs": {"name": "Bob"}})
    assert (await owner.post(step, json={"inputs": {}})).json()["outputs"] == {"output": "Hello Bob!"}
    held = (await items(owner, app_id, "nodes/greet/variables"))["output"]
    changed = await owner.patch(path(app_id, f"variables/{held['id']}"), json={"value": "Good day"})
    assert (changed.json()["value"], changed.json()["edited"]) == ("Good day", True)
    assert (await owner.post(step, json={"inputs": {}})).json()["outputs"] == {"output": "Good day!"}
    assert (await owner.delete(path(app_id, f"variables/{held['id']}"))).status_code == 204
    assert (await owner.post(step, json={"inputs": {}})).status_code == 400


async def test_changes_must_fit_and_can_be_taken_back(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await debugged(owner, app_id, name="Ada")
    held = (await items(owner, app_id, "nodes/greet/variables"))["output"]
    place = path(app_id, f"variables/{held['id']}")
    wrong = await owner.patch(place, json={"value": 7})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["params"]) == (400, "invalid_param", "value")
    assert wrong.json()["message"] == "Type mismatch: expected string, but got integer, value=7"
    assert (await owner.patch(place, json={})).json() == held
    assert (await owner.patch(place, json={"name": "said"})).json()["selector"] == ["greet", "said"]
    assert (await owner.patch(place, json={"name": "a.b"})).status_code == 400
    assert (await owner.patch(place, json={"value": "x"})).json()["value"] == "x"
    back = await owner.put(place + "/reset")
    assert back.status_code == 200
    assert (back.json()["value"], back.json()["edited"]) == ("Hello Ada", False)
    system = await items(owner, app_id, "system-variables")
    fixed = await owner.patch(path(app_id, f"variables/{system['app_id']['id']}"), json={"value": "x"})
    assert (fixed.status_code, fixed.json()["code"]) == (400, "invalid_param")
    unknown = await owner.get(path(app_id, "variables/0190f5a0-0000-7000-8000-000000000000"))
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert (await owner.get(path(app_id, "variables/nonsense"))).status_code == 404


def giving_nothing() -> dict[str, Any]:
    """A snippet whose declared outputs are null, and an end that shows a variable which nobody made."""
    outputs = {name: {"type": kind} for name, kind in (("sum", "number"), ("all", "array[string]"))}
    code = {
        "type": "code",
        "title": "code",
        "code_language": "python3",
        "code": "",
        "variables": [],
        "outputs": outputs,
    }
    shown = {"variable": "shown", "value_selector": ["code", "gone"], "value_type": "any"}
    nodes = [
        start(),
        {"id": "code", "type": "custom", "data": code},
        {"id": "end", "type": "custom", "data": {"type": "end", "title": "end", "outputs": [shown]}},
    ]
    edges = [
        {"source": a, "target": b, "sourceHandle": "source", "targetHandle": "target"}
        for a, b in (("start", "code"), ("code", "end"))
    ]
    return {"nodes": nodes, "edges": edges}


async def test_what_holds_null_takes_a_value_of_its_declared_type(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", giving_nothing())
    world.code.main = lambda _source, _inputs: {"sum": None, "all": None}
    await debugged(owner, app_id)
    held = await items(owner, app_id, "nodes/code/variables")
    assert {name: (item["value"], item["value_type"]) for name, item in held.items()} == {
        "sum": (None, "none"), "all": (None, "none"),
    }  # fmt: skip
    total, listed = (path(app_id, f"variables/{held[name]['id']}") for name in ("sum", "all"))
    wrong = await owner.patch(total, json={"value": "seven"})
    assert (wrong.status_code, wrong.json()["params"]) == (400, "value")
    assert wrong.json()["message"] == "Type mismatch: expected number, but got string, value=seven"
    assert (await owner.patch(total, json={"value": None})).json()["value_type"] == "none"
    changed = (await owner.patch(total, json={"value": 7})).json()
    assert (changed["value"], changed["value_type"], changed["edited"]) == (7, "number", True)
    assert (await owner.patch(total, json={"value": "seven"})).status_code == 400, "now it has a type"
    back = (await owner.put(total + "/reset")).json()
    assert (back["value"], back["value_type"], back["edited"]) == (None, "none", False)
    empty = (await owner.patch(listed, json={"value": []})).json()
    assert (empty["value"], empty["value_type"]) == ([], "array[string]")

    # What nobody declares takes anything.
    shown = (await items(owner, app_id, "nodes/end/variables"))["shown"]
    anything = (await owner.patch(path(app_id, f"variables/{shown['id']}"), json={"value": {"a": [1]}})).json()
    assert (anything["value"], anything["value_type"]) == ({"a": [1]}, "object")
    await owner.put(path(app_id, f"variables/{shown['id']}/reset"))
    forged = {
        "dify_model_identity": "__dify__file__",
        "tenant_id": "x",
        "transfer_method": "local_file",
        "type": "image",
    }
    assert (await owner.patch(path(app_id, f"variables/{shown['id']}"), json={"value": forged})).status_code == 400


async def test_a_variable_that_no_execution_gave_is_gone_after_a_reset(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await debugged(owner, app_id, name="Ada")
    held = (await items(owner, app_id, "nodes/start/variables"))["name"]
    runs = (await owner.get(f"/apps/{app_id}/workflow-runs")).json()["data"]
    assert len(runs) == 1
    await world.forget_executions(app_id)
    assert (await owner.put(path(app_id, f"variables/{held['id']}/reset"))).status_code == 204
    assert await items(owner, app_id, "nodes/start/variables") == {}


async def test_variables_are_thrown_away_by_node_and_all(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", workflow())
    await debugged(owner, app_id, name="Ada")
    assert (await owner.delete(path(app_id, "nodes/greet/variables"))).status_code == 204
    assert await items(owner, app_id, "nodes/greet/variables") == {}
    assert "name" in await items(owner, app_id, "nodes/start/variables")
    assert (await owner.delete(path(app_id))).status_code == 204
    assert (await owner.get(path(app_id))).json() == {"items": [], "total": 0}
    refused = await owner.get(path(app_id, "nodes/sys/variables"))
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")


async def test_everybody_has_variables_of_his_own(world: World) -> None:
    owner = await world.people.signed_in()
    editor = await world.people.invited(owner, "ed@example.org", "editor")
    app_id = await world.new_app(owner, "workflow", workflow())
    await debugged(owner, app_id, name="Ada")
    held = (await items(owner, app_id, "nodes/greet/variables"))["output"]
    assert (await editor.get(path(app_id))).json()["total"] == 0
    assert (await editor.get(path(app_id, f"variables/{held['id']}"))).status_code == 404
    assert (await editor.delete(path(app_id))).status_code == 204
    assert (await owner.get(path(app_id, f"variables/{held['id']}"))).json() == held
    stranger = await world.people.second_workspace(owner)
    assert (await stranger.get(path(app_id))).status_code == 404


async def test_inner_nodes_leave_nothing_and_silent_ones_a_mark(world: World) -> None:
    owner = await world.people.signed_in()
    graph = repeating_workflow()
    graph["nodes"][0]["data"]["variables"] = [
        {"variable": "names", "label": "names", "type": "json_object", "required": False}
    ]
    graph["nodes"][1]["data"]["iterator_selector"] = ["start", "names", "all"]
    app_id = await world.new_app(owner, "workflow", graph)
    await debugged(owner, app_id, names={"all": ["Ada", "Bob"]})
    assert await items(owner, app_id, "nodes/greet/variables") == {}
    each = await items(owner, app_id, "nodes/each/variables")
    assert (each["output"]["value_type"], each["output"]["value"]) == ("array[string]", ["Hello Ada", "Hello Bob"])
    await owner.delete(path(app_id))
    await debugged(owner, app_id, names={"all": []})
    silent = await items(owner, app_id, "nodes/each/variables")
    assert silent["output"]["value"] == []


async def test_a_chatflow_keeps_its_query_and_conversation_variables(world: World) -> None:
    owner = await world.people.signed_in()
    graph = remembering_chatflow()
    app_id = await world.new_app(owner, "advanced-chat", graph, conversation_variables=VARIABLES)
    held = await items(owner, app_id, "conversation-variables")
    assert {n: (v["value"], v["value_type"]) for n, v in held.items()} == {
        "last": ("", "string"),
        "turns": (0, "number"),
    }
    assert held["last"]["description"] == "the last question"
    await debugged_chat(owner, app_id, "Who?")
    held = await items(owner, app_id, "conversation-variables")
    assert {n: v["value"] for n, v in held.items()} == {"last": "Who?", "turns": 1}
    assert held["last"]["selector"] == ["conversation", "last"]
    system = await items(owner, app_id, "system-variables")
    assert (system["query"]["value"], system["query"]["visible"]) == ("Who?", True)
    # The message's files may be set as well, though there were none.
    files = system["files"]
    assert (files["value_type"], files["value"]) == ("array[file]", [])
    sent = {
        "type": "image",
        "transfer_method": "local_file",
        "upload_file_id": await world.upload(owner, "a.png", b"1"),
    }
    place = path(app_id, f"variables/{files['id']}")
    changed = (await owner.patch(place, json={"value": [sent]})).json()
    assert [file["filename"] for file in changed["value"]] == ["a.png"]
    assert (await owner.patch(place, json={"value": ["a.png"]})).status_code == 400
    back = (await owner.put(place + "/reset")).json()
    assert (back["value_type"], back["value"]) == ("array[file]", [])
    # A single step starts from these values, and leaves its own.
    turns = path(app_id, f"variables/{held['turns']['id']}")
    assert (await owner.patch(turns, json={"value": "many"})).status_code == 400
    assert (await owner.patch(turns, json={"value": 41})).json()["value"] == 41
    assert (await owner.post(path(app_id, "nodes/keep/run"), json={"inputs": {}})).json()["status"] == "succeeded"
    assert (await items(owner, app_id, "conversation-variables"))["turns"]["value"] == 42
    assert (await owner.put(turns + "/reset")).json()["value"] == 0
    marks = await items(owner, app_id, "nodes/keep/variables")
    assert [(name, mark["visible"]) for name, mark in marks.items()] == [("__dummy__", False)]


async def test_a_conversation_variable_follows_its_declaration(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "advanced-chat", chatflow(), conversation_variables=VARIABLES)
    assert (await items(owner, app_id, "conversation-variables"))["turns"]["value_type"] == "number"
    declared = [{"name": "turns", "value_type": "array[string]", "value": ["a"]}]
    await world.save_draft(owner, app_id, chatflow(), conversation_variables=declared)
    held = await items(owner, app_id, "conversation-variables")
    assert {n: (v["value"], v["value_type"]) for n, v in held.items()} == {"turns": (["a"], "array[string]")}


async def test_secrets_of_the_environment_are_masked(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow")
    env = [
        {"name": "token", "value_type": "secret", "value": "sk-very-secret-word"},
        {"name": "place", "value_type": "string", "value": "here"},
    ]
    graph = workflow()
    graph["nodes"][1] = template("greet", "Hello {{ name }}", name=["env", "token"])
    await world.save_draft(owner, app_id, graph, environment_variables=env)
    shown = await items(owner, app_id, "environment-variables")
    assert shown["place"]["value"] == "here"
    assert shown["token"]["value_type"] == "secret"
    assert "secret-word" not in str(shown["token"]["value"])
    answer = await owner.post(path(app_id, "run"), json={"inputs": {"name": "x"}})
    greet = next(f["data"] for f in frames(answer) if f["event"] == "node_finished" and f["data"]["node_id"] == "greet")
    assert greet["inputs"] == {"name": "sk-ver************rd"}
    run = (await owner.get(f"/apps/{app_id}/workflow-runs")).json()["data"][0]
    nodes = (await owner.get(f"/apps/{app_id}/workflow-runs/{run['id']}/node-executions")).json()["data"]
    assert next(n for n in nodes if n["node_id"] == "greet")["inputs"] == greet["inputs"]
    step = (await owner.post(path(app_id, "nodes/greet/run"), json={"inputs": {}})).json()
    assert (step["inputs"], step["outputs"]) == (greet["inputs"], {"output": "Hello sk-very-secret-word"})


async def test_files_are_changed_by_mappings(world: World) -> None:
    owner = await world.people.signed_in()
    app_id = await world.new_app(owner, "workflow", chat_of_files())
    first = await world.upload(owner, "first.png", b"1")
    second = await world.upload(owner, "second.png", b"22")
    sent = {"type": "image", "transfer_method": "local_file", "upload_file_id": first}
    await debugged(owner, app_id, picture=sent)
    held = (await items(owner, app_id, "nodes/start/variables"))["picture"]
    assert (held["value_type"], held["value"]["filename"]) == ("file", "first.png")
    assert "/file-preview?" in held["value"]["url"]
    place = path(app_id, f"variables/{held['id']}")
    changed = await owner.patch(place, json={"value": {**sent, "upload_file_id": second}})
    assert (changed.json()["value"]["filename"], changed.json()["value"]["size"]) == ("second.png", 2)
    assert (await owner.patch(place, json={"value": changed.json()["value"]})).status_code == 200
    for wrong in ("text", [sent], {"type": "image", "transfer_method": "local_file", "upload_file_id": "nonsense"}):
        refused = await owner.patch(place, json={"value": wrong})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param"), wrong
    step = await owner.post(path(app_id, "nodes/greet/run"), json={"inputs": {}})
    assert step.json()["outputs"] == {"output": "Hello second.png"}


def chat_of_files() -> dict[str, Any]:
    graph = workflow()
    graph["nodes"][0] = start()
    graph["nodes"][0]["data"]["variables"] = [
        {
            "variable": "picture",
            "label": "picture",
            "type": "file",
            "required": True,
            "allowed_file_types": ["image"],
            "allowed_file_upload_methods": ["local_file"],
        }
    ]
    graph["nodes"][1] = template("greet", "Hello {{ name }}", name=["start", "picture", "name"])
    return graph


async def test_large_values_are_cut_and_kept_whole_in_a_file(tmp_path: Path) -> None:
    async with people(tmp_path) as site:
        await site.set_up()
        world = World(site, tmp_path, DisplayLimits(string_length=40, array_length=3))
        try:
            await _try_large_values(world, tmp_path)
        finally:
            await world.close()


async def _try_large_values(world: World, folder: Path) -> None:
    owner = await world.people.signed_in()
    graph = workflow("{{ name * 10 }}")
    graph["nodes"].insert(2, template("count", "{{ said|length }}", said=["greet", "output"]))
    app_id = await world.new_app(owner, "workflow", graph)
    await debugged(owner, app_id, name="0123456789")
    held = (await items(owner, app_id, "nodes/greet/variables"))["output"]
    assert (held["value"], held["is_truncated"]) == ("0123456789" * 4 + "...", True)
    whole = held["full_content"]
    assert (whole["size_bytes"], whole["length"], whole["value_type"]) == (100, 100, "string")
    assert "/file-preview?" in whole["download_url"]
    kept = list(folder.rglob("draft_values/**/*.txt"))
    assert [file.read_text() for file in kept] == ["0123456789" * 10] * 2  # of this node and of the end
    # The graph sees the whole value, also in a single step.
    assert (await owner.post(path(app_id, "nodes/count/run"), json={"inputs": {}})).json()["outputs"]["output"] == "100"
    refused = await owner.patch(path(app_id, f"variables/{held['id']}"), json={"value": "x"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_param")
    again = (await owner.put(path(app_id, f"variables/{held['id']}/reset"))).json()
    assert again["is_truncated"] is True
    await debugged(owner, app_id, name="x")
    assert (await items(owner, app_id, "nodes/greet/variables"))["output"]["value"] == "x" * 10
    assert list(folder.rglob("draft_values/**/*.txt")) == []
