"""Content-Encoding undone piece by piece, with a bound on how much a few bytes may become."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

from orrery.egress.protocol import EgressConnectionFailed, EgressTooLarge

ACCEPTED = "gzip, deflate"
_PIECE = 64 * 1024
_FREE_BYTES = 1024 * 1024


class BodyDecoder(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decoded pieces of at most 64 KiB each."""
        ...


class PlainBody:
    """No encoding, or one that was not asked for: bytes as they come."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data


class InflatedBody:
    """gzip and deflate. Beyond the first MiB, output may be at most ``max_ratio`` times the input."""

    def __init__(self, encoding: str, *, max_ratio: int, url: str) -> None:
        self._encoding, self._max_ratio, self._url = encoding, max_ratio, url
        self._inflate = zlib.decompressobj(31 if encoding == "gzip" else 15)
        self._taken = self._made = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Raises `EgressTooLarge` for a decompression bomb, `EgressConnectionFailed` for bytes that don't decode."""
        if not self._taken and self._encoding == "deflate" and data and (data[0] & 0x0F) != 8:
            self._inflate = zlib.decompressobj(-15)  # some servers send deflate without its zlib wrapper
        self._taken += len(data)
        while data:
            try:
                piece = self._inflate.decompress(data, _PIECE)
            except zlib.error as exc:
                raise EgressConnectionFailed(f"The answer is not valid {self._encoding}.", url=self._url) from exc
            self._made += len(piece)
            if self._made > _FREE_BYTES and self._made > self._taken * self._max_ratio:
                raise EgressTooLarge("The compressed answer grows beyond the allowed ratio.", url=self._url)
            if piece:
                yield piece
            data = self._inflate.unconsumed_tail
            if self._inflate.eof:
                data = self._inflate.unused_data
                if not data:
                    return
                self._inflate = zlib.decompressobj(31 if self._encoding == "gzip" else 15)


def decoder_for(encoding: str, *, max_ratio: int, url: str) -> BodyDecoder:
    """``encoding`` is the answer's Content-Encoding header."""
    name = encoding.strip().lower()
    name = "gzip" if name == "x-gzip" else name
    return InflatedBody(name, max_ratio=max_ratio, url=url) if name in {"gzip", "deflate"} else PlainBody()
