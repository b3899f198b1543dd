"""Workflows as tools of other workflows: versions, parameters, depth, records, stopping (workflow.md 3.16, 2.4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.http.console_tools.world import BASE, JsonObject, World, done, refused, tool
from tests.support import dsl
from tests.support.app import browser
from tests.unit.tools.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORKFLOW = f"{BASE}/workflow"


def greeting(text: str) -> dsl.JsonObject:
    """A graph that greets whom it is given."""
    template = dsl.node(
        "template",
        "template-transform",
        template=text,
        variables=[{"variable": "who", "value_selector": ["start", "who"]}],
    )
    return dsl.chain(dsl.start("who"), template, dsl.end(greeting=["template", "output"]))


def form(name: str, app_id: str, **more: object) -> JsonObject:
    return {
        "name": name,
        "label": f"The {name}",
        "description": "Greets somebody.",
        "icon": {"content": "👋", "background": "#fff"},
        "parameters": [{"name": "who", "description": "whom to greet", "form": "llm"}],
        "privacy_policy": "",
        "labels": ["utilities"],
        "workflow_app_id": app_id,
        **more,
    }


async def published(world: World, name: str, text: str = "Hello {{ who }}") -> tuple[str, str]:
    """An app that is a tool: its id and the tool's."""
    app_id = await world.app(dsl.workflow(name, greeting(text)))
    await world.publish(app_id)
    await done(world.owner.post(f"{WORKFLOW}/create", json=form(name, app_id)))
    return app_id, (await detail(world, app_id))["workflow_tool_id"]


async def detail(world: World, app_id: str) -> JsonObject:
    return await done(world.owner.get(f"{WORKFLOW}/get", params={"workflow_app_id": app_id}))


async def test_a_workflow_answers_as_a_tool(world: World) -> None:
    app_id, tool_id = await published(world, "greet")
    ran = await world.run_tool(tool("workflow", tool_id, "greet", {"who": "{{#start.q#}}"}), q="Ann")
    assert ran["status"] == "succeeded", ran["error"]
    assert json.loads(ran["outputs"]["text"]) == {"greeting": "Hello Ann"}
    assert ran["outputs"]["json"] == [{"greeting": "Hello Ann"}]
    [inner] = await world.runs_of(app_id)
    assert (inner.status, inner.triggered_from, inner.created_by_role) == ("succeeded", "app-run", "end_user")
    assert json.loads(inner.inputs or "")["who"] == "Ann"


async def test_a_tool_shows_its_form(world: World) -> None:
    app_id, tool_id = await published(world, "shown")
    shown = await detail(world, app_id)
    assert shown["synced"]
    assert shown["parameters"] == [{"name": "who", "description": "whom to greet", "form": "llm"}]
    assert shown["output_schema"] == {
        "type": "object",
        "properties": {"greeting": {"type": "string", "description": ""}},
    }
    [parameter] = shown["tool"]["parameters"]
    assert (parameter["name"], parameter["type"], parameter["form"], parameter["required"]) == (
        "who",
        "string",
        "llm",
        True,
    )
    assert await done(world.owner.get(f"{WORKFLOW}/tools", params={"workflow_tool_id": tool_id})) == [shown["tool"]]
    listed = await done(world.owner.get("/workspaces/current/tools/workflow"))
    [mine] = [each for each in listed if each["id"] == tool_id]
    assert (mine["type"], mine["workflow_app_id"], mine["labels"]) == ("workflow", app_id, ["utilities"])


async def test_a_tool_runs_the_version_that_it_was_published_with(world: World) -> None:
    app_id, tool_id = await published(world, "pinned", "first {{ who }}")
    await world.draw(app_id, greeting("second {{ who }}"))
    await world.publish(app_id)
    assert not (await detail(world, app_id))["synced"]
    use = tool("workflow", tool_id, "pinned", {"who": "x"})
    assert json.loads((await world.run_tool(use))["outputs"]["text"]) == {"greeting": "first x"}
    body = form("pinned", app_id, workflow_tool_id=tool_id)
    await done(world.owner.post(f"{WORKFLOW}/update", json=body))
    assert (await detail(world, app_id))["synced"]
    assert json.loads((await world.run_tool(use))["outputs"]["text"]) == {"greeting": "second x"}


async def test_an_app_that_calls_itself_stops_at_the_limit(world: World) -> None:
    app_id, tool_id = await published(world, "endless")
    again = tool("workflow", tool_id, "endless", {"who": "{{#start.who#}}"})
    await world.draw(app_id, dsl.chain(dsl.start("who"), again, dsl.end(greeting=["tool", "text"])))
    await world.publish(app_id)
    await done(world.owner.post(f"{WORKFLOW}/update", json=form("endless", app_id, workflow_tool_id=tool_id)))
    ran = await world.run(app_id, who="x")
    assert ran["status"] == "failed"
    assert "Max workflow call depth 5 reached." in ran["error"]
    runs = await world.runs_of(app_id)
    assert len(runs) == 6
    assert {run.status for run in runs} == {"failed"}


async def test_an_agent_may_not_be_told_of_a_missing_input(world: World) -> None:
    _, tool_id = await published(world, "wanting")
    ran = await world.run_tool(tool("workflow", tool_id, "wanting"))
    assert ran["status"] == "failed"
    assert "who" in ran["error"]


async def test_a_tool_that_is_gone_fails_its_callers(world: World) -> None:
    app_id, tool_id = await published(world, "gone")
    await done(world.owner.post(f"{WORKFLOW}/delete", json={"workflow_tool_id": tool_id}))
    ran = await world.run_tool(tool("workflow", tool_id, "gone_for_good", {"who": "x"}))
    assert ran["error"] == f"Failed to get tool runtime: workflow provider {tool_id} not found"
    await refused(world.owner.get(f"{WORKFLOW}/get", params={"workflow_app_id": app_id}), "Tool not found")
    await done(world.owner.post(f"{WORKFLOW}/create", json=form("gone", app_id)))


