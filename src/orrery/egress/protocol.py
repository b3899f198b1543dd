"""What the rest of the house knows of outbound HTTP: one client protocol, its answers and its errors.

Every request that leaves the process goes through an implementation of `HttpClient` (reliability.md 2.1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias

import msgspec

Json: TypeAlias = object


class EgressError(Exception):
    """A request that did not bring an answer. ``url`` is without credentials."""

    def __init__(self, message: str, *, url: str = "") -> None:
        self.url = url
        super().__init__(message)


class EgressBlocked(EgressError):
    """The address policy refuses the destination."""


class EgressTimeout(EgressError):
    """Connect, read, write or the whole request took longer than allowed."""


class EgressConnectionFailed(EgressError):
    """DNS, TCP or TLS failed, or the peer cut the connection."""


class EgressTlsFailed(EgressConnectionFailed):
    """The peer's certificate does not hold; asking again won't help."""


class EgressInvalidRequest(EgressError):
    """The URL, a header or the method is not something that can be sent."""


class EgressTooLarge(EgressError):
    """The answer is larger than the caller allowed."""


class Timeouts(msgspec.Struct, frozen=True):
    """Seconds; ``total`` None means no overall limit. ``place`` bounds the wait for a free connection, before connecting."""

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0
    total: float | None = None
    place: float = 0.0


class FilePart(msgspec.Struct, frozen=True):
    """One file of a multipart form."""

    name: str
    filename: str
    content: bytes
    mime_type: str


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole answer. Header names as the server wrote them; look-ups by `header` ignore case."""

    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes
    url: str

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((v for k, v in self.headers if k.lower() == wanted), None)

    def text(self) -> str:
        """The body by the charset of its Content-Type (UTF-8 without one); bytes that don't decode are replaced."""
        kind = self.header("content-type") or ""
        charset = kind.partition("charset=")[2].split(";")[0].strip().strip('"') or "utf-8"
        try:
            return self.content.decode(charset, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")


class HttpStream(Protocol):
    """An answer that is still arriving."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...
    def chunks(self) -> AsyncIterator[bytes]: ...
    async def read(self, limit: int) -> bytes: ...


class HttpClient(Protocol):
    """The one way out. ``max_bytes`` bounds the decoded answer; redirects re-check every hop."""

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
    ) -> HttpResponse: ...

    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Json = None,
        timeouts: Timeouts | None = None,
    ) -> AbstractAsyncContextManager[HttpStream]: ...
