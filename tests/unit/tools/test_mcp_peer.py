"""The client against servers of the reference implementation, over both transports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.utilities.types import Image
from pydantic import BaseModel

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.tools.entity import ProviderIdentity
from orrery.tools.errors import ToolSSRFError
from orrery.tools.mcp.errors import McpConnectionError, McpError
from orrery.tools.mcp.mcp_tool import McpTool, McpToolProvider, fetch_tools
from orrery.tools.mcp.session import anonymous, open_session
from orrery.tools.mcp.transport import McpEndpoint
from orrery.tools.messages import FileMessage, JsonMessage, TextMessage, VariableMessage

from .serving import serving

PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 64


class Weather(BaseModel):
    city: str
    degrees: float


def peer() -> MCPServer:
    server = MCPServer("peer", instructions="be kind")

    @server.tool(description="Adds numbers.", structured_output=False)
    def add(a: int, b: int = 1) -> str:
        return f"sum {a + b}"

    @server.tool()
    def weather(city: str) -> Weather:
        return Weather(city=city, degrees=21.5)

    @server.tool(structured_output=False)
    def draw() -> Image:
        return Image(data=PICTURE, format="png")

    @server.tool(structured_output=False)
    def fail() -> str:
        raise ToolError("no luck")

    @server.tool(structured_output=False)
    async def chatty(ctx: Context) -> str:
        for step in range(3):
            await ctx.report_progress(step, 3)
        return "done"

    return server


@asynccontextmanager
async def peer_at(transport: str, **options: Any) -> AsyncIterator[McpEndpoint]:
    server = peer()
    app = server.sse_app() if transport == "sse" else server.streamable_http_app(**options)
    async with serving(app) as base:
        yield McpEndpoint(url=base + ("/sse" if transport == "sse" else "/mcp"), timeout=60, sse_read_timeout=60)


async def said(tool: Any, **arguments: object) -> list[object]:
    return [message async for message in tool.invoke(arguments)]


async def tools_at(endpoint: McpEndpoint, http: GuardedHttpClient) -> dict[str, McpTool]:
    infos = await fetch_tools(http, endpoint)
    provider = McpToolProvider("weather", ProviderIdentity(name="weather"), infos, endpoint, http)
    return {tool.entity.name: tool for tool in provider.tools()}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("transport", "options"),
    [
        ("streamable", {}),
        ("streamable", {"json_response": True}),
        ("streamable", {"stateless_http": True, "json_response": True}),
        ("sse", {}),
    ],
)
async def test_tools_are_listed_and_called(transport: str, options: dict[str, bool], http: GuardedHttpClient):
    async with peer_at(transport, **options) as endpoint:
        tools = await tools_at(endpoint, http)
        assert set(tools) == {"add", "weather", "draw", "fail", "chatty"}
        assert await said(tools["add"], a=2, b=3) == [TextMessage("sum 5")]
        assert await said(tools["add"], a=2, b=None) == [TextMessage("sum 3")]
        assert await said(tools["chatty"]) == [TextMessage("done")]
        with pytest.raises(McpError, match="no luck"):
            await said(tools["fail"])


async def test_what_a_tool_says_of_itself(http: GuardedHttpClient):
    async with peer_at("streamable") as endpoint:
        tools = await tools_at(endpoint, http)
    entity = tools["add"].entity
    assert entity.description.llm == "Adds numbers."
    assert [(p.name, p.type, p.form, p.required, p.default) for p in entity.parameters] == [
        ("a", "number", "llm", True, None),
        ("b", "number", "llm", False, 1),
    ]
    assert entity.identity.provider == "weather"
    assert tools["weather"].entity.output_schema is not None


async def test_objects_pictures_and_declared_outputs(http: GuardedHttpClient):
    async with peer_at("streamable") as endpoint:
        tools = await tools_at(endpoint, http)
        assert await said(tools["weather"], city="Ulm") == [
            JsonMessage({"city": "Ulm", "degrees": 21.5}),
            VariableMessage("city", "Ulm"),
            VariableMessage("degrees", 21.5),
        ]
        assert await said(tools["draw"]) == [FileMessage(PICTURE, "image/png")]


async def test_a_session_speaks_the_newest_version_that_both_know(http: GuardedHttpClient):
    async with peer_at("streamable") as endpoint, open_session(http, endpoint) as session:
        assert session.version == "2025-11-25"
        assert session.server["instructions"] == "be kind"
        await session.ping()


async def test_an_address_without_a_server_is_told_as_such(http: GuardedHttpClient):
    with pytest.raises(McpConnectionError):
        await fetch_tools(http, McpEndpoint(url="http://127.0.0.1:9/mcp", timeout=1))
    async with peer_at("streamable") as endpoint:
        elsewhere = McpEndpoint(url=endpoint.url.replace("/mcp", "/nothing"), timeout=60)
        with pytest.raises(McpError, match="404"):
            await fetch_tools(http, elsewhere, anonymous)


async def test_the_guard_keeps_servers_of_users_out_of_the_inside():
    async with peer_at("streamable") as endpoint, GuardedHttpClient(untrusted_policy()) as guarded:
        with pytest.raises(ToolSSRFError, match="blocked by SSRF protection"):
            await fetch_tools(guarded, endpoint)
