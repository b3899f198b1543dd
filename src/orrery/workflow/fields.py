"""Typed reads of untyped node data, as it comes from a DSL file: wrong shapes read as absent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import cast


def as_mapping(value: object) -> Mapping[str, object]:
    """The value if it is a mapping, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def as_list(value: object) -> Sequence[object]:
    """The value if it is a list or tuple, else an empty one."""
    return cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()


def as_mappings(value: object) -> list[Mapping[str, object]]:
    """The mappings of a list; other elements are left out."""
    return [cast("Mapping[str, object]", item) for item in as_list(value) if isinstance(item, Mapping)]


def as_text(value: object, default: str = "") -> str:
    """The value if it is a string, else the default."""
    return value if isinstance(value, str) else default


def as_selector(value: object) -> tuple[str, ...]:
    """A selector as a tuple; numbers inside become text, anything but a list is the empty selector."""
    return tuple(part if isinstance(part, str) else str(part) for part in as_list(value))


def as_number(value: object, default: float) -> float:
    """A number or the text of one; anything else (booleans, infinities and NaN too) is the default."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return default
    try:
        number = float(value) if isinstance(value, str) else value
    except ValueError:
        return default
    return default if isinstance(number, float) and not math.isfinite(number) else number


def as_count(value: object, default: int) -> int:
    """A whole number of at least 0, cut from what `as_number` reads."""
    return max(int(as_number(value, default)), 0)
