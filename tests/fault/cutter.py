"""A TCP proxy that stands before a server of this machine and fails on demand.

It carries bytes both ways until told otherwise: connections can be cut, new ones refused, bytes held back for ever
(a network that swallows packets) or for a while (a slow one).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self


class Cutter:
    """Serves from a thread of its own until the end of its ``with``.

    ``carried`` counts connections, ``asked`` the pieces that clients sent: each is at most one question.
    """

    def __init__(self, target: int) -> None:
        self.carried = 0
        self.asked = 0
        self._target = target
        self._delay = 0.0
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def cut(self) -> None:
        """Ends every connection in the middle of whatever it carries; new ones are made as before."""
        self._do(self._end_all)

    def refuse(self, yes: bool = True) -> None:
        """With True, cuts everything and ends each new connection at once."""
        self._refusing = yes
        if yes:
            self.cut()

    def swallow(self, yes: bool = True) -> None:
        """With True, nothing gets through in either direction, and nobody is told."""
        self._do(self._stop_flow if yes else self._let_flow)

    def slow(self, seconds: float) -> None:
        """Each piece waits this long on its way."""
        self._delay = seconds

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._open)
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(work(), self._loop).result(20)

    async def _open(self) -> None:
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _stop_flow(self) -> None:
        self._flowing.clear()

    async def _let_flow(self) -> None:
        self._flowing.set()

    async def _end_all(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._end_all()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.carried += 1
        try:
            if not self._refusing:
                await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # one side left, or the test cut it
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [
            asyncio.create_task(self._pump(reader, to_writer, self._count)),
            asyncio.create_task(self._pump(to_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_writer.transport.abort()

    def _count(self) -> None:
        self.asked += 1

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, seen: Callable[[], None] = lambda: None
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                seen()
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
