"""Asking again where a server was away for a moment: a client around a client (sandbox-and-security.md 5.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from orrery.egress.protocol import (
    EgressConnectionFailed,
    EgressTimeout,
    EgressTlsFailed,
    FilePart,
    HttpClient,
    HttpResponse,
    HttpStream,
    Json,
    Timeouts,
)

_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_SAFE: Final = "GET"
"""What may be sent twice without a second effect, and is worth it: a HEAD only asks whether there is something."""
_FACTOR: Final = 0.5

Sleep = Callable[[float], Awaitable[None]]


class RetryingHttpClient:
    """Repeats GET requests up to ``retries`` times, with pauses of 0.5, 1, 2, ... seconds.

    Everything else, streams too, is passed on once. The last answer is given, or the last error raised; refusals of
    the address policy, damaged requests and certificates that do not hold are never tried again.
    """

    def __init__(self, http: HttpClient, *, retries: int, sleep: Sleep = asyncio.sleep) -> None:
        self._http, self._retries, self._sleep = http, retries, sleep

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
        """One exchange, or several of which the last counts. ``timeouts`` hold for each."""

        async def once() -> HttpResponse:
            return await self._http.request(
                method,
                url,
                headers=headers,
                params=params,
                content=content,
                json=json,
                form=form,
                files=files,
                timeouts=timeouts,
                follow_redirects=follow_redirects,
                verify_tls=verify_tls,
                max_bytes=max_bytes,
            )

        for done in range(self._retries if method.upper() == _SAFE else 0):
            try:
                answer = await once()
                if answer.status not in _AGAIN:
                    return answer
            except EgressTlsFailed:
                raise
            except (EgressConnectionFailed, EgressTimeout):
                pass
            await self._sleep(_FACTOR * 2**done)
        return await once()

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
        """One exchange whose answer is read while it arrives; never repeated."""
        return self._http.stream(method, url, headers=headers, content=content, json=json, timeouts=timeouts)
