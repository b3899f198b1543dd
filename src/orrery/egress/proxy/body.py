"""The body of a request, carried to the server exactly as long as its head says, and the raw rest of a connection."""

from __future__ import annotations

import asyncio
import re

from orrery.egress.proxy.refusal import invalid

_PIECE = 64 * 1024
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\x00]*)?\r\n")


class Silence(Exception):
    """Nothing has passed in either direction for too long."""


class Traffic:
    """When something last passed; shared by the two directions of one connection. ``patience`` is in seconds."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()

    async def read(self, reader: asyncio.StreamReader, most: int = _PIECE) -> bytes:
        """Up to ``most`` bytes, none at the end. Raises `Silence` when the other direction is quiet as well."""
        while True:
            try:
                async with asyncio.timeout_at(self._last + self._patience):
                    piece = await reader.read(most)
            except TimeoutError:
                if self._loop.time() >= self._last + self._patience:
                    raise Silence from None
                continue
            self._last = self._loop.time()
            return piece

    async def line(self, reader: asyncio.StreamReader) -> bytes:
        """Up to and with the next line end. Raises `Silence`, EOFError, and `Refusal` for an endless line."""
        try:
            async with asyncio.timeout(self._patience):
                return await reader.readuntil(b"\r\n")
        except TimeoutError:
            raise Silence from None
        except asyncio.LimitOverrunError:
            raise invalid("a line of the body is too long") from None

    async def write(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        """Raises `Silence` when the receiver takes nothing for too long."""
        writer.write(piece)
        try:
            async with asyncio.timeout(self._patience):
                await writer.drain()
        except TimeoutError:
            raise Silence from None
        self._last = self._loop.time()


async def carry_rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic) -> None:
    """Everything up to the end of ``reader``, whose end is passed on."""
    while piece := await traffic.read(reader):
        await traffic.write(writer, piece)
    if writer.can_write_eof():
        writer.write_eof()


async def carry_length(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int, traffic: Traffic
) -> None:
    """Exactly ``length`` bytes. Raises EOFError when there are fewer."""
    while length:
        piece = await traffic.read(reader, min(length, _PIECE))
        if not piece:
            raise EOFError
        length -= len(piece)
        await traffic.write(writer, piece)


async def carry_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic) -> None:
    """A chunked body, its chunks written anew and its trailers left out. Raises `Refusal`, EOFError."""
    while True:
        size = _SIZE.fullmatch(await traffic.line(reader))
        if size is None:
            raise invalid("a chunk has no size")
        length = int(size[1], 16)
        if length == 0:
            break
        await traffic.write(writer, b"%x\r\n" % length)
        await carry_length(reader, writer, length, traffic)
        if await traffic.line(reader) != b"\r\n":
            raise invalid("a chunk does not end where it should")
        await traffic.write(writer, b"\r\n")
    while await traffic.line(reader) != b"\r\n":
        pass
    await traffic.write(writer, b"0\r\n\r\n")
