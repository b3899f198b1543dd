"""MCP servers that misbehave, over both transports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from orrery.egress import GuardedHttpClient
from orrery.tools.mcp.errors import McpAuthError, McpConnectionError, McpError
from orrery.tools.mcp.session import open_session
from orrery.tools.mcp.transport import McpEndpoint

from .serving import serving

Handler = Callable[[Request], Response]


def sse_server(*events: str, stays: float = 0.0) -> Starlette:
    """A stream with the events, which then ends after ``stays`` seconds; messages to it are taken and not answered."""

    async def stream() -> AsyncIterator[str]:
        for event in events:
            yield event
        await asyncio.sleep(stays)

    async def listen(request: Request) -> Response:
        return StreamingResponse(stream(), media_type="text/event-stream")

    async def take(request: Request) -> Response:
        return Response(status_code=202)

    return Starlette(routes=[Route("/sse", listen), Route("/messages", take, methods=["POST"])])


async def opened(app: Starlette, http: GuardedHttpClient, path: str = "/sse", **options: float) -> None:
    async with serving(app) as base:
        endpoint = McpEndpoint(url=base + path, **{"timeout": 60.0, "sse_read_timeout": 60.0, **options})
        async with open_session(http, endpoint) as session:
            await session.list_tools()


@pytest.mark.parametrize(
    ("app", "error"),
    [
        (sse_server("event: endpoint\ndata: http://elsewhere.test/messages\n\n", stays=0.2), "another host"),
        (sse_server("event: endpoint\ndata: //elsewhere.test/messages\n\n", stays=0.2), "another host"),
        (sse_server("event: endpoint\ndata: /messages\n\n"), "closed the stream"),
        (sse_server("event: endpoint\ndata: /messages\n\n", "data: not json\n\n", stays=0.2), "not JSON"),
        (sse_server("event: noise\ndata: x\n\n"), "closed the stream"),
    ],
)
async def test_streams_that_lead_astray(app: Starlette, error: str, http: GuardedHttpClient):
    with pytest.raises(McpError, match=error):
        await opened(app, http)


async def test_silence_ends(http: GuardedHttpClient):
    app = sse_server("event: endpoint\ndata: /messages\n\n", stays=600)
    with pytest.raises(McpConnectionError, match="in time"):
        await opened(app, http, sse_read_timeout=0.05)
    with pytest.raises(McpConnectionError, match="in time"):
        await opened(sse_server(stays=600), http, timeout=0.05)


def streamable_server(**answers: object) -> Starlette:
    """Answers each method with what is given for it: a result, a response, or events as text."""

    async def take(request: Request) -> Response:
        message = json.loads(await request.body() or b"{}")
        answer = answers.get(str(message.get("method", "")).replace("/", "_"))
        if isinstance(answer, Response):
            return answer
        if isinstance(answer, str):
            return Response(answer.replace("ID", str(message.get("id"))), media_type="text/event-stream")
        if answer is None:
            return Response(status_code=202)
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": answer})

    return Starlette(routes=[Route("/mcp", take, methods=["POST", "DELETE"])])


HELLO = {"protocolVersion": "2025-03-26", "capabilities": {}}


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"initialize": {"protocolVersion": "1999-01-01"}}, "speaks protocol 1999-01-01"),
        ({"initialize": HELLO, "tools_list": Response("oops", media_type="application/json")}, "not JSON"),
        ({"initialize": HELLO, "tools_list": Response("busy", 503)}, "status 503: busy"),
        ({"initialize": HELLO, "tools_list": JSONResponse({"id": 77, "result": {}})}, "did not answer"),
        ({"initialize": HELLO, "tools_list": 'data: {"id": 77}\n\n'}, "ended the stream without an answer"),
        ({"initialize": HELLO, "tools_list": 'data: {"id": ID, "error": {"message": "no tools"}}\n\n'}, "no tools"),
        ({"initialize": HELLO, "tools_list": {"tools": [], "nextCursor": "again"}}, "more than 50 pages"),
        ({"initialize": HELLO, "tools_list": {"tools": [{"name": "t"}] * 1_001}}, "more than 1000 tools"),
    ],
)
async def test_answers_that_make_no_sense(answers: dict[str, object], error: str, http: GuardedHttpClient):
    with pytest.raises(McpError, match=error):
        await opened(streamable_server(**answers), http, "/mcp")


async def test_questions_of_the_server_are_answered_on_the_way(http: GuardedHttpClient):
    events = (
        ': hello\n\ndata: {"id": "q", "method": "ping"}\n\ndata: {"method": "notifications/message"}\n\n'
        'data: [{"id": ID, "result": {"tools": "none"}}]\n\n'
    )
    await opened(streamable_server(initialize=HELLO, tools_list=events), http, "/mcp")


async def test_a_server_that_wants_a_login_says_where(http: GuardedHttpClient):
    answer = Response(status_code=401, headers={"WWW-Authenticate": 'Bearer resource_metadata="https://x.test/m"'})
    with pytest.raises(McpAuthError) as refused:
        await opened(streamable_server(initialize=answer), http, "/mcp")
    assert "https://x.test/m" in refused.value.challenge
