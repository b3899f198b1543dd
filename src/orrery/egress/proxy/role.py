"""The process role ``ssrf_proxy``: the forward proxy on TCP 3128 and the sandbox's door on 8194."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import msgspec

from orrery.egress.lookup import Lookup, system_lookup
from orrery.egress.proxy.configuration import Misconfigured, ProxySettings, read_settings
from orrery.egress.proxy.door import SandboxDoor
from orrery.egress.proxy.rules import ProxyRules
from orrery.egress.proxy.server import HEAD_LIMIT, ForwardProxy

_BACKLOG = 1024
_EX_CONFIG, _EX_UNAVAILABLE = 78, 69
_Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class _Connections:
    """The connections under way, so that they can be ended with their listener."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def owning(self, serve: _Serve) -> _Serve:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if (task := asyncio.current_task()) is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await serve(reader, writer)

        return one

    async def end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def listening(settings: ProxySettings, lookup: Lookup = system_lookup) -> AsyncGenerator[tuple[int, int]]:
    """The two ports that are listened on; 0 in the settings takes a free one. Raises OSError."""
    rules = ProxyRules(settings.policy, lookup=lookup)
    door = SandboxDoor(rules, settings.sandbox_host, settings.sandbox_port)
    connections = _Connections()
    ports: list[int] = []
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(connections.end)
        for serve, port in ((ForwardProxy(rules).serve, settings.port), (door.serve, settings.door)):
            server = await asyncio.start_server(
                connections.owning(serve), settings.host, port, limit=HEAD_LIMIT, backlog=_BACKLOG
            )
            stack.callback(server.close)
            ports.append(server.sockets[0].getsockname()[1])
        yield ports[0], ports[1]


async def serve(settings: ProxySettings) -> None:
    """Serves until SIGINT or SIGTERM. Raises OSError when a port is taken."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with listening(settings) as (port, door):
        logging.getLogger(__name__).info("forward proxy on port %d, the sandbox's door on port %d", port, door)
        await stopping.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Reads arguments and environment, then serves. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="orrery ssrf-proxy", description="The way out for snippets and plugins.")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--door", type=int, help="port of the way in to the sandbox")
    arguments = parser.parse_args(argv)
    given = {k: v for k in ("host", "port", "door") if (v := getattr(arguments, k)) is not None}
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        asyncio.run(serve(msgspec.structs.replace(read_settings(os.environ), **given)))
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        return _EX_CONFIG
    except OSError as error:
        sys.stderr.write(f"The proxy can't listen: {error}\n")
        return _EX_UNAVAILABLE
    return 0
