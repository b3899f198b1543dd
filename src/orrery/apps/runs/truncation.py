"""Cutting large values for display (workflow.md 2.4): streams and inspectors, never what the graph sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec


class DisplayLimits(msgspec.Struct, frozen=True):
    """``WORKFLOW_VARIABLE_TRUNCATION_*``: bytes of a whole value, characters of a text, elements of an array."""

    max_size: int = 1_024_000
    string_length: int = 100_000
    array_length: int = 1000


def truncated(value: object, limits: DisplayLimits) -> tuple[object, bool]:
    """The value for display and whether anything was cut. Uncut values are returned as they are."""
    cutter = _Cutter(limits)
    result = cutter.cut(value)
    return (result, True) if cutter.touched else (value, False)


class _Cutter:
    def __init__(self, limits: DisplayLimits) -> None:
        self._limits = limits
        self._left = limits.max_size
        self.touched = False

    def cut(self, value: object) -> object:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            items = cast("Mapping[str, object]", value).items()
            return {key: self.cut(item) for key, item in items if self._has_room(len(key))}
        if isinstance(value, list | tuple):
            return self._array(cast("list[object]", value))
        self._left -= 8
        return value

    def _has_room(self, size: int) -> bool:
        self._left -= size
        if self._left < 0:
            self.touched = True
            return False
        return True

    def _text(self, text: str) -> str:
        most = min(self._limits.string_length, max(self._left, 0))
        self._left -= len(text)
        if len(text) <= most:
            return text
        self.touched = True
        return text[:most] + "..."

    def _array(self, items: list[object]) -> list[object]:
        if len(items) > self._limits.array_length:
            self.touched = True
            items = items[: self._limits.array_length]
        return [self.cut(item) for item in items if self._has_room(1)]
