"""Waiting for what another process brings about, for as long as it takes on any machine."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_FOREVER = 120.0

_T = TypeVar("_T")
_R = TypeVar("_R")


async def until(look: Callable[[_T], _R], at: _T) -> _R:
    """The first answer of ``look(at)`` that counts as true. A test that would never end fails after two minutes."""
    async with asyncio.timeout(_FOREVER):
        while not (found := look(at)):
            await asyncio.sleep(0.005)
    return found
