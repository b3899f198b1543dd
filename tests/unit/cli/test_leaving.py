"""A server that leaves its port: who knocked before is let in, what was sent before is read."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
import uvloop

from orrery.cli.leaving import leave_ports, until_read


class Greeter(asyncio.Protocol):
    """Says one byte back to each."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data.upper())
        self.transport.close()


async def scene() -> list[bytes]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Greeter, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()[:2]
    # Made without a turn of the loop: these wait in the kernel, and their words with them.
    clients = [socket.create_connection(address) for _ in range(5)]
    for client in clients:
        client.sendall(b"a")
    await leave_ports([server], Greeter)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)

    def answer(client: socket.socket) -> bytes:
        with client:
            return client.recv(10)

    return list(await asyncio.gather(*(asyncio.to_thread(answer, client) for client in clients)))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_who_knocked_before_the_end_is_let_in(
    run: Callable[[Coroutine[Any, Any, list[bytes]]], list[bytes]],
) -> None:
    assert run(scene()) == [b"A"] * 5


class Held:
    """A transport over a socket that nobody reads for a while."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._connection if name == "socket" else default


async def test_what_was_sent_is_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"request")
        waiting = asyncio.create_task(until_read(lambda: [Held(ours)], 30))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        ours.recv(100)
        await asyncio.wait_for(waiting, 60)
        theirs.sendall(b"never read")
        await until_read(lambda: [Held(ours)], 0.02)
    await until_read(lambda: [Held(ours)], 30)
