"""How a document and what was read of it cross the fence of a confined process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from enum import Enum
from typing import Literal, TypeAlias

import msgspec

from orrery.retrieval.extraction.unit import Unit

Wanted: TypeAlias = Literal["text", "units"]


class Parcel(Enum):
    """What comes back; the value is its first byte."""

    TEXT = b"T"
    UNITS = b"P"
    UNSUPPORTED = b"U"
    UNREADABLE = b"E"


def pack(content: bytes, *, extension: str, mime_type: str, wanted: Wanted = "text") -> bytes:
    """A line of JSON with the names and what is wanted, then the content."""
    return json.dumps([extension, mime_type, wanted]).encode() + b"\n" + content


def unpack(payload: bytes) -> tuple[bytes, str, str, Wanted]:
    """Content, extension, media type and what is wanted, of `pack`."""
    cut = payload.index(b"\n")
    extension, mime_type, wanted = json.loads(payload[:cut])
    return payload[cut + 1 :], extension, mime_type, wanted


def wrap(kind: Parcel, text: str) -> bytes:
    return kind.value + text.encode("utf-8", "surrogatepass")


def wrap_units(units: Sequence[Unit]) -> bytes:
    """The texts of `units.bounded`, which have no halves of characters."""
    return Parcel.UNITS.value + msgspec.msgpack.encode(units)


def unwrap(answer: bytes) -> tuple[Parcel, str]:
    """Raises ValueError for bytes that `wrap` did not make."""
    return Parcel(answer[:1]), answer[1:].decode("utf-8", "surrogatepass")


def unwrap_units(answer: bytes) -> list[Unit] | tuple[Parcel, str]:
    """The units, or what `unwrap` gives instead. Raises ValueError for bytes that neither made."""
    if answer[:1] == Parcel.UNITS.value:
        return msgspec.msgpack.decode(memoryview(answer)[1:], type=list[Unit])
    return unwrap(answer)
