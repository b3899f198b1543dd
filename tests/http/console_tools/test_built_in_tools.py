"""Built-in providers in a workspace: lists, named credentials, the one that a node uses."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.http.console_tools.shop import Shop
from tests.http.console_tools.world import BASE, JsonObject, World, done, refused, tool
from tests.support import dsl
from tests.unit.tools.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEARXNG = f"{BASE}/builtin/langgenius/searxng/searxng"
TOKEN = "a-token-of-the-gate"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop() -> AsyncIterator[tuple[Shop, str]]:
    shop = Shop()
    async with serving(shop.app) as base:
        yield shop, base


async def test_providers_are_listed_with_their_tools(world: World) -> None:
    listed = {each["id"]: each for each in await done(world.owner.get("/workspaces/current/tools/builtin"))}
    assert list(listed) == [
        "time", "code", "webscraper", "langgenius/searxng/searxng", "langgenius/tavily/tavily",
        "langgenius/perplexity/perplexity",
    ]  # fmt: skip
    time = listed["time"]
    assert (time["type"], time["is_team_authorization"], time["allow_delete"]) == ("builtin", True, False)
    assert "current_time" in {each["name"] for each in time["tools"]}
    assert time["label"]["zh_Hans"] == "时间"
    assert not listed["langgenius/tavily/tavily"]["is_team_authorization"]
    kinds = await done(world.owner.get("/workspaces/current/tool-providers", params={"type": "builtin"}))
    assert [each["id"] for each in kinds] == list(listed)
    assert (await done(world.owner.get("/workspaces/current/tool-providers", params={"type": "model"}))) == []
    icon = await world.people.browser().get(time["icon"])
    assert (icon.status_code, icon.headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    labels = await done(world.owner.get("/workspaces/current/tool-labels"))
    assert {
        "name": "search",
        "label": {"en_US": "Search", "zh_Hans": "搜索", "ja_JP": "Search", "pt_BR": "Search"},
        "icon": "search",
    } in labels


@pytest.mark.parametrize("provider", ["time", "langgenius/time/time"])
@pytest.mark.parametrize("kind", ["builtin", "plugin"])
async def test_every_spelling_of_a_provider_is_found(world: World, provider: str, kind: str) -> None:
    ran = await world.run_tool(tool(kind, provider, "current_time", {}, {"timezone": "UTC", "format": "%Y"}))
    assert ran["status"] == "succeeded", ran["error"]
    assert ran["outputs"]["text"].startswith("20")
    assert (await done(world.owner.get(f"{BASE}/builtin/{provider}/info")))["id"] == "time"


async def test_named_credentials(world: World, shop: tuple[Shop, str]) -> None:
    seen, base = shop
    fields = await done(world.owner.get(f"{SEARXNG}/credential/schema/api-key"))
    assert [(each["name"], each["type"], each["required"]) for each in fields] == [
        ("searxng_base_url", "text-input", True),
        ("searxng_api_key", "secret-input", False),
    ]
    assert (await done(world.owner.get(f"{SEARXNG}/credential/info")))["supported_credential_types"] == ["api-key"]
    use = tool("builtin", "langgenius/searxng/searxng", "searxng_search", {"query": "{{#start.q#}}"})
    ran = await world.run_tool(use, q="owls")
    assert ran["error"] == (
        "Failed to get tool runtime: There are no credentials for searxng. Choose or add some under Tools."
    )

    open_gate = {"credentials": {"searxng_base_url": base}, "type": "api-key"}
    closed = {"credentials": {"searxng_base_url": base, "searxng_api_key": TOKEN}, "type": "api-key", "name": "gate"}
    await done(world.owner.post(f"{SEARXNG}/add", json=open_gate))
    await done(world.owner.post(f"{SEARXNG}/add", json=closed))
    held = {each["name"]: each for each in await done(world.owner.get(f"{SEARXNG}/credentials"))}
    assert {name: each["is_default"] for name, each in held.items()} == {"API KEY 1": True, "gate": False}
    assert held["gate"]["credentials"] == {"searxng_base_url": base, "searxng_api_key": "a-***************te"}
    assert (await done(world.owner.get(f"{SEARXNG}/info")))["is_team_authorization"]

    ran = await world.run_tool(use, q="owls")
    assert ran["outputs"]["text"] == "About owls\nhttps://found.test\nwords", ran["error"]
    assert "authorization" not in seen.asked[-1]["headers"]
    chosen = tool("builtin", "searxng", "searxng_search", {"query": "x"}, credential_id=held["gate"]["id"])
    await world.run_tool(chosen)
    assert seen.asked[-1]["headers"]["authorization"] == f"Bearer {TOKEN}"

    await done(world.owner.post(f"{SEARXNG}/default-credential", json={"id": held["gate"]["id"]}))
    changed = {"credential_id": held["gate"]["id"], "credentials": held["gate"]["credentials"], "name": "the gate"}
    away = {**held["gate"]["credentials"], "searxng_base_url": base.replace("127.0.0.1", "localhost")}
    elsewhere = changed | {"credentials": away}
    await refused(world.owner.post(f"{SEARXNG}/update", json=elsewhere), "enter the secrets again")
    await done(world.owner.post(f"{SEARXNG}/update", json=changed))
    await world.run_tool(use, q="owls")
    assert seen.asked[-1]["headers"]["authorization"] == f"Bearer {TOKEN}"
    async with world.process.database.read() as session:
        stored = str((await (await session.connection()).exec_driver_sql("select * from tool_builtin_providers")).all())
        logged = str((await (await session.connection()).exec_driver_sql("select * from operation_logs")).all())
    assert TOKEN not in stored + logged
    assert "tool.credential.add" in logged

    await done(world.owner.post(f"{SEARXNG}/delete", json={"credential_id": held["gate"]["id"]}))
    [left] = await done(world.owner.get(f"{SEARXNG}/credentials"))
    assert (left["name"], left["is_default"]) == ("API KEY 1", True)
    ran = await world.run_tool(chosen)
    assert "The credential that was chosen is gone for searxng" in ran["error"]


async def test_what_can_t_be_kept_is_refused(world: World, shop: tuple[Shop, str]) -> None:
    _, base = shop
    wrong = {"searxng_base_url": base, "searxng_api_key": "wrong"}
    await refused(world.owner.post(f"{SEARXNG}/add", json={"credentials": wrong}), "401")
    await refused(
        world.owner.post(f"{SEARXNG}/add", json={"credentials": {}}), "searxng_base_url of provider searxng is required"
    )
    await refused(world.owner.post(f"{SEARXNG}/add", json={"credentials": {"searxng_base_url": 7}}), "should be string")
    body = {"credentials": {"searxng_base_url": base}}
    await refused(
        world.owner.post(f"{SEARXNG}/add", json=body | {"type": "oauth2"}), "credentials of type api-key only"
    )
    await refused(world.owner.post(f"{SEARXNG}/add", json=body | {"name": "x" * 31}), "30 characters")
    await done(world.owner.post(f"{SEARXNG}/add", json=body | {"name": "twice"}))
    await refused(
        world.owner.post(f"{SEARXNG}/add", json=body | {"name": "twice"}), "the credential name 'twice' is already used"
    )
    await refused(world.owner.post(f"{BASE}/builtin/time/add", json=body), "The provider time needs no credentials.")
    await refused(world.owner.get(f"{BASE}/builtin/nobody/info"), "There is no built-in tool provider nobody.", 404)
    unknown = {"credential_id": "11111111-2222-4333-8444-555555555555"}
    await refused(world.owner.post(f"{SEARXNG}/delete", json=unknown), "There is no such credential.", 404)
    editor = await world.people.invited(world.owner, "keys.editor@example.com", "editor")
    assert (await editor.post(f"{SEARXNG}/add", json=body)).status_code == 403


async def test_a_dry_run_knows_the_tools_of_the_workspace(world: World) -> None:
    async def said(used: JsonObject) -> list[tuple[str, str]]:
        app_id = await world.app(dsl.workflow("Examined", dsl.chain(dsl.start(), used, dsl.end(text=["tool", "text"]))))
        return [(each["level"], each["message"]) for each in await world.findings(app_id) if each["node_id"] == "tool"]

    assert await said(tool("builtin", "langgenius/time/time", "current_time")) == []
    assert await said(tool("builtin", "time", "stop_time")) == [("error", "The provider time has no tool stop_time")]
    assert await said(tool("builtin", "perplexity", "perplexity", {"query": "x"})) == [
        ("warning", "There are no credentials for perplexity")
    ]
    assert await said(tool("api", "nobody", "x")) == [("error", "There is no tool provider nobody in this workspace")]
    answer = await world.owner.post(
        f"{BASE}/mcp",
        json={"server_url": "http://127.0.0.1:9/x", "name": "asleep", "icon": "x", "server_identifier": "asleep"},
    )
    assert answer.status_code == 200
    assert await said(tool("mcp", "asleep", "add")) == [("warning", "Nobody has signed in to the MCP server asleep")]


async def test_an_exported_app_asks_for_no_plugin_that_is_built_in(world: World) -> None:
    plugins = ("langgenius/perplexity:1.0.1@0", "langgenius/agent:0.0.9@0", "langgenius/chart:0.0.1@0")
    wanted = [
        {"type": "marketplace", "value": {"marketplace_plugin_unique_identifier": name}, "current_identifier": None}
        for name in plugins
    ]
    document = {**dsl.workflow("Brought", dsl.chain(dsl.start("q"), dsl.end(q=["start", "q"]))), "dependencies": wanted}
    app_id = await world.app(document)
    left = await done(world.owner.get(f"/apps/imports/{app_id}/check-dependencies"))
    names = [each["value"]["marketplace_plugin_unique_identifier"] for each in left["leaked_dependencies"]]
    assert names == ["langgenius/chart:0.0.1@0"]
