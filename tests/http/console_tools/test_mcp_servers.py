"""MCP servers of a workspace against servers of the reference implementation, from the form to the run."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from tests.http.console_tools.mcp_peer import Guarded, People, open_peer, protected_peer
from tests.http.console_tools.world import BASE, JsonObject, World, done, refused, tool
from tests.support.app import ORIGIN
from tests.unit.tools.serving import serving

from orrery.workspaces.tools.tables import McpProvider

pytestmark = pytest.mark.asyncio(loop_scope="session")

MCP = f"{BASE}/mcp"
SECRET = "a-secret-header-value"


def form(name: str, url: str, **more: object) -> JsonObject:
    return {
        "server_url": url,
        "name": name,
        "icon": "🔌",
        "icon_type": "emoji",
        "icon_background": "#fff",
        "server_identifier": name,
        "configuration": {"timeout": 10, "sse_read_timeout": 20},
        "headers": {},
        **more,
    }


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def consent(world: World, address: str) -> httpx.Response:
    """Opens the address as the person's browser does, and follows it back to the console."""
    async with httpx.AsyncClient(timeout=120) as vendor:
        sent_back = await vendor.get(address)
    assert sent_back.status_code == 302, sent_back.text
    return await world.owner.get(sent_back.headers["location"])


async def row_of(world: World, provider_id: str) -> McpProvider:
    async with world.process.database.read() as session:
        row = await session.scalar(select(McpProvider).where(McpProvider.id == provider_id))
    assert row is not None
    return row


@pytest.mark.parametrize("transport", ["streamable", "sse"])
async def test_tools_of_an_open_server_are_listed_and_called(world: World, transport: str) -> None:
    name = f"open-{transport}"
    async with open_peer(transport) as url:
        made = await done(world.owner.post(MCP, json=form(name, url)))
        assert made["is_team_authorization"]
        assert [each["name"] for each in made["tools"]] == ["add"]
        assert [each["name"] for each in made["tools"][0]["parameters"]] == ["a", "b"]
        listed = await done(world.owner.get("/workspaces/current/tools/mcp"))
        assert name in {each["name"] for each in listed}
        assert (await done(world.owner.get(f"{MCP}/tools/{made['id']}")))["id"] == made["id"]
        for provider_id in (name, made["id"]):
            ran = await world.run_tool(tool("mcp", provider_id, "add", {"a": "{{#start.q#}}", "b": "2"}), q="40")
            assert ran["outputs"]["text"] == "sum 42", ran["error"]
    ran = await world.run_tool(tool("mcp", name, "add", {"a": "1"}))
    assert ran["status"] == "failed"
    assert f"Failed to invoke tool {name}" in ran["error"]
    await refused(world.owner.get(f"{MCP}/update/{made['id']}"), "Failed to connect to MCP server")


async def test_headers_are_sent_and_kept_secret(world: World) -> None:
    guards: list[Guarded] = []

    def guard(app: object) -> Guarded:
        guards.append(Guarded(app, ("x-key", SECRET)))  # type: ignore[arg-type]  # an ASGI app
        return guards[0]

    async with open_peer(wrap=guard) as url:
        made = await done(world.owner.post(MCP, json=form("headers", url, headers={"X-Key": SECRET})))
        assert [each["name"] for each in made["tools"]] == ["add"]
        shown = await world.owner.get(f"{MCP}/tools/{made['id']}")
        assert SECRET not in shown.text
        assert shown.json()["masked_headers"] == {"X-Key": "a-*****************ue"}
        assert shown.json()["server_url"] == url.removesuffix("/mcp") + "/******"
        row = await row_of(world, made["id"])
        assert SECRET not in str(row.encrypted_headers)
        assert "127.0.0.1" not in row.encrypted_server_url

        changed = form("headers2", shown.json()["server_url"], headers=shown.json()["masked_headers"])
        await done(world.owner.put(MCP, json=changed | {"provider_id": made["id"], "server_identifier": "headers2"}))
        ran = await world.run_tool(tool("mcp", "headers2", "add", {"a": "1"}))
        assert ran["outputs"]["text"] == "sum 2", ran["error"]
        away = changed | {"provider_id": made["id"], "server_url": "http://127.0.0.1:9/elsewhere"}
        await refused(world.owner.put(MCP, json=away), "enter headers and secrets again")
        await done(world.owner.put(MCP, json=changed | {"provider_id": made["id"], "headers": {"X-Key": "another"}}))
        await refused(world.owner.get(f"{MCP}/update/{made['id']}"), "403")
    await done(world.owner.request("DELETE", MCP, json={"provider_id": made["id"]}))
    await refused(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}), "MCP tool not found", 404)


