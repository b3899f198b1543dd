"""A vector as it is stored: unit length, float32, little-endian bytes (knowledge.md 6.1)."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from math import hypot, isfinite

NUMBER_BYTES = 4


class NotAVector(ValueError):
    """Empty, or holds something that is not a number."""


def packed(numbers: Sequence[float]) -> bytes:
    """Brought to length 1; a vector of zeros stays one, and is like nothing. Raises `NotAVector`."""
    length = hypot(*numbers)
    if not numbers or not isfinite(length):
        raise NotAVector("is empty" if not numbers else "holds a value that is not a finite number")
    found = array("f", [number / length for number in numbers] if length else numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def unpacked(vector: bytes) -> list[float]:
    """The numbers of a stored vector."""
    found = array("f", vector)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tolist()
