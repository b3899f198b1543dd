"""Sparing callers the wait for a server that was found away a moment ago."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


class Resting(Exception):
    """The server was away just now; nobody is sent there yet."""


class Breaker:
    """After a failure callers are refused at once for ``rest`` seconds; then one of them tries, and the rest follow.

    A server that does not answer at all costs each caller its whole patience, and many callers wait at a time: they
    all would, for as long as it is away. With ``rest`` zero nobody is refused. ``clock`` gives monotonic seconds.
    """

    def __init__(self, rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest = rest
        self._clock = clock
        self._resting_until: float | None = None
        self._trying = False

    @asynccontextmanager
    async def passing(self, away: type[Exception] | tuple[type[Exception], ...]) -> AsyncGenerator[None]:
        """Around one call. Raises `Resting`; ``away`` are the errors that say that the server is not there."""
        tries = self._resting_until is not None
        if tries:
            if self._trying or self._clock() < (self._resting_until or 0.0):
                raise Resting
            self._trying = True
        try:
            yield
        except BaseException as error:
            if isinstance(error, away):
                self._resting_until = self._clock() + self._rest if self._rest > 0 else None
            elif isinstance(error, Exception):
                # It answered, even if with a refusal.
                self._resting_until = None
            raise
        else:
            self._resting_until = None
        finally:
            if tries:
                self._trying = False