async def test_a_person_signs_in_and_tokens_are_renewed(world: World) -> None:
    people = People()
    async with protected_peer(people) as url:
        made = await done(world.owner.post(MCP, json=form("protected", url)))
        assert not made["is_team_authorization"]
        assert made["tools"] == []
        assert made["is_dynamic_registration"]
        await refused(world.owner.get(f"{MCP}/update/{made['id']}"), "Please auth the tool first")
        ran = await world.run_tool(tool("mcp", "protected", "add", {"a": "1"}))
        assert ran["error"] == "Failed to get tool runtime: tool add not found"

        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        asked = query_of(begun["authorization_url"])
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == f"{ORIGIN}/console/api/mcp/oauth/callback"
        assert asked["resource"] == url
        back = await consent(world, begun["authorization_url"])
        assert (back.status_code, back.headers["location"]) == (302, f"{ORIGIN}/oauth-callback")

        shown = await done(world.owner.get(f"{MCP}/tools/{made['id']}"))
        assert shown["is_team_authorization"]
        assert [each["name"] for each in shown["tools"]] == ["add"]
        ran = await world.run_tool(tool("mcp", "protected", "add", {"a": "1"}))
        assert ran["outputs"]["text"] == "sum 2", ran["error"]
        assert people.refreshed == 0
        assert await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]})) == {"result": "success"}

        row = await row_of(world, made["id"])
        kept = f"{row.encrypted_login}{row.encrypted_client}"
        assert not any(token in kept for token in [*people.access, *people.refresh, *people.clients])

        people.revoke()  # the server no longer takes what it gave
        ran = await world.run_tool(tool("mcp", "protected", "add", {"a": "2"}))
        assert ran["outputs"]["text"] == "sum 3", ran["error"]
        assert people.refreshed == 1

        people.lifetime = 1  # due at once: refreshed before it is used
        people.revoke()
        await done(world.owner.get(f"{MCP}/update/{made['id']}"))
        assert people.refreshed == 2
        ran = await world.run_tool(tool("mcp", "protected", "add", {"a": "3"}))
        assert ran["outputs"]["text"] == "sum 4", ran["error"]
        assert people.refreshed == 3

        people.revoke()
        people.refresh.clear()
        ran = await world.run_tool(tool("mcp", "protected", "add", {"a": "3"}))
        assert ran["status"] == "failed"
        assert "Failed to invoke tool protected" in ran["error"]


async def test_a_login_holds_once_and_in_its_browser_only(world: World) -> None:
    people = People()
    async with protected_peer(people) as url:
        made = await done(world.owner.post(MCP, json=form("once", url)))
        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        async with httpx.AsyncClient(timeout=120) as vendor:
            back = (await vendor.get(begun["authorization_url"])).headers["location"]
        stranger = world.people.browser()
        await refused(stranger.get(back), "another browser")
        wrong = back.replace("state=", "state=x")
        await refused(world.owner.get(wrong), "another browser")
        assert (await world.owner.get(back)).status_code == 302
        await refused(world.owner.get(back), "another browser")

        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        assert begun == {"result": "success"}


async def test_a_refusal_of_the_authorization_server_is_told(world: World) -> None:
    people = People()
    async with protected_peer(people) as url:
        made = await done(world.owner.post(MCP, json=form("denied", url)))
        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        state = query_of(begun["authorization_url"])["state"]
        back = f"/mcp/oauth/callback?error=access_denied&error_description=not+today&state={state}"
        await refused(world.owner.get(back), "The authorization server refused: not today")
        forged = f"/mcp/oauth/callback?code=made-up&state={state}"
        await refused(world.owner.get(forged), "The authorization server refused")
        assert (await row_of(world, made["id"])).encrypted_login is None


