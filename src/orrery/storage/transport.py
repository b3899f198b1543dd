"""HTTP to an object storage that the operator named: signed afresh for each attempt, patient, never redirected.

The address is configuration, as a database's is, so it may lie in a private network. Request bodies are whole parts
of bounded size, so every request can be sent again; bodies of answers are streamed where they may be large.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol
from urllib.parse import quote, urlsplit

import msgspec

from orrery.egress.exact import ExactAnswer, ExactHttpClient
from orrery.egress.protocol import EgressBlocked, EgressError, EgressInvalidRequest, EgressTlsFailed, Timeouts
from orrery.storage.protocol import StorageUnavailable

ATTEMPTS = 4
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_LASTING = (EgressBlocked, EgressInvalidRequest, EgressTlsFailed)
"""Failures that asking again does not mend."""
_UNRESERVED = "-_.~"
_CODE = re.compile(rb"<Code>([^<]{1,100})</Code>|\"(?:code|error|statusCode)\"\s*:\s*\"([^\"]{1,100})\"")
_MESSAGE = re.compile(rb"<Message>([^<]{1,300})|\"(?:message|error_description)\"\s*:\s*\"([^\"]{1,300})\"")


class Patience(msgspec.Struct, frozen=True):
    """Seconds to wait for a connection, for the next byte, and before the first repetition."""

    connect: float = 10.0
    silence: float = 60.0
    pause: float = 0.2


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request. ``base`` is scheme and host, ``path`` is not encoded; an empty value of ``query`` has no ``=``."""

    method: str
    base: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def host(self) -> str:
        """As the Host header has it: without the scheme's own port."""
        parts = urlsplit(self.base)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        return host if parts.port in {None, usual} else f"{host}:{parts.port}"

    @property
    def encoded_path(self) -> str:
        return quote(self.path or "/", safe="/" + _UNRESERVED)

    def url(self) -> str:
        query = "&".join(f"{encode(k)}={encode(v)}" if v else encode(k) for k, v in self.query.items())
        return f"{self.base}{self.encoded_path}{'?' if query else ''}{query}"


class Answer(msgspec.Struct, frozen=True):
    """What came back; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Signer(Protocol):
    """Vouches for requests."""

    async def sign(self, call: Call) -> Mapping[str, str]:
        """The headers to send: those of ``call`` and what the service wants besides."""
        ...


class Unsigned:
    """For requests that bring what vouches for them, or need nothing."""

    async def sign(self, call: Call) -> Mapping[str, str]:
        return call.headers


class Transport:
    """Sends calls over one pool of connections, which is opened with the first.

    ``for_platform``: the call is to the services that give this machine its identity.
    """

    def __init__(self, signer: Signer, patience: Patience | None = None, *, for_platform: bool = False) -> None:
        self._signer = signer
        self._patience = patience or Patience()
        self._timeouts = Timeouts(connect=self._patience.connect, read=self._patience.silence)
        self._for_platform = for_platform
        self._client: ExactHttpClient | None = None

    async def send(self, call: Call, *, attempts: int = ATTEMPTS) -> Answer:
        """The whole answer, whatever its status. Passing failures are tried again; raises `StorageUnavailable`."""
        for attempt in range(1, attempts + 1):
            try:
                async with self._exchange(call) as answer:
                    body = await answer.read()
            except EgressError as error:
                if attempt == attempts or isinstance(error, _LASTING):
                    raise unreachable(call.base, error) from error
            else:
                if answer.status not in _PASSING or attempt == attempts:
                    return Answer(answer.status, answer.headers, body)
            await self.pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncGenerator[tuple[Answer, ExactAnswer]]:
        """An answer whose body is read by the caller; that of an error is in the `Answer`, at most 64 KiB of it.

        Raises `StorageUnavailable` if it never began; what breaks later is an `EgressError`.
        """
        for attempt in range(1, ATTEMPTS + 1):
            async with AsyncExitStack() as stack:
                try:
                    answer = await stack.enter_async_context(self._exchange(call))
                except EgressError as error:
                    if attempt == ATTEMPTS or isinstance(error, _LASTING):
                        raise unreachable(call.base, error) from error
                    await self.pause(attempt)
                    continue
                if answer.status in _PASSING and attempt < ATTEMPTS:
                    await self.pause(attempt)
                    continue
                body = await answer.read(65536) if answer.status >= 400 else b""
                yield Answer(answer.status, answer.headers, body), answer
                return

    async def pause(self, attempt: int) -> None:
        """Waits before repetition number ``attempt``."""
        await asyncio.sleep(self._patience.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    @asynccontextmanager
    async def _exchange(self, call: Call) -> AsyncGenerator[ExactAnswer]:
        headers = dict(await self._signer.sign(call))
        if call.body or call.method in {"PUT", "POST"}:
            headers["Content-Length"] = str(len(call.body))
        if self._client is None:
            self._client = ExactHttpClient(timeouts=self._timeouts, for_platform=self._for_platform)
        async with self._client.send(call.method, call.url(), headers=headers, content=call.body) as answer:
            yield answer


def encode(text: str) -> str:
    """Percent-encoded as the signatures of all vendors want it."""
    return quote(text, safe=_UNRESERVED)


def unreachable(base: str, error: BaseException) -> StorageUnavailable:
    """The error for a storage that did not answer."""
    reason = (str(error) or type(error).__name__).strip().removesuffix(".")
    return StorageUnavailable(f"The file storage at {base} does not answer: {reason}.")


def refused(call: Call, answer: Answer) -> StorageUnavailable:
    """The error for an answer that is a refusal, in the vendor's words."""
    code, message = _said(_CODE, answer.body), _said(_MESSAGE, answer.body)
    said = ": ".join(part for part in (code, message) if part)
    where = answer.headers.get("x-amz-bucket-region")
    if answer.status in {301, 307} and where:
        said = f"the bucket is in the region {where}"
    text = f"The file storage at {call.base} refused {call.method} with status {answer.status}"
    return StorageUnavailable(f"{text}{f' ({said})' if said else ''}.")


def code_of(answer: Answer) -> str:
    """The vendor's word for an error; empty if there is none."""
    return _said(_CODE, answer.body)


def _said(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    text = next((group for group in found.groups() if group), b"") if found else b""
    return text.decode(errors="replace").strip().removesuffix(".")
