"""APIs out of descriptions, from the pasted text to the request that leaves (product reference, 6.11)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.http.console_tools.shop import Shop, description
from tests.http.console_tools.world import BASE, JsonObject, World, done, refused, tool
from tests.support import dsl
from tests.unit.tools.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

API = f"{BASE}/api"
KEY = "a-key-of-the-shop"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop() -> AsyncIterator[tuple[Shop, str]]:
    shop = Shop()
    async with serving(shop.app) as base:
        yield shop, base


def form(name: str, base: str, credentials: JsonObject, **more: object) -> JsonObject:
    return {
        "provider": name,
        "schema": json.dumps(description(base)),
        "schema_type": "openapi",
        "credentials": credentials,
        "icon": {"content": "🛒", "background": "#fff"},
        "labels": ["business", "unheard-of"],
        **more,
    }


AUTHORIZATIONS: list[tuple[JsonObject, JsonObject, JsonObject]] = [
    ({"auth_type": "none"}, {}, {}),
    (
        {"auth_type": "api_key_header", "api_key_header": "X-Key", "api_key_header_prefix": "custom"},
        {"x-key": KEY},
        {},
    ),
    ({"auth_type": "api_key_header", "api_key_header_prefix": "basic"}, {"authorization": f"Basic {KEY}"}, {}),
    ({"auth_type": "api_key_header", "api_key_header_prefix": "bearer"}, {"authorization": f"Bearer {KEY}"}, {}),
    ({"auth_type": "api_key", "api_key_header": "X-Old"}, {"x-old": KEY}, {}),
    ({"auth_type": "api_key_query", "api_key_query_param": "k"}, {}, {"k": KEY}),
]


@pytest.mark.parametrize(("credentials", "headers", "query"), AUTHORIZATIONS)
async def test_a_node_calls_the_api_with_the_key(
    world: World, shop: tuple[Shop, str], credentials: JsonObject, headers: JsonObject, query: JsonObject
) -> None:
    seen, base = shop
    name = "shop " + "-".join(str(value) for value in credentials.values())
    given = credentials | ({} if credentials["auth_type"] == "none" else {"api_key_value": KEY})
    await done(world.owner.post(f"{API}/add", json=form(name, base, given)))
    [listed] = [each for each in await done(world.owner.get("/workspaces/current/tools/api")) if each["name"] == name]

    ran = await world.run_tool(tool("api", listed["id"], "getItem", {"id": "{{#start.q#}}"}), q="7 of 9")

    assert ran["status"] == "succeeded", ran["error"]
    assert json.loads(ran["outputs"]["text"]) == {"id": "7 of 9", "name": "lamp", "tags": []}
    assert ran["outputs"]["json"] == [{"id": "7 of 9", "name": "lamp", "tags": []}]
    asked = seen.asked[-1]
    assert asked["path"] == "/items/7 of 9"
    assert {key: asked["headers"].get(key) for key in headers} == headers
    assert asked["query"] == query


async def test_a_body_has_the_types_of_its_schema(world: World, shop: tuple[Shop, str]) -> None:
    seen, base = shop
    await done(world.owner.post(f"{API}/add", json=form("orders", base, {"auth_type": "none"})))
    ran = await world.run_tool(tool("api", "orders", "order", {"item": "lamp", "count": "3"}))
    assert ran["status"] == "succeeded", ran["error"]
    assert json.loads(seen.asked[-1]["body"]) == {"item": "lamp", "count": 3}


async def test_an_app_from_elsewhere_finds_its_api_by_name(world: World, shop: tuple[Shop, str]) -> None:
    await done(world.owner.post(f"{API}/add", json=form("by name", shop[1], {"auth_type": "none"})))
    elsewhere = "11111111-2222-4333-8444-555555555555"
    ran = await world.run_tool(tool("api", elsewhere, "getItem", {"id": "1"}, provider_name="by name"))
    assert ran["status"] == "succeeded", ran["error"]
    ran = await world.run_tool(tool("api", elsewhere, "getItem", {"id": "1"}, provider_name="nobody"))
    assert ran["status"] == "failed"
    assert ran["error"] == f"Failed to get tool runtime: api provider {elsewhere} not found"
    ran = await world.run_tool(tool("api", "by name", "getNothing", {}))
    assert ran["error"] == "Failed to get tool runtime: tool getNothing not found"


async def test_failures_of_the_api_are_told(world: World, shop: tuple[Shop, str]) -> None:
    await done(world.owner.post(f"{API}/add", json=form("failing", shop[1], {"auth_type": "none"})))
    ran = await world.run_tool(tool("api", "failing", "getItem", {"id": "0"}))
    assert ran["status"] == "failed"
    told = 'Request failed with status code 404 and {"error":"no such item"}'
    assert ran["error"] == f"Failed to invoke tool failing: {told}"


async def test_a_description_is_read_before_it_is_saved(world: World, shop: tuple[Shop, str]) -> None:
    text = json.dumps(description(shop[1]))
    read = await done(world.owner.post(f"{API}/schema", json={"schema": text}))
    assert read["schema_type"] == "openapi"
    assert [(each["operation_id"], each["method"]) for each in read["parameters_schema"]] == [
        ("getItem", "get"),
        ("order", "post"),
    ]
    assert [each["name"] for each in read["parameters_schema"][1]["parameters"]] == ["item", "count"]
    assert read["credentials_schema"][0]["name"] == "auth_type"
    fetched = await done(world.owner.get(f"{API}/remote", params={"url": f"{shop[1]}/schema.json"}))
    assert json.loads(fetched["schema"]) == description(shop[1])
    for url in (f"{shop[1]}/page.html", f"{shop[1]}/nothing", "http://169.254.169.254/latest", "file:///etc/passwd"):
        await refused(world.owner.get(f"{API}/remote", params={"url": url}), "invalid schema")


async def test_a_tool_is_tried_before_it_is_saved(world: World, shop: tuple[Shop, str]) -> None:
    seen, base = shop
    trial = {
        "tool_name": "getItem",
        "provider_name": "",
        "credentials": {"auth_type": "api_key_header", "api_key_header": "X-Key", "api_key_value": KEY},
        "parameters": {"id": "5"},
        "schema_type": "openapi",
        "schema": json.dumps(description(base)),
    }
    tried = await done(world.owner.post(f"{API}/test/pre", json=trial))
    assert json.loads(tried["result"])["id"] == "5"
    assert seen.asked[-1]["headers"]["x-key"] == KEY
    tried = await done(world.owner.post(f"{API}/test/pre", json=trial | {"parameters": {"id": "0"}}))
    assert tried == {"error": 'Request failed with status code 404 and {"error":"no such item"}'}
    tried = await done(world.owner.post(f"{API}/test/pre", json=trial | {"credentials": {}}))
    assert tried == {"error": "Missing auth_type"}
    await refused(world.owner.post(f"{API}/test/pre", json=trial | {"tool_name": "x"}), "invalid tool name x")


async def test_a_key_is_kept_secret_and_kept(world: World, shop: tuple[Shop, str]) -> None:
    seen, base = shop
    credentials = {"auth_type": "api_key_header", "api_key_header": "X-Key", "api_key_value": KEY}
    await done(world.owner.post(f"{API}/add", json=form("secret", base, credentials)))
    shown = await done(world.owner.get(f"{API}/get", params={"provider": "secret"}))
    assert shown["credentials"]["api_key_value"] == "a-*************op"
    assert shown["labels"] == ["business"]
    assert [each["operation_id"] for each in shown["tools"]] == ["getItem", "order"]
    listed = await world.owner.get("/workspaces/current/tool-providers")
    assert KEY not in listed.text + json.dumps(shown)
    async with world.process.database.read() as session:
        rows = (await session.connection()).exec_driver_sql
        stored = str((await rows("select * from tool_api_providers")).all())

    assert KEY not in stored

    body = form("renamed", base, shown["credentials"], original_provider="secret")
    await done(world.owner.post(f"{API}/update", json=body))
    ran = await world.run_tool(tool("api", "renamed", "getItem", {"id": "1"}))
    assert ran["status"] == "succeeded", ran["error"]
    assert seen.asked[-1]["headers"]["x-key"] == KEY
    trial = {
        "tool_name": "getItem", "provider_name": "renamed", "credentials": shown["credentials"],
        "parameters": {"id": "1"}, "schema_type": "openapi", "schema": json.dumps(description(base)),
    }  # fmt: skip
    await done(world.owner.post(f"{API}/test/pre", json=trial))
    assert seen.asked[-1]["headers"]["x-key"] == KEY

    assert len(await done(world.owner.get(f"{API}/tools", params={"provider": "renamed"}))) == 2
    await done(world.owner.post(f"{API}/delete", json={"provider": "renamed"}))
    await refused(world.owner.get(f"{API}/get", params={"provider": "renamed"}), "you have not added provider renamed")
    await refused(world.owner.post(f"{API}/delete", json={"provider": "renamed"}), "you have not added provider")


async def test_what_can_t_be_kept_is_refused(world: World, shop: tuple[Shop, str]) -> None:
    base, none = shop[1], {"auth_type": "none"}
    await done(world.owner.post(f"{API}/add", json=form("taken", base, none)))
    bomb = 'a: &a ["x"]\n' + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    many = description(base)
    many["paths"] = {f"/p{n}": {"get": {"operationId": f"p{n}"}} for n in range(101)}
    cases: list[tuple[JsonObject, str]] = [
        (form("taken", base, none), "provider taken already exists"),
        (form("a", base, {}), "auth_type is required"),
        (form("a", base, {"auth_type": "magic"}), "Unknown auth_type magic"),
        (form("a", base, {"auth_type": "api_key_header"}), "Missing api_key_value"),
        (form("a", base, none) | {"schema_type": "wsdl"}, "invalid schema type wsdl"),
        (form("a", base, none) | {"schema": bomb}, "too many values"),
        (form("a", base, none) | {"schema": "nothing"}, "invalid schema"),
        (form("a", base, none) | {"schema": json.dumps(many)}, "the number of apis should be less than 100"),
        (form(" ", base, none), "provider must have 1 to 191 characters"),
    ]
    for body, words in cases:
        await refused(world.owner.post(f"{API}/add", json=body), words)
    await done(world.owner.post(f"{API}/add", json=form("free", base, none)))
    body = form("taken", base, none, original_provider="free")
    await refused(world.owner.post(f"{API}/update", json=body), "provider taken already exists")


async def test_only_managers_change_tools(world: World, shop: tuple[Shop, str]) -> None:
    editor = await world.people.invited(world.owner, "tool.editor@example.com", "editor")
    await done(editor.get("/workspaces/current/tools/api"))
    answer = await editor.post(f"{API}/add", json=form("mine", shop[1], {"auth_type": "none"}))
    assert answer.status_code == 403


async def test_a_key_in_the_address_is_not_told(world: World) -> None:
    credentials = {"auth_type": "api_key_query", "api_key_query_param": "k", "api_key_value": KEY}
    await done(world.owner.post(f"{API}/add", json=form("inside", "http://10.0.0.1", credentials)))
    ran = await world.run_tool(tool("api", "inside", "getItem", {"id": "1"}))
    assert "Access to 'http://10.0.0.1/items/1' was blocked" in ran["error"]
    assert KEY not in ran["error"]


async def test_one_node_of_a_draft_has_the_tools_of_its_workspace(world: World, shop: tuple[Shop, str]) -> None:
    await done(world.owner.post(f"{API}/add", json=form("single", shop[1], {"auth_type": "none"})))
    use = tool("api", "single", "getItem", {"id": "{{#start.q#}}"})
    app_id = await world.app(dsl.workflow("Single step", dsl.chain(dsl.start("q"), use, dsl.end(x=["tool", "text"]))))
    ran = await done(
        world.owner.post(f"/apps/{app_id}/workflows/draft/nodes/tool/run", json={"inputs": {"#start.q#": "8"}})
    )
    assert ran["status"] == "succeeded", ran["error"]
    assert ran["outputs"]["json"][0]["id"] == "8"
    assert ran["execution_metadata"]["tool_info"]["provider_type"] == "api"


async def test_a_masked_key_goes_to_its_own_server_only(world: World, shop: tuple[Shop, str]) -> None:
    seen, base = shop
    credentials = {"auth_type": "api_key_header", "api_key_header": "X-Key", "api_key_value": KEY}
    await done(world.owner.post(f"{API}/add", json=form("guarded", base, credentials)))
    shown = (await done(world.owner.get(f"{API}/get", params={"provider": "guarded"})))["credentials"]
    elsewhere = base.replace("127.0.0.1", "localhost")
    before = len(seen.asked)
    trial = {
        "tool_name": "getItem", "provider_name": "guarded", "credentials": shown, "parameters": {"id": "1"},
        "schema_type": "openapi", "schema": json.dumps(description(elsewhere)),
    }  # fmt: skip
    await refused(world.owner.post(f"{API}/test/pre", json=trial), "enter the key again")
    body = form("guarded", elsewhere, shown, original_provider="guarded")
    await refused(world.owner.post(f"{API}/update", json=body), "enter the key again")
    assert len(seen.asked) == before
    await done(world.owner.post(f"{API}/update", json=body | {"credentials": credentials}))


async def test_a_stream_shows_the_icon_of_a_tool(world: World, shop: tuple[Shop, str]) -> None:
    _, base = shop
    await done(world.owner.post(f"{API}/add", json=form("shown", base, {"auth_type": "none"})))
    [listed] = [x for x in await done(world.owner.get("/workspaces/current/tools/api")) if x["name"] == "shown"]
    drawn = dsl.chain(
        dsl.start("q"),
        tool("api", listed["id"], "getItem", {"id": "{{#start.q#}}"}),
        {**tool("builtin", "time", "current_time"), "id": "clock"},
        dsl.end(text=["tool", "text"]),
    )
    app_id = await world.app(dsl.workflow("Shows its tools", drawn))
    await world.publish(app_id)
    frames = await world.stream(app_id, q="1")
    assert frames[-1]["data"]["status"] == "succeeded", frames[-1]
    extras = {f["data"]["node_id"]: f["data"]["extras"] for f in frames if f["event"] == "node_started"}
    assert extras["tool"] == {"icon": {"content": "🛒", "background": "#fff"}}
    assert extras["clock"]["icon"].endswith("/console/api/workspaces/current/tool-provider/builtin/time/icon")
    assert (extras["start"], extras["end"]) == ({}, {})
