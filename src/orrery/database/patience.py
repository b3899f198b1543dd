"""Reading for work that is under way: a database that is away for a moment is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from orrery.database.outages import is_outage

T = TypeVar("T")

WAITS = (0.05, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before further attempts; together as long as the commits of a run are tried."""


async def patiently(read: Callable[[], Awaitable[T]], waits: Sequence[float] = WAITS) -> T:
    """What ``read`` gives, tried again while the database does not answer. ``read`` must change nothing.

    Raises what the last attempt raised, and anything else at once. Not for requests, whose callers are told to come
    back instead: for runs, which would fail for a connection that broke.
    """
    for wait in waits:
        try:
            return await read()
        except Exception as error:
            if not is_outage(error):
                raise
        await asyncio.sleep(wait)
    return await read()
