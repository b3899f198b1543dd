"""A deadline for each read of a stream at the price of one timer for all of them.

`asyncio.timeout` round every read costs a timer made and cancelled per chunk, about 4 us; here a read costs two
assignments, and the timer looks now and then whether the read under way began too long ago.
"""

from __future__ import annotations

import asyncio
from typing import Self


class SilenceLimit:
    """``with limit: await read()``: raises `TimeoutError` when one read takes longer than ``seconds``.

    Time between reads does not count. Close it when the stream ends. Not for reads that nest or run side by side.
    """

    __slots__ = ("_began", "_cancelling", "_fired", "_loop", "_task", "_timer", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._began: float | None = None
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._cancelling = 0
        self._fired = False

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._began = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_at(self._began + self.seconds, self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._began = None
        if self._fired and self._task is not None:
            self._fired = False
            # Whoever else cancelled the task at the same moment keeps the right of way.
            if self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        now = self._loop.time()
        due = now + self.seconds if self._began is None else self._began + self.seconds
        if due > now or self._task is None:
            self._timer = self._loop.call_at(max(due, now), self._look)
            return
        self._timer, self._fired = None, True
        self._cancelling = self._task.cancelling()
        self._task.cancel()
