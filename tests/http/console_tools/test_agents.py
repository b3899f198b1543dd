"""Agents with tools of the workspace: nodes by strategy, and agent apps (workflow.md 3.17, 1.7)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.http.console_tools.mcp_peer import open_peer
from tests.http.console_tools.shop import Shop, description
from tests.http.console_tools.world import BASE, JsonObject, World, done, tool
from tests.support import dsl
from tests.support.app import browser
from tests.support.model_server import ModelServer
from tests.unit.tools.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "sk-for-the-model-server-0123"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def models(world: World) -> AsyncIterator[None]:
    async with ModelServer() as server:
        credentials = {"openai_api_key": KEY, "openai_api_base": server.url}
        url = f"/workspaces/current/model-providers/{dsl.PROVIDER}/credentials"
        await done(world.owner.post(url, json={"credentials": credentials, "name": "models"}))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(world: World) -> AsyncIterator[Shop]:
    """The shop as an API of the workspace, which is called ``agents' shop``."""
    shop = Shop()
    async with serving(shop.app) as base:
        form: JsonObject = {
            "provider": "agents' shop",
            "schema": json.dumps(description(base)),
            "schema_type": "openapi",
            "credentials": {"auth_type": "api_key_header", "api_key_header": "X-Key", "api_key_value": "the-key"},
            "icon": {},
        }
        await done(world.owner.post(f"{BASE}/api/add", json=form))
        yield shop


def agent_node(strategy: str, model: str, tool: JsonObject) -> dsl.JsonObject:
    """An agent with one tool, which is asked what the start node was given."""
    chosen: JsonObject = {
        "provider": dsl.PROVIDER,
        "model": model,
        "model_type": "llm",
        "mode": "chat",
        "completion_params": {},
    }
    return dsl.node(
        "agent",
        "agent",
        agent_strategy_provider_name="langgenius/agent/agent",
        agent_strategy_name=strategy,
        agent_strategy_label=strategy,
        agent_parameters={
            "model": {"type": "constant", "value": {**chosen, "type": "model-selector"}},
            "tools": {"type": "constant", "value": [tool]},
            "instruction": {"type": "mixed", "value": "Use the tool."},
            "query": {"type": "mixed", "value": "{{#start.q#}}"},
            "maximum_iterations": {"type": "constant", "value": 3},
        },
    )


async def answered(world: World, node: dsl.JsonObject, asked: str) -> JsonObject:
    drawn = dsl.chain(dsl.start("q"), node, dsl.end(text=["agent", "text"]))
    app_id = await world.app(dsl.workflow("An agent", drawn))
    await world.publish(app_id)
    return await world.run(app_id, q=asked)


async def api_id(world: World) -> str:
    listed = await done(world.owner.get("/workspaces/current/tools/api"))
    return next(each["id"] for each in listed if each["name"] == "agents' shop")


def entry(kind: str, provider: str, name: str, **more: object) -> JsonObject:
    """A tool in an agent node's list, as the editor writes it."""
    return {
        "enabled": True,
        "type": kind,
        "provider_name": provider,
        "tool_name": name,
        "tool_label": name,
        "settings": {},
        "parameters": {},
        "extra": {"description": "does it"},
        **more,
    }


async def test_a_node_calls_an_api_with_what_the_model_wrote(world: World, models: None, shop: Shop) -> None:
    ran = await answered(
        world, agent_node("function_calling", "tool", entry("api", await api_id(world), "getItem")), '{"id": "12"}'
    )
    assert ran["status"] == "succeeded", ran["error"]
    assert "lamp" in ran["outputs"]["text"]
    assert shop.asked[-1]["path"] == "/items/12"
    assert shop.asked[-1]["headers"]["x-key"] == "the-key"


async def test_what_a_person_fixed_is_not_the_model_s_to_say(world: World, models: None, shop: Shop) -> None:
    fixed = {"id": {"auto": 0, "value": {"type": "constant", "value": "99"}}}
    use = entry("api", await api_id(world), "getItem", parameters=fixed)
    ran = await answered(world, agent_node("function_calling", "tool", use), '{"id": "12"}')
    assert ran["status"] == "succeeded", ran["error"]
    assert shop.asked[-1]["path"] == "/items/99"


async def test_react_calls_tools_too(world: World, models: None, shop: Shop) -> None:
    written = 'Thought: look it up\\nAction: {"action": "getItem", "action_input": {"id": "31"}}'
    said = f"text:{written}".replace("\\n", "\n")
    ran = await answered(world, agent_node("ReAct", said, entry("api", await api_id(world), "getItem")), "go")
    assert shop.asked[-1]["path"] == "/items/31"
    assert ran["status"] in {"succeeded", "failed"}  # this model never comes to an end by itself


