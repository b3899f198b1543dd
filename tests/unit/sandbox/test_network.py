"""A snippet with network reaches the gate and nothing else (reliability.md 1.3, "Network on")."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import SandboxRefusal
from orrery.sandbox.relay import RelayGate

from .conftest import PATIENCE
from .waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class AnsweringGate:
    """`NetworkGate` that answers every proxy request with its own first line."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.serving = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving += 1
        try:
            line = (await reader.readuntil(b"\r\n")).decode().strip()
            self.seen.append(line)
            body = line.encode()
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        finally:
            self.serving -= 1
            writer.close()


@pytest.fixture(scope="module")
def gate() -> AnsweringGate:
    return AnsweringGate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connected(gate: AnsweringGate) -> AsyncIterator[EmbeddedSandbox]:
    sandbox = EmbeddedSandbox(Limits(timeout=PATIENCE), minimum_level=3, allow_network=True, gate=gate)
    try:
        await sandbox.ready()
    except SandboxRefusal as refusal:
        await sandbox.close()
        pytest.skip(f"no level 3 here: {refusal.message}")
    yield sandbox
    await sandbox.close()


FETCH = "import urllib.request\nprint(urllib.request.urlopen('http://example.test/x?y').read().decode())"


async def test_a_request_goes_through_the_gate(connected: EmbeddedSandbox, gate: AnsweringGate):
    result = await connected.run("python3", FETCH, enable_network=True)
    assert result.stdout == "GET http://example.test/x?y HTTP/1.1\n", result.error
    assert gate.seen[-1] == "GET http://example.test/x?y HTTP/1.1"
    assert gate.serving == 0


async def test_main_has_the_network_that_the_setting_allows(connected: EmbeddedSandbox):
    code = "import urllib.request\ndef main(): return {'x': urllib.request.urlopen('http://a.test/').read().decode()}"
    assert await connected.call_main("python3", code, {}) == {"x": "GET http://a.test/ HTTP/1.1"}


async def test_runs_at_the_same_time_have_doors_of_their_own(connected: EmbeddedSandbox, gate: AnsweringGate):
    codes = [FETCH.replace("/x?y", f"/{n}") for n in range(4)]
    results = await asyncio.gather(*(connected.run("python3", c, enable_network=True) for c in codes))
    assert [r.stdout for r in results] == [f"GET http://example.test/{n} HTTP/1.1\n" for n in range(4)]
    assert gate.serving == 0


async def test_nothing_else_is_reached(connected: EmbeddedSandbox, gate: AnsweringGate):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    code = f"""
import socket
def main():
    reached = []
    for family, kind, address in (
        (2, 1, ('127.0.0.1', {listener.getsockname()[1]})), (2, 1, ('1.1.1.1', 80)), (2, 1, ('169.254.169.254', 80)),
        (2, 1, ('127.0.0.1', 22)), (10, 1, ('::1', 3128)), (2, 2, ('1.1.1.1', 53)), (2, 2, ('127.0.0.1', 53)),
        (1, 1, '/run/docker.sock'), (1, 1, chr(0) + 'x'), (16, 3, (0, 0)), (2, 3, ('127.0.0.1', 0)),
        (40, 1, (2, 22)), (2, 0x801, ('1.1.1.1', 80))):
        try:
            s = socket.socket(family, kind)
            s.connect(address)
            reached.append([family, kind, str(address)])
        except OSError: pass
    try:
        s = socket.socket(); s.bind(('127.0.0.1', 4000)); s.listen(); reached.append('listening')
    except OSError: pass
    return {{'reached': reached}}
"""
    assert await connected.call_main("python3", code, {}) == {"reached": []}
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()


async def test_without_asking_there_is_no_network(connected: EmbeddedSandbox):
    result = await connected.run("python3", FETCH)
    assert result.exit_code == 1
    assert "urlopen error" in result.error
    environment = await connected.run("python3", "import os\nprint(dict(os.environ))")
    assert environment.stdout == "{}\n"


async def test_a_gate_ends_with_its_run(connected: EmbeddedSandbox, gate: AnsweringGate):
    code = "import socket, time\ns = socket.create_connection(('127.0.0.1', 3128))\ntime.sleep(3600)"
    running = asyncio.create_task(connected.run("python3", code, enable_network=True))
    await until(lambda g: g.serving, gate)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gate.serving == 0


async def test_at_level_one_a_run_goes_on_without():
    sandbox = EmbeddedSandbox(Limits(timeout=PATIENCE), levels=(1,), allow_network=True, gate=AnsweringGate())
    try:
        result = await sandbox.run(
            "python3", "import os, socket\nprint(dict(os.environ))\nsocket.socket()", enable_network=True
        )
        assert result.stdout == "{}\n"
        assert "operation not permitted" in result.error
    finally:
        await sandbox.close()


@pytest.mark.usefixtures("connected")
async def test_the_relay_carries_everything_to_the_proxy(gate: AnsweringGate):
    proxy = await asyncio.start_server(gate.carry, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    sandbox = EmbeddedSandbox(
        Limits(timeout=PATIENCE),
        minimum_level=3,
        allow_network=True,
        gate=RelayGate.from_url(f"http://127.0.0.1:{port}"),
    )
    try:
        result = await sandbox.run("python3", FETCH, enable_network=True)
        assert result.stdout == "GET http://example.test/x?y HTTP/1.1\n", result.error
    finally:
        await sandbox.close()
        proxy.close()
        await proxy.wait_closed()


@pytest.mark.usefixtures("connected")
async def test_a_proxy_that_is_gone_ends_the_connection():
    sandbox = EmbeddedSandbox(
        Limits(timeout=PATIENCE), minimum_level=3, allow_network=True, gate=RelayGate("127.0.0.1", 1)
    )
    try:
        result = await sandbox.run("python3", FETCH, enable_network=True)
        assert result.exit_code == 1
        assert "Remote end closed connection" in result.error or "reset" in result.error
    finally:
        await sandbox.close()


@pytest.mark.parametrize("url", ["socks4://proxy:1080", "http://user:pw@proxy:3128", "proxy:3128", "", "https://proxy"])
async def test_only_plain_proxies_are_taken(url: str):
    with pytest.raises(ValueError, match="http://"):
        RelayGate.from_url(url)
