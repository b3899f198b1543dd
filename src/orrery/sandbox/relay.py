"""The gate of the service shape: every connection of a snippet goes, byte for byte, to one forward proxy."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import urlsplit

from orrery.sandbox.cell.plan import GATE_PORT

_CHUNK = 64 << 10
_DEFAULT_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_CONNECT_PATIENCE = 10.0


def proxy_environment(scheme: str = "http", no_proxy: str = "") -> dict[str, str]:
    """What tells a snippet of the gate, which speaks ``scheme``: the usual names of proxies."""
    proxy = f"{scheme}://127.0.0.1:{GATE_PORT}"
    named: dict[str, str] = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    if no_proxy:
        named |= {"NO_PROXY": no_proxy, "no_proxy": no_proxy}
    return named


class RelayGate:
    """`NetworkGate` in front of the proxy at ``host``:``port``, whose rules decide what is reached."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port

    @classmethod
    def from_url(cls, url: str) -> RelayGate:
        """For a proxy's address such as ``http://ssrf_proxy:3128``. Raises ValueError for any other kind of URL.

        Snippets speak to the proxy themselves, so a SOCKS proxy does as well if `proxy_environment` says so.
        """
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
            msg = "the proxy of snippets must be an http:// or socks5:// address without a password"
            raise ValueError(msg)
        return cls(parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])

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
