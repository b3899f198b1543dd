"""`GuardedHttpClient`: the one implementation of `HttpClient`, over aiohttp (reliability.md 2.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Self

import aiohttp
import msgspec
from multidict import CIMultiDict

from orrery.egress.answer import ArrivingAnswer
from orrery.egress.decoding import ACCEPTED
from orrery.egress.failures import translated
from orrery.egress.forms import Body, encode_body
from orrery.egress.lookup import Lookup, system_lookup
from orrery.egress.policy import AddressRules, EgressPolicy
from orrery.egress.protocol import (
    EgressBlocked,
    EgressError,
    EgressInvalidRequest,
    EgressTimeout,
    FilePart,
    HttpResponse,
    HttpStream,
    Json,
    Timeouts,
)
from orrery.egress.refusals import Refusals
from orrery.egress.sessions import AddressRefused, SessionPool
from orrery.egress.target import Hop, blocked, check_hop, first_hop, next_hop

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class EgressLimits(msgspec.Struct, frozen=True):
    """Bounds of one client: bytes, seconds, counts.

    ``max_bytes`` holds for whole answers without their own bound, ``max_stream_bytes`` for streamed ones;
    ``max_ratio`` is what one compressed byte may become on average.
    """

    timeouts: Timeouts = Timeouts()
    max_redirects: int = 5
    max_bytes: int = 100 * 1024 * 1024
    max_stream_bytes: int = 1024 * 1024 * 1024
    max_ratio: int = 200
    max_connections: int = 100
    keepalive: float = 5.0
    user_agent: str = "Orrery"


class GuardedHttpClient:
    """Requests that leave the process only to where ``policy`` leads; see `HttpClient` for the calls.

    Sessions are made at first use inside the running loop; `close` ends them. Errors are `EgressError`s.
    ``lookup`` replaces the system's resolver, ``ca_bundle`` is a PEM file that replaces the system's trust store,
    ``refusals`` is told of each destination that the policy refuses.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        limits: EgressLimits | None = None,
        ca_bundle: str | None = None,
        lookup: Lookup = system_lookup,
        refusals: Refusals | None = None,
    ) -> None:
        self._refusals = refusals or Refusals()
        self._policy, self._limits = policy, limits or EgressLimits()
        self._rules = AddressRules(policy)
        self._sessions = SessionPool(
            self._rules,
            lookup=lookup,
            max_connections=self._limits.max_connections,
            keepalive=self._limits.keepalive,
            ca_bundle=ca_bundle,
        )

    @property
    def policy(self) -> EgressPolicy:
        """The rules that this client holds to."""
        return self._policy

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Drops idle connections; the client may be used again afterwards."""
        await self._sessions.close()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] | None = None,
        content: bytes | None = None,
        json: Json = None,
        form: Sequence[tuple[str, str]] | None = None,
        files: Sequence[FilePart] | None = None,
        timeouts: Timeouts | None = None,
        follow_redirects: bool = False,
        verify_tls: bool = True,
        max_bytes: int | None = None,
    ) -> HttpResponse:
        """One exchange with its whole answer. ``timeouts.total`` spans all redirects."""
        limit = self._limits.max_bytes if max_bytes is None else max_bytes
        timeouts = timeouts or self._limits.timeouts
        hop = self._hop(method, url, headers, params, encode_body(content=content, json=json, form=form, files=files))
        try:
            async with asyncio.timeout(timeouts.total):
                return await self._follow(hop, timeouts, limit, follow=follow_redirects, verify_tls=verify_tls)
        except TimeoutError as exc:
            raise EgressTimeout("The request took longer than allowed.", url=hop.shown) from exc

    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Json = None,
        timeouts: Timeouts | None = None,
    ) -> AbstractAsyncContextManager[HttpStream]:
        """One exchange whose answer is read while it arrives; redirects are not followed."""
        return self._stream(method, url, headers, encode_body(content=content, json=json), timeouts)

    @asynccontextmanager
    async def _stream(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: Body, timeouts: Timeouts | None
    ) -> AsyncGenerator[HttpStream]:
        hop = self._hop(method, url, headers, None, body)
        answer = await self._send(hop, timeouts or self._limits.timeouts, self._limits.max_stream_bytes)
        try:
            yield answer
        finally:
            answer.close()

    async def _follow(
        self, hop: Hop, timeouts: Timeouts, limit: int, *, follow: bool, verify_tls: bool
    ) -> HttpResponse:
        for _ in range(self._limits.max_redirects + 1):
            answer = await self._send(hop, timeouts, limit, verify_tls=verify_tls)
            try:
                location = next((v for k, v in answer.headers if k.lower() == "location"), None)
                if not follow or answer.status not in _REDIRECTS or location is None:
                    content = await answer.read(limit)
                    return HttpResponse(answer.status, answer.headers, content, hop.shown)
            finally:
                answer.close()
            hop = next_hop(hop, answer.status, location)
        raise EgressError(f"More than {self._limits.max_redirects} redirects.", url=hop.shown)

    async def _send(self, hop: Hop, timeouts: Timeouts, limit: int, *, verify_tls: bool = True) -> ArrivingAnswer:
        try:
            return await self._sent(hop, timeouts, limit, verify_tls=verify_tls)
        except EgressBlocked:
            self._refusals.note(hop.url.raw_host or "", hop.url.port or 0)
            raise

    async def _sent(self, hop: Hop, timeouts: Timeouts, limit: int, *, verify_tls: bool) -> ArrivingAnswer:
        """Checks, connects, sends, and returns at the answer's headers."""
        check_hop(hop, self._policy, self._rules)
        proxy = self._policy.proxies.for_scheme(hop.url.scheme)
        if proxy:
            session = self._sessions.towards_proxy()
        else:
            session = self._sessions.guarded(exempt=self._policy.is_exempt(hop.url.raw_host or ""))
        clock = aiohttp.ClientTimeout(
            total=timeouts.total,
            connect=timeouts.place + timeouts.connect,
            sock_connect=timeouts.connect,
            sock_read=timeouts.read,
        )
        try:
            # aiohttp bounds reading but not writing: a peer that stops taking the body is caught by the sum.
            async with asyncio.timeout(timeouts.place + timeouts.connect + timeouts.write + timeouts.read):
                response = await session.request(
                    hop.method,
                    hop.url,
                    headers=hop.headers,
                    data=hop.content,
                    allow_redirects=False,
                    timeout=clock,
                    proxy=proxy,
                    ssl=verify_tls,
                )
        except (TimeoutError, aiohttp.ClientError, OSError, AddressRefused) as exc:
            raise translated(exc, hop.shown) from exc
        except ValueError as exc:
            raise EgressInvalidRequest(f"The request can't be sent: {exc}", url=hop.shown) from exc
        if proxy and _refused_by_proxy(response):
            response.close()
            raise blocked(hop.shown)
        return ArrivingAnswer(response, shown=hop.shown, max_bytes=limit, max_ratio=self._limits.max_ratio)

    def _hop(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Sequence[tuple[str, str]] | None,
        body: Body,
    ) -> Hop:
        hop = first_hop(method, url, headers, params, body.content)
        own: CIMultiDict[str] = hop.headers
        if body.mime_type and (body.mime_type.startswith("multipart/") or "content-type" not in own):
            own["Content-Type"] = body.mime_type
        own.setdefault("Accept-Encoding", ACCEPTED)
        own.setdefault("User-Agent", self._limits.user_agent)
        return hop


def _refused_by_proxy(response: aiohttp.ClientResponse) -> bool:
    """Squid's own 401 and 403 pages stand for a refused address (sandbox-and-security.md 5.3)."""
    names = f"{response.headers.get('Server', '')} {response.headers.get('Via', '')}".lower()
    return response.status in {401, 403} and "squid" in names
