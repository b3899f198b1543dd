"""Bytes to and from model endpoints: deadlines for each phase, and retries that end with the first byte.

Once a byte of an answer was handed on, nothing is asked again: a model's answer is never spliced from two.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import TypeVar

import msgspec

from orrery.egress.protocol import EgressError, EgressTimeout, HttpClient, HttpResponse, HttpStream, Timeouts
from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import malformed, refused, stalled, unreached, web_page
from orrery.inference.silence import SilenceLimit
from orrery.inference.types import InvokeError, InvokeRateLimitError

StructT = TypeVar("StructT", bound=msgspec.Struct)

MAX_ERROR_BODY = 256 * 1024


class ModelTimeouts(msgspec.Struct, frozen=True):
    """Seconds. ``first_byte`` counts from the request to the first byte of the body, ``between`` from byte to byte,
    ``whole`` bounds calls that are not streamed.
    """

    connect: float = 10.0
    first_byte: float = 300.0
    between: float = 120.0
    whole: float = 300.0


class RetryPolicy(msgspec.Struct, frozen=True):
    """``retries`` beyond the first attempt; waits double from ``base`` seconds up to ``cap``.

    A vendor that asks for more than ``longest_wait`` is not waited for: its error goes to the caller at once.
    """

    retries: int = 2
    base: float = 0.5
    cap: float = 8.0
    longest_wait: float = 20.0

    def wait(self, attempt: int, error: InvokeError) -> float | None:
        """Seconds before the next attempt (the first is 0); None to give up."""
        if attempt >= self.retries or not error.retryable:
            return None
        asked = error.retry_after if isinstance(error, InvokeRateLimitError) else None
        if asked is not None:
            return asked if asked <= self.longest_wait else None
        return min(self.cap, self.base * 2**attempt) * random.uniform(0.75, 1.25)


class WireRequest(msgspec.Struct, frozen=True):
    """One request as the vendor wants it; ``path`` is appended to the endpoint's address."""

    path: str
    payload: Mapping[str, object]
    headers: Mapping[str, str] = {}


class ModelTransport:
    """Sends `WireRequest`s. Errors are `InvokeError`s; ``sleep`` is replaced by tests."""

    def __init__(
        self,
        http: HttpClient,
        *,
        timeouts: ModelTimeouts | None = None,
        retries: RetryPolicy | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http, self._sleep = http, sleep
        self._timeouts, self._retries = timeouts or ModelTimeouts(), retries or RetryPolicy()

    async def stream(self, endpoint: Endpoint, request: WireRequest) -> AsyncGenerator[bytes]:
        """Pieces of the answer as they arrive. Close the generator to drop the connection."""
        attempt = 0
        while True:
            begun = False
            try:
                async with aclosing(self._attempt(endpoint, request)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                    return
            except InvokeError as exc:
                # After silence of that length, asking again would only make the caller wait as long again.
                silent = isinstance(exc.__cause__, TimeoutError)
                wait = None if begun or silent else self._retries.wait(attempt, exc)
                if wait is None:
                    raise
            attempt += 1
            await self._sleep(wait)

    async def post(self, endpoint: Endpoint, request: WireRequest) -> bytes:
        """The whole body of a 2xx answer, with the same retries."""
        headers = {**endpoint.headers, **request.headers}
        body = msgspec.json.encode(request.payload)
        headers.setdefault("Content-Type", "application/json")
        return await self._whole("POST", endpoint, endpoint.url(request.path), headers, body)

    async def get(self, endpoint: Endpoint, path: str) -> bytes:
        return await self._whole("GET", endpoint, endpoint.url(path), dict(endpoint.headers), None)

    async def _whole(
        self, method: str, endpoint: Endpoint, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        limits = Timeouts(connect=self._timeouts.connect, read=self._timeouts.whole, total=self._timeouts.whole)
        attempt = 0
        while True:
            try:
                answer = await self._once(method, endpoint, url, headers, body, limits)
                if 200 <= answer.status < 300:
                    return answer.content
                raise refused(endpoint, answer.status, answer.headers, answer.content)
            except InvokeError as exc:
                wait = None if isinstance(exc.__cause__, EgressTimeout) else self._retries.wait(attempt, exc)
                if wait is None:
                    raise
            attempt += 1
            await self._sleep(wait)

    async def _once(
        self,
        method: str,
        endpoint: Endpoint,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limits: Timeouts,
    ) -> HttpResponse:
        try:
            return await self._http.request(method, url, headers=headers, content=body, timeouts=limits)
        except EgressError as exc:
            raise unreached(endpoint, exc) from exc

    async def _attempt(self, endpoint: Endpoint, request: WireRequest) -> AsyncGenerator[bytes]:
        clock = self._timeouts
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "Accept-Encoding": "identity",  # compression would hold small pieces back
            **endpoint.headers,
            **request.headers,
        }
        body = msgspec.json.encode(request.payload)
        limits = Timeouts(connect=clock.connect, read=max(clock.first_byte, clock.between), write=clock.first_byte)
        connection = self._http.stream(
            "POST", endpoint.url(request.path), headers=headers, content=body, timeouts=limits
        )
        allowed, started = clock.first_byte, False
        try:
            deadline = asyncio.get_running_loop().time() + allowed
            async with asyncio.timeout_at(deadline):
                answer = await connection.__aenter__()
            silence: SilenceLimit | None = None
            try:
                if not 200 <= answer.status < 300:
                    raise refused(endpoint, answer.status, answer.headers, await _error_body(answer))
                if _is_web_page(answer):
                    raise web_page(endpoint)
                chunks = aiter(answer.chunks())
                async with asyncio.timeout_at(deadline):
                    piece = await anext(chunks, b"")
                if not piece:
                    return
                started, allowed = True, clock.between
                yield piece
                # A deadline round each read, not round the generator: time the consumer takes does not count.
                silence = SilenceLimit(allowed)
                while True:
                    with silence:
                        piece = await anext(chunks, b"")
                    if not piece:
                        return
                    yield piece
            finally:
                if silence is not None:
                    silence.close()
                await connection.__aexit__(None, None, None)
        except TimeoutError as exc:
            raise stalled(allowed, started=started) from exc
        except EgressError as exc:
            raise unreached(endpoint, exc, started=started) from exc


def _is_web_page(answer: HttpStream) -> bool:
    kind = next((v for k, v in answer.headers if k.lower() == "content-type"), "")
    return kind.lower().startswith("text/html")


async def _error_body(answer: HttpStream) -> bytes:
    try:
        async with asyncio.timeout(10.0):
            return await answer.read(MAX_ERROR_BODY)
    except (EgressError, TimeoutError):
        return b""


def decoded(endpoint: Endpoint, body: bytes, kind: type[StructT]) -> StructT:
    """Raises `InvokeServerUnavailableError` for a body that is not what the protocol promises."""
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.DecodeError, msgspec.ValidationError) as exc:
        raise malformed(endpoint, body) from exc
