"""The gate of the service shape: every connection of a snippet goes, byte for byte, to one forward proxy."""

from __future__ import annotations

import asyncio
import contextlib
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

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """See `NetworkGate.carry`. A proxy that can't be reached ends the snippet's connection."""
        try:
            async with asyncio.timeout(_CONNECT_PATIENCE):
                far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            return
        with contextlib.closing(far_writer):
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
