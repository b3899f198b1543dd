"""Values as they are written down and compared: the same on every engine.

``time`` is ISO 8601 in UTC with microseconds, ``money`` has seven decimals, ``bytes`` are base64, ``text`` has no NUL.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

_SEVEN = Decimal("0.0000001")
_encode = msgspec.json.encode
_SPAN = 1 << 256


def portable(kinds: Sequence[str], row: Sequence[object]) -> list[object]:
    """A row as values that JSON knows."""
    return [None if value is None else _write(kind, value) for kind, value in zip(kinds, row, strict=True)]


def restored(kinds: Sequence[str], row: Sequence[object]) -> list[object]:
    """The values that were written down. Raises `ValueError` for what was never written so."""
    return [None if value is None else _read(kind, value) for kind, value in zip(kinds, row, strict=True)]


class Digest:
    """Count and digest of a table's rows, whatever their order: engines sort texts differently."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, row: Sequence[object]) -> None:
        """Adds a row of portable values."""
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(_encode(row)).digest())) % _SPAN

    @property
    def hex(self) -> str:
        return f"{self._sum:064x}"


def _write(kind: str, value: object) -> object:
    if kind == "text":
        return str(value).replace("\x00", "")
    if kind == "time" and isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if kind == "money":
        return str(Decimal(str(value)).quantize(_SEVEN))
    if kind == "bytes" and isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if kind == "flag":
        return bool(value)
    if kind == "number":
        return float(str(value))
    return value


def _read(kind: str, value: object) -> object:
    if kind == "time":
        return datetime.fromisoformat(str(value))
    if kind == "money":
        return Decimal(str(value))
    if kind == "bytes":
        return base64.b64decode(str(value))
    return value