async def test_a_client_that_an_administrator_gave_is_used(world: World) -> None:
    people = People()
    async with protected_peer(people, registers=False) as url:
        made = await done(world.owner.post(MCP, json=form("given", url)))
        await refused(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}), "Give a client id and secret")
        given = {"client_id": "our-client", "client_secret": "our-secret-of-the-client"}
        await done(world.owner.put(MCP, json=form("given", url, provider_id=made["id"], authentication=given)))
        shown = await done(world.owner.get(f"{MCP}/tools/{made['id']}"))
        assert not shown["is_dynamic_registration"]
        assert shown["authentication"] == {"client_id": "our-client", "client_secret": "ou********************nt"}
        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        assert "client_id=our-client" in begun["authorization_url"]

        again = {"provider_id": made["id"], "authentication": shown["authentication"]}
        away = form("given", "http://127.0.0.1:9/mcp", **again)
        await refused(world.owner.put(MCP, json=away), "enter headers and secrets again")
        await refused(world.owner.put(MCP, json=form("given", "http://[::1/b", **again)), "Server URL is not valid.")
        await done(world.owner.put(MCP, json=form("given", url, **again)))
        shown = await done(world.owner.get(f"{MCP}/tools/{made['id']}"))
        assert shown["authentication"]["client_secret"] == "ou********************nt"


async def test_another_address_forgets_the_login(world: World) -> None:
    people = People()
    async with protected_peer(people) as url, open_peer() as other:
        made = await done(world.owner.post(MCP, json=form("moved", url)))
        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        await consent(world, begun["authorization_url"])
        assert (await row_of(world, made["id"])).encrypted_login is not None
        await done(world.owner.put(MCP, json=form("moved", other, provider_id=made["id"])))
        row = await row_of(world, made["id"])
        assert row.encrypted_login is None
        assert row.authed


async def test_what_can_t_be_kept_is_refused(world: World) -> None:
    nowhere = "http://127.0.0.1:9/mcp"
    made = await done(world.owner.post(MCP, json=form("nowhere", nowhere)))
    assert made["tools"] == []
    cases: list[tuple[JsonObject, str]] = [
        (form("nowhere", "http://127.0.0.1:9/b") | {"server_identifier": "b"}, "MCP tool nowhere already exists"),
        (form("b", nowhere), "already exists"),
        (form("b", "http://127.0.0.1:9/b") | {"server_identifier": "nowhere"}, "MCP tool nowhere already exists"),
        (form("b", "ftp://127.0.0.1/b"), "Server URL is not valid."),
        (form("b", "http:///b"), "Server URL is not valid."),
        (form("b", "http://[::1/b"), "Server URL is not valid."),
        (form("b", "http://h.test/b") | {"server_identifier": "Upper Case"}, "server_identifier"),
        (form("b", "http://h.test/b", configuration={"timeout": 0}), "timeout"),
        (form("b", "http://h.test/b", headers={"X": "a\r\nY: b"}), "can't be sent"),
        (form("b", "http://h.test/b", headers={"Host": "x"}), "belongs to the protocol"),
        (form(" ", "http://h.test/b", server_identifier="b"), "name must have"),
    ]
    for body, words in cases:
        await refused(world.owner.post(MCP, json=body), words)
    metadata = await done(world.owner.post(MCP, json=form("metadata", "http://169.254.169.254/a-key/mcp?k=a-key")))
    told = await world.owner.get(f"{MCP}/update/{metadata['id']}")
    assert "Access to 'http://169.254.169.254' was blocked by SSRF protection" in told.json()["message"]
    assert "a-key" not in told.text


async def test_many_runs_renew_their_tokens_once(world: World) -> None:
    people = People()
    async with protected_peer(people) as url:
        made = await done(world.owner.post(MCP, json=form("shared", url)))
        begun = await done(world.owner.post(f"{MCP}/auth", json={"provider_id": made["id"]}))
        await consent(world, begun["authorization_url"])
        people.revoke()
        use = tool("mcp", "shared", "add", {"a": "1"})
        ran = await asyncio.gather(*(world.run_tool(use) for _ in range(4)))
        assert [each["outputs"]["text"] for each in ran] == ["sum 2"] * 4
        assert people.refreshed == 1


async def test_a_list_without_end_is_not_kept(world: World) -> None:
    async def take(request: Request) -> JSONResponse:
        message = await request.json()
        if "id" not in message:
            return JSONResponse(None, 202)
        if message["method"] == "initialize":
            result: JsonObject = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {}}
        else:
            result = {"tools": [{"name": f"t{n}", "description": "d" * 30_000} for n in range(100)]}
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": result})

    async with serving(Starlette(routes=[Route("/mcp", take, methods=["POST"])])) as base:
        made = await done(world.owner.post(MCP, json=form("endless", f"{base}/mcp")))
        assert made["tools"] == []
        await refused(world.owner.get(f"{MCP}/update/{made['id']}"), "list of tools is larger than")
