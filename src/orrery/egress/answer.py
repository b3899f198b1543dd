"""An answer that is still arriving: decoded, counted and bounded while it streams."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

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

    async def chunks(self) -> AsyncIterator[bytes]:
        """Decoded bytes as they come. Raises `EgressError`."""
        limit, taken = self._max_bytes, 0
        encoding = self._response.headers.get("Content-Encoding", "")
        decoder = decoder_for(encoding, max_ratio=self._max_ratio, url=self._shown) if encoding else None
        read = self._response.content.readany
        while True:
            try:
                data = await read()
            except (TimeoutError, aiohttp.ClientError, OSError) as exc:
                raise translated(exc, self._shown) from exc
            if not data:
                return
            for piece in (data,) if decoder is None else decoder.feed(data):
                taken += len(piece)
                if taken > limit:
                    raise too_large(limit, self._shown)
                yield piece

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
