"""Dot products of one vector with many, a processor's widest instructions at work (simsimd; the GIL is let go)."""

from __future__ import annotations

from array import array
from typing import Protocol, cast

import simsimd


class _Distances(Protocol):
    # Results are taken as they are returned: with ``out=`` the library gives away a reference to None each time.
    def __call__(self, a: object, b: object, /, metric: str, *, dtype: str) -> object: ...


_distances = cast("_Distances", simsimd.cdist)  # its own types are written in numpy's, which is not installed


def of_float32(one: array[float], rows: array[float]) -> list[float]:
    """``rows`` holds vectors of the length of ``one``, one after the other."""
    length = len(one)
    with (
        memoryview(one).cast("B").cast("f", (1, length)) as a,
        memoryview(rows).cast("B").cast("f", (len(rows) // length, length)) as b,
    ):
        return _numbers(_distances(a, b, "dot", dtype="f32"))


def of_bfloat16(one: array[int], rows: array[int], first: int, end: int) -> list[float]:
    """With the vectors from ``first`` to before ``end``. Numbers are upper halves of a float32, the sums are float32."""
    length = len(one)
    with (
        memoryview(one).cast("B").cast("H", (1, length)) as a,
        memoryview(rows)[first * length : end * length].cast("B").cast("H", (end - first, length)) as b,
    ):
        return _numbers(_distances(a, b, "dot", dtype="bf16"))


def _numbers(found: object) -> list[float]:
    with memoryview(cast("bytes", found)).cast("B").cast("d") as numbers:
        return cast("list[float]", numbers.tolist())
