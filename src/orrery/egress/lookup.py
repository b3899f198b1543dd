"""Names turned into addresses: asked once for each connection, by whoever is about to connect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

Lookup: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Turns a host name into address literals; raises `OSError` when it can't."""


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """The operating system's resolver, on the loop's thread pool."""
    infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))
