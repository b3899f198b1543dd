"""What is fuzzed: inputs are bytes, so that one that breaks something can be kept as a file."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Overtime(BaseException):
    """An input took longer than its deadline."""


class Target(Protocol):
    """``deadline`` is in seconds for one input. ``check`` raises when the input breaks something."""

    name: str
    deadline: float

    def make(self, dice: random.Random) -> bytes: ...
    async def check(self, data: bytes) -> None: ...
    async def open(self) -> None:
        """Starts what the target needs, once."""
        ...

    async def close(self) -> None: ...


class Ready:
    """A target that needs nothing started."""

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises `Overtime` inside the block when it takes longer; of this process's main thread only."""

    def ring(*_: object) -> None:
        raise Overtime(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
