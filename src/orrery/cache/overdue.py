"""Going on without an answer that takes long, where there is another way to find out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TypeVar

_ASKED = TypeVar("_ASKED")

_TURNS = 4
"""In how many parts a caller waits: a loop that was busy for as long reads what came before it calls it late."""


class Late(Exception):
    """No answer in time, or none is expected in time."""


class Overdue:
    """Callers who are slowed down once: from then on, until an answer is in time again, they go on at once.

    One of them asks nevertheless, to find out; while that answer is out nobody else does: all would hold a connection.
    """

    def __init__(self) -> None:
        self._asked: set[asyncio.Task[object]] = set()
        self._out = 0
        self._slow = False

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is out that nobody waits for."""
        return self._out > 0

    async def within(self, seconds: float, ask: Callable[[], Coroutine[object, object, _ASKED]]) -> _ASKED:
        """What ``ask`` gives, if it does in time; else raises `Late`, and it is left to end by itself."""
        if self.is_waiting:
            raise Late
        due = asyncio.get_running_loop().time() + seconds
        task = asyncio.create_task(ask())
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        if not self._slow and await _is_done(task, seconds):
            return task.result()
        self._out += 1
        task.add_done_callback(partial(self._came, due))
        raise Late

    def _came(self, due: float, task: asyncio.Task[_ASKED]) -> None:
        self._out -= 1
        failed = task.cancelled() or task.exception() is not None  # whoever asked has gone on
        self._slow = failed or asyncio.get_running_loop().time() > due

    async def close(self) -> None:
        """Waits for nothing that is out."""
        asked = list(self._asked)
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def _is_done(task: asyncio.Task[_ASKED], seconds: float) -> bool:
    """Waits so long at most. A caller that is cancelled takes its question with it."""
    try:
        for _ in range(_TURNS):
            if (await asyncio.wait((task,), timeout=seconds / _TURNS))[0]:
                return True
    except asyncio.CancelledError:
        task.cancel()
        raise
    return False
