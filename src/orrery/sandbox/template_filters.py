"""The filters of the template shortcut: pure functions over plain values, NotImplemented where Jinja2 does more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

_SIZE = 1 << 20


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else NotImplemented


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else NotImplemented


def _capitalize(value: object) -> object:
    return value.capitalize() if isinstance(value, str) else NotImplemented


def _trim(value: object) -> object:
    return value.strip() if isinstance(value, str) else NotImplemented


def _string(value: object) -> object:
    return str(value) if isinstance(value, (str, bool, float)) or value is None else NotImplemented


def _length(value: object) -> object:
    return len(cast("Sequence[object]", value)) if isinstance(value, (str, list, dict)) else NotImplemented


def _first(value: object) -> object:
    items = cast("Sequence[object]", value)
    return items[0] if isinstance(value, (str, list)) and items else NotImplemented


def _last(value: object) -> object:
    items = cast("Sequence[object]", value)
    return items[-1] if isinstance(value, (str, list)) and items else NotImplemented


def _default(value: object, fallback: object = "", boolean: object = False) -> object:
    return fallback if boolean and not value else value


def _join(value: object, separator: object = "") -> object:
    """Only of texts: other values go to Jinja2's own idea of their text."""
    if not isinstance(value, list) or not isinstance(separator, str):
        return NotImplemented
    parts = [part for part in cast("list[object]", value) if isinstance(part, str)]
    if len(parts) != len(cast("list[object]", value)) or len(separator) * len(parts) > _SIZE:
        return NotImplemented
    return separator.join(parts)


def _replace(value: object, old: object, new: object) -> object:
    if not isinstance(value, str) or not isinstance(old, str) or not isinstance(new, str):
        return NotImplemented
    if (len(value) + 1) * max(len(new), 1) > _SIZE:
        return NotImplemented
    return value.replace(old, new)


# fewest and most arguments besides the value, and the function
FILTERS: Mapping[str, tuple[int, int, Callable[..., object]]] = {
    "upper": (0, 0, _upper),
    "lower": (0, 0, _lower),
    "capitalize": (0, 0, _capitalize),
    "trim": (0, 0, _trim),
    "string": (0, 0, _string),
    "length": (0, 0, _length),
    "count": (0, 0, _length),
    "first": (0, 0, _first),
    "last": (0, 0, _last),
    "default": (0, 2, _default),
    "d": (0, 2, _default),
    "join": (0, 1, _join),
    "replace": (2, 2, _replace),
}
