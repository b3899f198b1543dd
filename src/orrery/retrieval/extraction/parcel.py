"""How a document and its text cross the fence of a confined process."""

from __future__ import annotations

import json
from enum import Enum


class Parcel(Enum):
    """What comes back; the value is its first byte."""

    TEXT = b"T"
    UNSUPPORTED = b"U"
    UNREADABLE = b"E"


def pack(content: bytes, *, extension: str, mime_type: str) -> bytes:
    """A line of JSON with the names, then the content."""
    return json.dumps([extension, mime_type]).encode() + b"\n" + content


def unpack(payload: bytes) -> tuple[bytes, str, str]:
    """Content, extension and media type of `pack`."""
    cut = payload.index(b"\n")
    extension, mime_type = json.loads(payload[:cut])
    return payload[cut + 1 :], extension, mime_type


def wrap(kind: Parcel, text: str) -> bytes:
    return kind.value + text.encode("utf-8", "surrogatepass")


def unwrap(answer: bytes) -> tuple[Parcel, str]:
    """Raises ValueError for bytes that `wrap` did not make."""
    return Parcel(answer[:1]), answer[1:].decode("utf-8", "surrogatepass")
