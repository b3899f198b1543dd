"""A session with an MCP server: agree on a version, list tools, call them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Literal, cast

import msgspec

from orrery.egress.protocol import HttpClient
from orrery.tools.mcp.errors import McpError, McpTransportUnsupported
from orrery.tools.mcp.jsonrpc import JsonObject, notification, request, result_of
from orrery.tools.mcp.sse import SseTransport
from orrery.tools.mcp.streamable import StreamableTransport
from orrery.tools.mcp.transport import Authorization, McpEndpoint, Transport

VERSIONS: Final = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
"""Newest first; what this client understands is the same in all of them."""
CLIENT: Final = {"name": "Orrery", "version": "1"}
_MAX_PAGES: Final = 50
_MAX_TOOLS: Final = 1_000


class McpToolInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as its server describes it."""

    name: str
    title: str = ""
    description: str = ""
    input_schema: JsonObject = {}
    output_schema: JsonObject | None = None


class McpResult(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's answer: content items as the protocol has them, and the same as one object where it exists."""

    content: tuple[JsonObject, ...] = ()
    structured: JsonObject | None = None
    is_error: bool = False


class McpSession:
    """One session; made by `open_session`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._last_id = 0
        self.server: JsonObject = {}
        self.version = ""

    async def initialize(self) -> None:
        """Agrees on a version. Raises `McpError`."""
        answer = await self._ask(
            "initialize", {"protocolVersion": VERSIONS[0], "capabilities": {}, "clientInfo": CLIENT}
        )
        version = answer.get("protocolVersion")
        if version not in VERSIONS:
            raise McpError(f"The MCP server speaks protocol {version}, this client {', '.join(VERSIONS)}.")
        self.version, self.server = str(version), answer
        self._transport.speak(self.version)
        await self._transport.tell(notification("notifications/initialized"))

    async def ping(self) -> None:
        await self._ask("ping")

    async def list_tools(self) -> list[McpToolInfo]:
        """All pages. Raises `McpError`."""
        found: list[McpToolInfo] = []
        cursor: object = None
        for _ in range(_MAX_PAGES):
            page = await self._ask("tools/list", {"cursor": cursor} if cursor else {})
            found += [_info(item) for item in _objects(page.get("tools"))]
            if len(found) > _MAX_TOOLS:
                raise McpError(f"The MCP server lists more than {_MAX_TOOLS} tools.")
            cursor = page.get("nextCursor")
            if not cursor:
                return found
        raise McpError(f"The MCP server lists tools on more than {_MAX_PAGES} pages.")

    async def call(self, name: str, arguments: Mapping[str, object]) -> McpResult:
        """Raises `McpError`; an error of the tool itself is an answer with ``is_error``."""
        answer = await self._ask("tools/call", {"name": name, "arguments": dict(arguments)})
        structured = answer.get("structuredContent")
        return McpResult(
            content=tuple(_objects(answer.get("content"))),
            structured=cast("JsonObject", structured) if isinstance(structured, dict) else None,
            is_error=bool(answer.get("isError")),
        )

    async def _ask(self, method: str, params: JsonObject | None = None) -> JsonObject:
        self._last_id += 1
        return result_of(await self._transport.ask(request(self._last_id, method, params), self._last_id))


async def anonymous() -> str | None:
    """The authorization of those who have none."""
    return None


@asynccontextmanager
async def open_session(
    http: HttpClient,
    endpoint: McpEndpoint,
    authorization: Authorization = anonymous,
    *,
    transport: Literal["auto", "streamable", "sse"] = "auto",
) -> AsyncGenerator[McpSession]:
    """A session that is ready for use; ``auto`` tries streamable HTTP and falls back to the older transport.

    Raises `McpError`, `ToolSSRFError`.
    """
    found: Transport | None = None
    session: McpSession | None = None
    if transport != "sse":
        found = StreamableTransport(http, endpoint, authorization)
        session = McpSession(found)
        try:
            await session.initialize()
        except McpTransportUnsupported:
            if transport == "streamable":
                raise
            session = None
    if session is None:
        older = SseTransport(http, endpoint, authorization)
        found, session = older, McpSession(older)
        try:
            await older.connect()
            await session.initialize()
        except BaseException:
            await older.close()
            raise
    try:
        yield session
    finally:
        if found is not None:
            await found.close()


def _objects(value: object) -> list[JsonObject]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("JsonObject", item) for item in items if isinstance(item, dict)]


def _info(item: JsonObject) -> McpToolInfo:
    schema, output = item.get("inputSchema"), item.get("outputSchema")
    return McpToolInfo(
        name=str(item.get("name") or ""),
        title=str(item.get("title") or ""),
        description=str(item.get("description") or ""),
        input_schema=cast("JsonObject", schema) if isinstance(schema, dict) else {},
        output_schema=cast("JsonObject", output) if isinstance(output, dict) else None,
    )
