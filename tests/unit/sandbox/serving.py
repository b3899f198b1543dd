"""The sandbox service over real sockets, and the least of a client that speaks to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from orrery.egress.protocol import EgressConnectionFailed, HttpResponse
from orrery.sandbox.configuration import ServiceSettings
from orrery.sandbox.role import application
from orrery.sandbox.service import SandboxService

KEY = "a-key-of-ours"


class PlainClient:
    """`HttpClient` enough for these tests: one request per connection."""

    async def request(self, method, url, *, headers=None, content=None, **_):
        host, _, path = url.removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        try:
            reader, writer = await asyncio.open_connection(name, int(port))
        except OSError as error:
            raise EgressConnectionFailed(str(error)) from error
        lines = [f"{method} /{path} HTTP/1.1", f"Host: {host}", "Connection: close"]
        lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
        body = content or b""
        lines += [f"Content-Length: {len(body)}"]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        head, _, payload = answer.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        pairs = [tuple(line.split(": ", 1)) for line in rest]
        return HttpResponse(int(first.split()[1]), pairs, payload, url)


@asynccontextmanager
async def serving(settings: ServiceSettings, service: SandboxService | None = None) -> AsyncIterator[str]:
    """Address of the service of ``settings``, which is ``service`` where a test wants to look into it."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        service or application(settings), log_config=None, access_log=False, loop="asyncio", http="httptools"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    running = asyncio.create_task(server._serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


async def call(endpoint: str, method: str, path: str, body=None, *, key: str | None = KEY, kind="application/json"):
    headers = {"Content-Type": kind} | ({"X-Api-Key": key} if key is not None else {})
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    return await PlainClient().request(method, endpoint + path, headers=headers, content=content)


async def raw(endpoint: str, sent: bytes) -> bytes:
    """Whatever comes back on one connection until the service closes it."""
    host, _, port = endpoint.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(120):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
