"""Requests that are sent to the letter: for services that sign the spelling of a URL, and bodies of many megabytes.

The way out is the same as for everybody: addresses are checked when they are resolved. Only the operator names the
destinations of this client, as he does a database's, so private ones and every port are open; metadata services of
the platform are open to `for_platform` alone, which asks for the machine's own identity.
"""

from __future__ import annotations

import io
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from orrery.egress.addresses import METADATA_RANGES, AddressSet, pack
from orrery.egress.failures import translated
from orrery.egress.lookup import Lookup, system_lookup
from orrery.egress.policy import AddressRules, operator_policy
from orrery.egress.protocol import EgressInvalidRequest, Timeouts
from orrery.egress.sessions import AddressRefused, SessionPool
from orrery.egress.target import Hop, check_hop

PIECE_BYTES = 256 * 1024
"""Larger bodies go out piece by piece, so that other work gets its turn."""
_METADATA = AddressSet(METADATA_RANGES)
_FAILURES = (TimeoutError, aiohttp.ClientError, OSError, AddressRefused)


class PlatformRules(AddressRules):
    """Those of the operator, and the platform's metadata services."""

    def allows(self, address: str, port: int, *, exempt: bool = False) -> bool:
        packed = pack(address)
        return super().allows(address, port, exempt=exempt) or (packed is not None and packed in _METADATA)


class ExactAnswer:
    """An answer that is still arriving; names of ``headers`` are lower case. Bytes are as they were sent."""

    def __init__(self, response: aiohttp.ClientResponse, shown: str) -> None:
        self._response, self._shown = response, shown
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def read(self, most: int = -1) -> bytes:
        """The next bytes, ``most`` of them if given; without, all that is left. Raises `EgressError`."""
        try:
            return await self._response.content.read(most)
        except _FAILURES as error:
            raise translated(error, self._shown) from error


class ExactHttpClient:
    """Redirects are never followed. Its session is made at first use inside the running loop; `close` ends it."""

    def __init__(
        self, *, timeouts: Timeouts, for_platform: bool = False, connections: int = 100, lookup: Lookup = system_lookup
    ) -> None:
        self._policy = msgspec.structs.replace(operator_policy(allow_private=True), denied_ports=frozenset[int]())
        self._rules = PlatformRules(self._policy) if for_platform else AddressRules(self._policy)
        self._timeouts = timeouts
        self._sessions = SessionPool(
            self._rules, lookup=lookup, max_connections=connections, keepalive=15.0, ca_bundle=None
        )

    @asynccontextmanager
    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes = b""
    ) -> AsyncGenerator[ExactAnswer]:
        """One exchange; ``url`` is percent-encoded already. Raises `EgressError`."""
        target = URL(url, encoded=True)
        shown = str(target.with_query(None))
        if any(mark in value for value in headers.values() for mark in "\r\n\0"):
            raise EgressInvalidRequest("A header holds a character that can't be sent.", url=shown)
        check_hop(Hop(method, target, CIMultiDict(headers), content, shown), self._policy, self._rules)
        clock = aiohttp.ClientTimeout(total=None, sock_connect=self._timeouts.connect, sock_read=self._timeouts.read)
        try:
            response = await self._sessions.guarded(exempt=False).request(
                method,
                target,
                headers=headers,
                data=io.BytesIO(content) if len(content) > PIECE_BYTES else content or None,
                allow_redirects=False,
                timeout=clock,
                skip_auto_headers=("Content-Type", "Accept-Encoding"),
            )
        except _FAILURES as error:
            raise translated(error, shown) from error
        except ValueError as error:
            raise EgressInvalidRequest(f"The request can't be sent: {error}", url=shown) from error
        try:
            yield ExactAnswer(response, shown)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def close(self) -> None:
        await self._sessions.close()
