"""Runs a small server of this process for a test, and the objects that such servers keep."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """The address of a server that hands every request to ``handler``."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{rest:.*}", handler)
    server = TestServer(app)
    await server.start_server()
    try:
        yield str(server.make_url("")).rstrip("/")
    finally:
        await server.close()


def stretch(request: web.Request, content: bytes) -> web.Response:
    """The content, or the part that the Range header names."""
    wanted = request.http_range
    if wanted.start is None:
        return web.Response(body=content)
    if wanted.start >= len(content):
        return web.Response(status=416)
    return web.Response(status=206, body=content[wanted.start : wanted.stop])
