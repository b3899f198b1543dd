"""Cutting a stream into parts of one size, for storages that take large objects in pieces."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

PART_BYTES = 8 * 1024 * 1024
"""The memory that one upload takes. Vendors allow 10 000 parts, so an object may have 80 GiB."""


async def parts_of(content: AsyncIterator[bytes], size: int = PART_BYTES) -> AsyncGenerator[bytes, None]:
    """Parts of ``size`` bytes, the last one shorter; a stream without bytes is one empty part."""
    waiting = bytearray()
    given = False
    async for chunk in content:
        waiting += chunk
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            given = True
            del waiting[:size]
    if waiting or not given:
        yield bytes(waiting)
