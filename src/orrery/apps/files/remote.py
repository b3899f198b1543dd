"""Files that live elsewhere: asked about and fetched through the guarded way out, never directly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import Message as Headers
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from orrery.apps.files.errors import FileTooLarge, RemoteFileUnavailable
from orrery.apps.files.kinds import UNKNOWN_TYPE, suffix_for, type_of
from orrery.egress.protocol import (
    EgressBlocked,
    EgressError,
    EgressInvalidRequest,
    EgressTooLarge,
    HttpClient,
    HttpResponse,
    Timeouts,
)

PROBE = Timeouts(connect=5.0, read=5.0, write=5.0, total=10.0)
_UNSAFE = '/\\:*?"<>|'


class RemoteInfo(msgspec.Struct, frozen=True):
    """What a remote server says of a file. ``extension`` has its dot; ``size`` is -1 when it was not said."""

    name: str
    mime_type: str
    extension: str
    size: int


class RemoteFiles:
    """Asks and fetches with the client for addresses that anybody may name, whose own time-outs hold for fetching."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def probe(self, url: str) -> RemoteInfo:
        """What the server, or failing that the address, says of the file.

        Raises ValueError for an address that no request may be sent to.
        """
        if not url.startswith(("http://", "https://")):
            raise ValueError("Invalid file url")
        try:
            answer = await self._http.request("HEAD", url, timeouts=PROBE, follow_redirects=True, max_bytes=0)
        except (EgressBlocked, EgressInvalidRequest) as error:
            raise ValueError("Invalid file url") from error
        except EgressError:
            # A server that knows no HEAD may still give the file when it is read.
            return _described(url, None)
        return _described(url, answer if answer.status == 200 else None)

    async def head(self, url: str) -> RemoteInfo:
        """What the server says of the file. Raises `RemoteFileUnavailable`."""
        _check(url)
        try:
            answer = await self._http.request("HEAD", url, timeouts=PROBE, follow_redirects=True, max_bytes=0)
            if answer.status == 200:
                return _described(url, answer)
            # Some servers refuse HEAD but give the file: its headers are enough, the body is left unread.
            async with self._http.stream("GET", url, timeouts=PROBE) as stream:
                if stream.status == 200:
                    return _described(url, HttpResponse(stream.status, stream.headers, b"", url))
        except EgressError as error:
            raise RemoteFileUnavailable(f"Failed to fetch file from {url}: {error}") from error
        raise RemoteFileUnavailable(f"Failed to fetch file from {url}: the server answered {answer.status}.")

    async def fetch(self, url: str, *, limit: int) -> tuple[RemoteInfo, bytes]:
        """The file. Raises `RemoteFileUnavailable`, `FileTooLarge` beyond ``limit`` bytes."""
        _check(url)
        try:
            answer = await self._http.request("GET", url, follow_redirects=True, max_bytes=limit)
        except EgressTooLarge as error:
            raise FileTooLarge from error
        except EgressError as error:
            raise RemoteFileUnavailable(f"Failed to fetch file from {url}: {error}") from error
        if answer.status != 200:
            raise RemoteFileUnavailable(f"Failed to fetch file from {url}: the server answered {answer.status}.")
        return _described(url, answer), answer.content


def _check(url: str) -> None:
    if not url.startswith(("http://", "https://")):
        raise RemoteFileUnavailable("The address must begin with http:// or https://.")


async def whole(content: bytes) -> AsyncIterator[bytes]:
    """Bytes that are already here, as a stream."""
    yield content


def _described(url: str, answer: HttpResponse | None) -> RemoteInfo:
    name = (_name_of(answer) if answer is not None else "") or unquote(PurePosixPath(urlsplit(url).path).name)
    said = ((answer.header("content-type") or "") if answer is not None else "").partition(";")[0].strip().lower()
    mime_type = said if said.count("/") == 1 and said != UNKNOWN_TYPE else type_of(name)
    suffix = PurePosixPath(name).suffix or suffix_for(mime_type)
    length = (answer.header("content-length") or "") if answer is not None else ""
    size = int(length) if length.isascii() and length.isdigit() else -1
    clean = "".join("_" if c in _UNSAFE or ord(c) < 32 else c for c in name)[:200] or f"file{suffix}"
    return RemoteInfo(clean, mime_type, suffix.lower(), size)


def _name_of(answer: HttpResponse) -> str:
    headers = Headers()
    headers["content-disposition"] = answer.header("content-disposition") or ""
    return headers.get_filename() or ""
