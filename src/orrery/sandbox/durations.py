"""Durations as the contract writes them: numbers with units, such as ``30m`` or ``1h15m30s`` (Go's syntax)."""

from __future__ import annotations

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def seconds_of(text: str) -> float:
    """Seconds; ``0`` needs no unit. Raises ValueError for any other text."""
    if text.strip() == "0":
        return 0.0
    total, place = 0.0, 0
    for part in _PART.finditer(text.strip()):
        if part.start() != place:
            break
        total += float(part[1]) * _UNITS[part[2]]
        place = part.end()
    if not text.strip() or place != len(text.strip()):
        msg = f"{text!r} is no duration such as 30m or 1h15m"
        raise ValueError(msg)
    return total
