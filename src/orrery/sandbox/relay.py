"""The gate of the service shape: every connection of a snippet goes, byte for byte, to one forward proxy."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from urllib.parse import urlsplit

_CHUNK = 64 << 10
_CONNECT_PATIENCE = 10.0


class RelayGate:
    """`NetworkGate` in front of the proxy at ``host``:``port``, whose rules decide what is reached."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    @classmethod
    def from_url(cls, url: str) -> RelayGate:
        """For a proxy's address such as ``http://ssrf_proxy:3128``. Raises ValueError for any other kind of URL."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            msg = f"the proxy of snippets must be an http:// address: {url}"
            raise ValueError(msg)
        return cls(parts.hostname, parts.port or 80)

    async def serve(self, listener: socket.socket) -> None:
        """See `NetworkGate.serve`."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as connections:
            while True:
                connection, _ = await loop.sock_accept(listener)
                connections.create_task(self._carry(connection))

    async def _carry(self, connection: socket.socket) -> None:
        """Both directions until each has ended. A proxy that can't be reached ends the snippet's connection."""
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            async with asyncio.timeout(_CONNECT_PATIENCE):
                far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            await _close(writer)
            return
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            await _close(writer)
            await _close(far_writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
