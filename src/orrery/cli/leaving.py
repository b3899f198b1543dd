"""Leaving a port and its connections so that no request is lost.

A connection that waits to be accepted, or a request that waits to be read, is answered with a reset when its socket
is closed, and a proxy may not send it again: it could have been carried out.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

_LOOK_SECONDS = 0.01


class Transport(Protocol):
    """What is used of a connection's transport; that of uvloop is no subclass of asyncio's."""

    def get_extra_info(self, name: str, default: object = None) -> object: ...


class Listening(Protocol):
    """What is used of the event loop's server."""

    @property
    def sockets(self) -> Sequence[socket.socket]: ...
    def close(self) -> None: ...


async def leave_ports(servers: Iterable[Listening], protocol: Callable[[], asyncio.Protocol]) -> None:
    """Closes the ports, and lets in whoever knocked before that."""
    loop = asyncio.get_running_loop()
    doors: list[socket.socket] = []
    for server in servers:
        # Of its own, so that the kernel keeps what waits when the loop's one is closed.
        doors += [socket.socket(fileno=os.dup(listening.fileno())) for listening in server.sockets]
        server.close()
    arrived: list[socket.socket] = []
    for door in doors:
        door.setblocking(False)
        with contextlib.suppress(OSError):
            while True:
                arrived.append(door.accept()[0])
        door.close()
    for connection in arrived:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            await loop.connect_accepted_socket(protocol, connection)


async def until_read(transports: Callable[[], Iterable[Transport]], most: float) -> None:
    """Returns when no connection holds bytes that were not read yet, ``most`` seconds later at the latest."""
    loop = asyncio.get_running_loop()
    until = loop.time() + most
    # Nothing tells when the kernel has handed over what came in; the loop needs a few turns for it.
    while any(map(_has_unread, transports())) and loop.time() < until:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)


def _has_unread(transport: Transport) -> bool:
    connection = transport.get_extra_info("socket")
    number = getattr(connection, "fileno", lambda: -1)()
    if number < 0:
        return False
    waiting = fcntl.ioctl(number, termios.FIONREAD, struct.pack("i", 0))
    return struct.unpack("i", waiting)[0] > 0
