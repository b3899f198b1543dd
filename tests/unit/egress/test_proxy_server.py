"""What one connection may cost: silence, long heads, broken bodies, early answers, too many at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from orrery.egress import untrusted_policy
from orrery.egress.proxy.configuration import Misconfigured, read_settings
from orrery.egress.proxy.rules import ProxyRules
from orrery.egress.proxy.server import HEAD_LIMIT, ForwardProxy, ProxyLimits

from .canary import Canary, answer

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listener(handler: Handler) -> AsyncIterator[int]:
    """Serves ``handler``; what is still under way at the end is cancelled and its connections closed."""
    under_way: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def start(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.create_task(one(reader, writer)))

    server = await asyncio.start_server(start, "127.0.0.1", 0, limit=HEAD_LIMIT)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way)
        await server.wait_closed()


@asynccontextmanager
async def proxy(**limits: float) -> AsyncIterator[int]:
    rules = ProxyRules(untrusted_policy(allow_private_ips="127.0.0.1"))
    serving = ForwardProxy(rules, ProxyLimits(**limits))  # type: ignore[arg-type]
    async with listener(serving.serve) as port:
        yield port


async def exchange(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_head_without_end_is_refused() -> None:
    async with proxy() as port:
        assert (await exchange(port, b"GET http://127.0.0.1/ HTTP/1.1\r\nX: " + b"x" * 70_000)).startswith(
            b"HTTP/1.1 400"
        )


async def test_a_slow_head_and_a_silent_tunnel_end() -> None:
    async with proxy(request=0.05) as port:
        assert (await exchange(port, b"GET http://")).startswith(b"HTTP/1.1 504")

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listener(silent) as far, proxy(silence=0.05) as port:
        request = f"POST http://127.0.0.1:{far}/ HTTP/1.1\r\nContent-Length: 5\r\n\r\n"
        assert await exchange(port, request.encode()) == b""


async def test_a_connection_has_a_lifetime() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"x" * 1000)
            await writer.drain()
            await asyncio.sleep(0.01)

    # Long enough for a machine to get anything at all; the connection ends by itself whatever it is.
    for lifetime in (0.2, 2.0, 20.0):
        async with listener(endless) as far, proxy(lifetime=lifetime) as port:
            got = await exchange(port, f"GET http://127.0.0.1:{far}/ HTTP/1.1\r\n\r\n".encode())
        if got.startswith(b"xxx"):
            return
    pytest.fail("nothing of an answer came through")


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nhelloxx0\r\n\r\n", b"-5\r\nhello\r\n", b"5;" + b"a" * 70_000])
async def test_a_broken_chunk_is_not_passed_on(body: bytes) -> None:
    arrived = bytearray()

    async def collecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.extend(await reader.read())

    async with listener(collecting) as far, proxy() as port:
        head = f"POST http://127.0.0.1:{far}/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert await exchange(port, head.encode() + body) == b""
    assert b"0\r\n\r\n" not in arrived.partition(b"\r\n\r\n")[2]


async def test_only_the_first_request_of_a_connection_is_served() -> None:
    asked: list[bytes] = []

    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer())
        await writer.drain()

    async with listener(closing) as far, proxy() as port:
        one = f"GET http://127.0.0.1:{far}/1 HTTP/1.1\r\n\r\n"
        assert (await exchange(port, (one + one.replace("/1 ", "/2 ")).encode())).endswith(b"ok")
    assert [head.split()[1] for head in asked] == [b"/1"]


async def test_a_server_that_keeps_its_connection_is_left_when_the_asker_goes() -> None:
    async with Canary() as canary, proxy() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET http://127.0.0.1:{canary.port}/ HTTP/1.1\r\n\r\n".encode())
        await reader.readuntil(b"ok")
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()


async def test_an_answer_before_the_body_is_there_gets_through() -> None:
    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"no", status="413 Too Large"))
        await writer.drain()

    async with listener(refusing) as far, proxy() as port:
        head = f"POST http://127.0.0.1:{far}/ HTTP/1.1\r\nContent-Length: 999999\r\n\r\n"
        assert (await exchange(port, head.encode())).startswith(b"HTTP/1.1 413")


async def test_too_many_connections_are_turned_away() -> None:
    async with proxy(connections=1) as port:
        _, waiting = await asyncio.open_connection("127.0.0.1", port)
        while not (await exchange(port, b"x\r\n\r\n")).startswith(b"HTTP/1.1 503"):
            await asyncio.sleep(0)
        waiting.close()


def test_settings_have_the_names_of_the_container_and_of_the_env_file() -> None:
    inside = read_settings(
        {"HTTP_PORT": "3129", "REVERSE_PROXY_PORT": "8195", "SANDBOX_HOST": "box", "SANDBOX_PORT": "1"}
    )
    assert (inside.port, inside.door, inside.sandbox_host, inside.sandbox_port) == (3129, 8195, "box", 1)
    outside = read_settings(
        {"SSRF_HTTP_PORT": "3130", "SSRF_SANDBOX_PROXY_PORT": "8196", "SSRF_SANDBOX_PROXY_HOST": "b"}
    )
    assert (outside.port, outside.door, outside.sandbox_host) == (3130, 8196, "b")
    defaults = read_settings({"HTTP_PORT": ""})
    assert (defaults.port, defaults.door, defaults.sandbox_host, defaults.sandbox_port) == (3128, 8194, "sandbox", 8194)


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"HTTP_PORT": "x"}, "HTTP_PORT=x"),
        ({"SSRF_HTTP_PORT": "70000"}, "SSRF_HTTP_PORT=70000"),
        ({"SSRF_PROXY_ALLOW_PRIVATE_IPS": "10.0.0.0/99"}, "SSRF_PROXY_ALLOW_PRIVATE_IPS"),
    ],
)
def test_a_wrong_setting_is_named(environment: dict[str, str], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        read_settings(environment)
