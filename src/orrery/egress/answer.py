"""An answer that is still arriving: decoded, counted and bounded while it streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Self

import aiohttp

from orrery.egress.decoding import decoder_for
from orrery.egress.failures import translated
from orrery.egress.protocol import EgressTooLarge


class ArrivingAnswer:
    """Implements `HttpStream` over one aiohttp response; `close` gives the connection back or drops it."""

    def __init__(self, response: aiohttp.ClientResponse, *, shown: str, max_bytes: int, max_ratio: int) -> None:
        self._response, self._shown = response, shown
        self._max_bytes, self._max_ratio = max_bytes, max_ratio

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        return tuple(self._response.headers.items())

    @property
    def url(self) -> str:
        return self._shown

    def chunks(self) -> AsyncIterator[bytes]:
        """Decoded bytes as they come. Raises `EgressError`."""
        return _Pieces(self._response, self._shown, self._max_bytes, self._max_ratio)

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `EgressTooLarge` when it is longer than ``limit`` bytes."""
        announced = self._response.headers.get("Content-Length", "")
        if announced.isdigit() and int(announced) > limit and not self._bodiless():
            raise too_large(limit, self._shown)
        parts: list[bytes] = []
        taken = 0
        async for piece in self.chunks():
            taken += len(piece)
            if taken > limit:
                raise too_large(limit, self._shown)
            parts.append(piece)
        return b"".join(parts)

    def close(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    def _bodiless(self) -> bool:
        return self._response.method == "HEAD" or self._response.status in {204, 304}


def too_large(limit: int, shown: str) -> EgressTooLarge:
    return EgressTooLarge(f"The answer is larger than the allowed {limit} bytes.", url=shown)


class _Pieces:
    """An iterator and not a generator: nothing is left to finalise when a reader stops half way, and it is cheaper."""

    __slots__ = ("_decoder", "_left", "_limit", "_read", "_ready", "_shown")

    def __init__(self, response: aiohttp.ClientResponse, shown: str, limit: int, max_ratio: int) -> None:
        encoding = response.headers.get("Content-Encoding", "")
        self._decoder = decoder_for(encoding, max_ratio=max_ratio, url=shown) if encoding else None
        self._read, self._shown = response.content.readany, shown
        self._limit = self._left = limit
        self._ready: Iterator[bytes] = iter(())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while True:
            piece = next(self._ready, b"") if self._decoder else b""
            if not piece:
                try:
                    piece = await self._read()
                except (TimeoutError, aiohttp.ClientError, OSError) as exc:
                    raise translated(exc, self._shown) from exc
                if not piece:
                    raise StopAsyncIteration
                if self._decoder:
                    self._ready = self._decoder.feed(piece)
                    continue
            self._left -= len(piece)
            if self._left < 0:
                raise too_large(self._limit, self._shown)
            return piece