async def test_what_can_t_be_a_tool_is_refused(world: World) -> None:
    app_id, _ = await published(world, "unique")
    other = await world.app(dsl.workflow("other", greeting("x")))
    chat = await world.app(dsl.chatflow("chat", dsl.chain(dsl.start(), dsl.answer("x"))))
    await refused(world.owner.post(f"{WORKFLOW}/create", json=form("other", other)), "publish it first")
    await world.publish(other)
    asks = dsl.node("ask", "human-input", form_content="x", inputs=[], user_actions=[], delivery_methods=[])
    waiting = await world.app(dsl.workflow("waits", dsl.chain(dsl.start("who"), asks, dsl.end(x=["start", "who"]))))
    await world.publish(waiting)
    unknown = "11111111-2222-4333-8444-555555555555"
    cases: list[tuple[JsonObject, str]] = [
        (form("unique", other), "already exists"),
        (form("another", app_id), "already exists"),
        (form("bad-name", other), "bad-name is not a valid alphanumeric value"),
        (form("other", unknown), f"App {unknown} not found"),
        (form("other", chat), "not found"),
        (form("other", other) | {"parameters": []}, "parameter configuration mismatch"),
        (form("other", other) | {"label": " "}, "label"),
        (form("waits", waiting), "Workflow with Human Input nodes cannot be published as a workflow tool."),
    ]
    for body, words in cases:
        await refused(world.owner.post(f"{WORKFLOW}/create", json=body), words)


@asynccontextmanager
async def slow_server() -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """Answers when nobody waits any more; the event says that somebody asked."""
    asked, leave = asyncio.Event(), asyncio.Event()

    async def wait(request: Request) -> PlainTextResponse:
        asked.set()
        await leave.wait()
        return PlainTextResponse("late")

    async with serving(Starlette(routes=[Route("/", wait)])) as base:
        yield f"{base}/", asked
        leave.set()


async def test_stopping_the_caller_stops_what_it_called(world: World) -> None:
    async with slow_server() as (url, asked):
        inner = await world.app(
            dsl.workflow("slow", dsl.chain(dsl.start("who"), dsl.http("wait", url), dsl.end(x=["wait", "body"])))
        )
        await world.publish(inner)
        await done(world.owner.post(f"{WORKFLOW}/create", json=form("slow", inner)))
        use = tool("workflow", (await detail(world, inner))["workflow_tool_id"], "slow", {"who": "x"})
        outer = await world.app(dsl.workflow("stopped", dsl.chain(dsl.start(), use, dsl.end(text=["tool", "text"]))))
        await world.publish(outer)
        async with browser(world.process.app, headers={"Authorization": f"Bearer {await world.key(outer)}"}) as service:
            body: JsonObject = {"inputs": {}, "user": "ann", "response_mode": "blocking"}
            running = asyncio.create_task(service.post("/v1/workflows/run", json=body, timeout=30))
            await asked.wait()
            [run] = await world.runs_of(outer)
            stopped = await service.post(f"/v1/workflows/tasks/{run.task_id}/stop", json={"user": "ann"})
            assert stopped.json() == {"result": "success"}
            answer: httpx.Response = await running
        assert answer.json()["data"]["status"] == "stopped"
        async with asyncio.timeout(60):
            while (await world.runs_of(inner))[0].status == "running":
                await asyncio.sleep(0.02)
        assert (await world.runs_of(inner))[0].status == "stopped"


async def test_files_go_in_and_come_out(world: World) -> None:
    wanted: JsonObject = {
        "label": "doc", "variable": "doc", "type": "file", "required": True, "allowed_file_types": ["document"],
        "allowed_file_extensions": [], "allowed_file_upload_methods": ["local_file"], "options": [],
    }  # fmt: skip
    taken = dsl.node("start", "start", variables=[wanted])
    inner = await world.app(dsl.workflow("Takes a file", dsl.chain(taken, dsl.end(doc=["start", "doc"]))))
    await world.publish(inner)
    parameters = [{"name": "doc", "description": "a document", "form": "llm"}]
    await done(world.owner.post(f"{WORKFLOW}/create", json=form("takes_file", inner) | {"parameters": parameters}))
    shown = await detail(world, inner)
    assert shown["tool"]["parameters"][0]["type"] == "file"
    use = tool("workflow", shown["workflow_tool_id"], "takes_file")
    data: JsonObject = cast("JsonObject", use["data"])
    data["tool_parameters"] = {"doc": {"type": "variable", "value": ["start", "doc"]}}
    outputs = dsl.end(text=["tool", "text"], files=["tool", "files"])
    outer = await world.app(dsl.workflow("Gives a file", dsl.chain(taken, use, outputs)))
    await world.publish(outer)
    async with browser(world.process.app, headers={"Authorization": f"Bearer {await world.key(outer)}"}) as service:
        upload = {"file": ("note.txt", b"a note", "text/plain")}
        file = (await done(service.post("/v1/files/upload", data={"user": "ann"}, files=upload)))["id"]
        sent = {"type": "document", "transfer_method": "local_file", "upload_file_id": file}
        body: JsonObject = {"inputs": {"doc": sent}, "user": "ann", "response_mode": "blocking"}
        ran = (await done(service.post("/v1/workflows/run", json=body, timeout=30)))["data"]
    assert ran["status"] == "succeeded", ran["error"]
    [came] = ran["outputs"]["files"]
    assert (came["filename"], came["related_id"]) == ("note.txt", file)
