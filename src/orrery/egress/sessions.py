"""aiohttp sessions behind the guard: every name is resolved once, and every socket is opened to a checked address."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TypeAlias

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from orrery.egress.addresses import pack
from orrery.egress.lookup import Lookup
from orrery.egress.policy import AddressRules

_AddressInfo: TypeAlias = tuple[int, int, int, str, tuple[object, ...]]

Verdict: TypeAlias = Callable[[str, int], bool]


class AddressRefused(Exception):
    """A name that resolves, wholly or in part, to where the policy does not lead."""


class _RefusedSocket(OSError):
    """The last check: a socket about to be opened to a refused address."""


class CheckedResolver(AbstractResolver):
    """Refuses a name when any of its addresses is refused: a mixed answer is an attack or a mistake."""

    def __init__(self, lookup: Lookup, verdict: Verdict) -> None:
        self._lookup, self._verdict = lookup, verdict

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        if not addresses:
            raise OSError(f"{host} has no address")
        if not all(self._verdict(a, port) for a in addresses):
            raise AddressRefused(host)
        return [
            ResolveResult(
                hostname=host,
                host=a,
                port=port,
                family=socket.AF_INET6 if ":" in a else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for a in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


class SessionPool:
    """Three sessions made at first use: guarded, for exempt domains, and towards the configured proxy.

    They belong to the loop that first used them; another loop needs another client.
    """

    def __init__(
        self, rules: AddressRules, *, lookup: Lookup, max_connections: int, keepalive: float, ca_bundle: str | None
    ) -> None:
        self._rules, self._lookup = rules, lookup
        self._max_connections, self._keepalive, self._ca_bundle = max_connections, keepalive, ca_bundle
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tls: ssl.SSLContext | None = None

    def guarded(self, *, exempt: bool) -> aiohttp.ClientSession:
        def verdict(address: str, port: int) -> bool:
            return self._rules.allows(address, port, exempt=exempt)

        return self._session("exempt" if exempt else "guarded", verdict)

    def towards_proxy(self) -> aiohttp.ClientSession:
        """The proxy's own address comes from the operator and is not judged."""
        return self._session("proxy", lambda address, _port: pack(address) is not None)

    async def close(self) -> None:
        sessions, self._sessions, self._loop = list(self._sessions.values()), {}, None
        for session in sessions:
            await session.close()

    def _session(self, kind: str, verdict: Verdict) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop:
            raise RuntimeError("this HTTP client belongs to another event loop; build one per loop")
        self._loop = loop
        session = self._sessions.get(kind)
        if session is None:
            session = self._sessions[kind] = self._open(verdict)
        return session

    def _open(self, verdict: Verdict) -> aiohttp.ClientSession:
        def open_socket(info: _AddressInfo) -> socket.socket:
            family, kind, proto, _, address = info
            host, port = address[0], address[1]
            if not (isinstance(host, str) and isinstance(port, int) and verdict(host, port)):
                raise _RefusedSocket(f"{host} is refused")
            return socket.socket(family, kind, proto)

        if self._ca_bundle and self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._ca_bundle)
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self._lookup, verdict),
            use_dns_cache=False,
            socket_factory=open_socket,
            limit=self._max_connections,
            keepalive_timeout=self._keepalive,
            ssl=self._tls or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            skip_auto_headers=("Content-Type",),
        )


def was_refused(error: BaseException) -> bool:
    """Whether a failed connect was the policy's doing."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return isinstance(cause, AddressRefused | _RefusedSocket)
