"""`ForwardProxy`: one request or tunnel for each connection, checked by `ProxyRules`, then carried."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from http import HTTPStatus

import msgspec

from orrery.egress.proxy.body import Silence, Traffic, carry_chunks, carry_length, carry_rest
from orrery.egress.proxy.head import ProxyRequest, parse_request
from orrery.egress.proxy.refusal import Refusal, invalid, too_slow, unreachable
from orrery.egress.proxy.rules import ProxyRules, asker
from orrery.egress.refusals import Refusals

HEAD_LIMIT = 64 * 1024
_LINGER = 2.0

_log = logging.getLogger(__name__)


class ProxyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds and counts, by the contract's proxy. ``silence``: nothing passed in either direction."""

    request: float = 120.0
    connect: float = 30.0
    silence: float = 120.0
    lifetime: float = 300.0
    connections: int = 8192


class ForwardProxy:
    """Serves connections. As a `carry` it is also the gate of snippets that run in this process's sandbox."""

    def __init__(
        self, rules: ProxyRules, limits: ProxyLimits | None = None, *, refusals: Refusals | None = None
    ) -> None:
        self._refusals = refusals or Refusals()
        self._rules, self._limits = rules, limits or ProxyLimits()
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a neighbour; closes it. For ``asyncio.start_server`` with a limit of `HEAD_LIMIT`."""
        # the stream server would report a cancelled callback as an error
        with contextlib.closing(writer), contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            await self.carry(reader, writer, source=asker(writer))
            await writer.drain()

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, source: str | None = None
    ) -> None:
        """One connection; the caller closes ``writer``. ``source`` is the asker's address, None one that may ask.

        Raises OSError and EOFError when either side goes away.
        """
        if self._open >= self._limits.connections:
            await _refuse(Refusal(503, "Too many connections.", "ERR_TOO_BIG"), reader, writer)
            return
        self._open += 1
        try:
            async with asyncio.timeout(self._limits.lifetime):
                await self._exchange(reader, writer, source)
        except (TimeoutError, Silence):
            return
        finally:
            self._open -= 1

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: str | None) -> None:
        request: ProxyRequest | None = None
        try:
            if source is not None:
                self._rules.check_source(source)
            request = parse_request(await self._head(reader))
            self._rules.check_port(request.port, tunnel=request.tunnel)
            far_reader, far_writer = await self._connect(request)
        except Refusal as refusal:
            _tell(source, request, refusal.status)
            if request is not None and refusal.status == HTTPStatus.FORBIDDEN:
                self._refusals.note(request.host, request.port)
            await _refuse(refusal, reader, writer)
            return
        _tell(source, request, 200)
        with contextlib.closing(far_writer):
            traffic = Traffic(self._limits.silence)
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _both(carry_rest(reader, far_writer, traffic), carry_rest(far_reader, writer, traffic))
                return
            sending = _send(request, reader, far_writer, traffic)
            await _until_answered(sending, carry_rest(far_reader, writer, traffic))

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._limits.request):
                return await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise too_slow("The request") from None
        except asyncio.LimitOverrunError:
            raise invalid("the head is too long") from None

    async def _connect(self, request: ProxyRequest) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises `Refusal`. Each address was judged; none is looked up again."""
        addresses = await self._rules.addresses(request.host, request.port)
        try:
            async with asyncio.timeout(self._limits.connect):
                for address in addresses:
                    with contextlib.suppress(OSError):
                        return await asyncio.open_connection(address, request.port)
        except TimeoutError:
            raise too_slow(f"Connecting to {request.host}") from None
        raise unreachable(request.host)


async def _send(
    request: ProxyRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic
) -> None:
    """The request, then nothing more of what the asker sends. Raises EOFError when the asker goes away."""
    await traffic.write(writer, request.head())
    if request.length is None:
        await carry_chunks(reader, writer, traffic)
    else:
        await carry_length(reader, writer, request.length, traffic)
    while await traffic.read(reader):
        pass
    raise EOFError


async def _refuse(refusal: Refusal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers, and reads on for a moment: closing before all is read would take the answer back."""
    writer.write(refusal.answer())
    if writer.can_write_eof():
        writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER):
            while await reader.read(HEAD_LIMIT):
                pass


async def _both(first: Coroutine[object, object, None], second: Coroutine[object, object, None]) -> None:
    """Until both have ended, or one has failed."""
    tasks = [asyncio.create_task(first), asyncio.create_task(second)]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _end(tasks)


async def _until_answered(sending: Coroutine[object, object, None], answer: Coroutine[object, object, None]) -> None:
    """Until the answer has ended. A body that breaks off takes the exchange with it.

    One that the server no longer takes does not: its answer says why.
    """
    tasks = [asyncio.create_task(sending), asyncio.create_task(answer)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[1].done():
            failure = tasks[0].exception()
            if isinstance(failure, Refusal | EOFError | Silence):
                return
        await tasks[1]
    finally:
        await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _tell(source: str | None, request: ProxyRequest | None, status: int) -> None:
    """One line for each connection: no path, no query, no header."""
    where = "-" if request is None else f"{request.method} {request.host}:{request.port}"
    _log.info("%s %s %d", source or "snippet", where, status)
