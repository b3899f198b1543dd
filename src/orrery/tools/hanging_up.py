"""Iterators that are closed when their reader stops half way, not when the garbage is collected."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

_T = TypeVar("_T")


@asynccontextmanager
async def hanging_up(iterator: AsyncIterator[_T]) -> AsyncGenerator[AsyncIterator[_T]]:
    """The iterator; a generator is closed at the end of the block, and with it what it holds open."""
    try:
        yield iterator
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