async def test_a_node_calls_an_mcp_server_and_a_workflow(world: World, models: None) -> None:
    async with open_peer() as url:
        server = {"server_url": url, "name": "agents-peer", "icon": "x", "server_identifier": "agents-peer"}
        await done(world.owner.post(f"{BASE}/mcp", json=server))
        use = entry("mcp", "agents-peer", "add")
        ran = await answered(world, agent_node("function_calling", "tool", use), '{"a": 20, "b": 22}')
        assert "sum 42" in ran["outputs"]["text"], ran["error"]

    inner = await world.app(dsl.workflow("Inner", dsl.chain(dsl.start("who"), dsl.end(who=["start", "who"]))))
    await world.publish(inner)
    form: JsonObject = {
        "name": "agents_inner", "label": "Inner", "description": "Says who.", "icon": {}, "workflow_app_id": inner,
        "parameters": [{"name": "who", "description": "who", "form": "llm"}],
    }  # fmt: skip
    await done(world.owner.post(f"{BASE}/workflow/create", json=form))
    shown = await done(world.owner.get(f"{BASE}/workflow/get", params={"workflow_app_id": inner}))
    use = entry("workflow", shown["workflow_tool_id"], "agents_inner")
    ran = await answered(world, agent_node("function_calling", "tool", use), '{"who": "Bo"}')
    assert '"who": "Bo"' in ran["outputs"]["text"], ran["error"]
    assert [run.status for run in await world.runs_of(inner)] == ["succeeded"]


async def test_a_tool_that_is_gone_fails_the_node(world: World, models: None) -> None:
    gone = "11111111-2222-4333-8444-555555555555"
    ran = await answered(world, agent_node("function_calling", "tool", entry("api", gone, "getItem")), "{}")
    assert ran["error"] == f"Failed to get tool runtime: api provider {gone} not found"


async def test_an_agent_app_has_the_tools_of_its_workspace(world: World, models: None, shop: Shop) -> None:
    used: JsonObject = {
        "enabled": True, "provider_type": "api", "provider_id": await api_id(world), "provider_name": "agents' shop",
        "tool_name": "getItem", "tool_label": "getItem", "tool_parameters": {},
    }  # fmt: skip
    mode = {"enabled": True, "strategy": "function_call", "max_iteration": 3, "tools": [used]}
    app_id = await world.app(dsl.basic("An agent app", "agent-chat", "tool", agent_mode=mode))
    async with browser(world.process.app, headers={"Authorization": f"Bearer {await world.key(app_id)}"}) as service:
        body: JsonObject = {"inputs": {}, "query": '{"id": "55"}', "user": "ann", "response_mode": "streaming"}
        answer = await service.post("/v1/chat-messages", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    assert "lamp" in answer.text
    assert shop.asked[-1]["path"] == "/items/55"


async def test_pages_get_icons_and_people_hear_of_tools_that_are_gone(world: World, shop: Shop) -> None:
    def used(kind: str, provider: str, name: str) -> JsonObject:
        return {
            "enabled": True,
            "provider_type": kind,
            "provider_id": provider,
            "tool_name": name,
            "tool_parameters": {},
        }

    gone = "11111111-2222-4333-8444-555555555555"
    tools = [
        used("builtin", "time", "current_time"),
        used("api", await api_id(world), "getItem"),
        used("api", gone, "buy"),
    ]
    mode = {"enabled": True, "strategy": "function_call", "max_iteration": 3, "tools": tools}
    app_id = await world.app(dsl.basic("With icons", "agent-chat", "tool", agent_mode=mode))
    shown = await done(world.owner.get(f"/apps/{app_id}"))
    assert shown["deleted_tools"] == [{"type": "api", "tool_name": "buy", "provider_id": gone}]
    async with browser(world.process.app, headers={"Authorization": f"Bearer {await world.key(app_id)}"}) as service:
        icons = (await done(service.get("/v1/meta")))["tool_icons"]
        picture = await service.get(icons["current_time"])
    assert icons["getItem"] == {"background": "#252525", "content": "🔧"}
    assert set(icons) == {"current_time", "getItem"}
    assert picture.headers["content-type"].startswith("image/svg")

    drawn = dsl.chain(dsl.start(), tool("builtin", "langgenius/time/time", "current_time"), dsl.end(x=["tool", "text"]))
    flow = await world.app(dsl.workflow("Flow with icons", drawn))
    await world.publish(flow)
    async with browser(world.process.app, headers={"Authorization": f"Bearer {await world.key(flow)}"}) as service:
        icons = (await done(service.get("/v1/meta")))["tool_icons"]
    assert list(icons) == ["current_time"]
