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
    def open(self) -> None:
        """Starts what the target needs, once."""
        ...

    def close(self) -> None: ...


class Ready:
    """A target that needs nothing started."""

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raises `Overtime` inside the block when it computes longer, or waits ten times as long.

    Other processes may keep this one waiting, so the clock alone says little. Of this process's main thread only.
    """

    def ring(*_: object) -> None:
        raise Overtime(f"took longer than {seconds} s")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds), signal.ITIMER_REAL: (signal.SIGALRM, 10 * seconds)}
    before = {number: signal.signal(number, ring) for number, _ in timers.values()}
    for timer, (_, after) in timers.items():
        signal.setitimer(timer, after)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
