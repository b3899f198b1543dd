"""Small regular work of a process: what was deleted or has had its time is taken away for good."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from sqlalchemy.exc import SQLAlchemyError

_log = logging.getLogger(__name__)


class Chore(msgspec.Struct, frozen=True):
    """``work`` is done every ``pause`` seconds; it must be safe in many processes at once."""

    name: str
    pause: float
    work: Callable[[], Awaitable[object]]


class Housekeeping:
    """Does chores until closed. A chore that fails is tried again at its next time."""

    def __init__(self, chores: Sequence[Chore]) -> None:
        self._chores = chores
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(_repeat(chore), name=f"chore-{chore.name}") for chore in self._chores]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []


async def _repeat(chore: Chore) -> None:
    while True:
        await asyncio.sleep(chore.pause)
        try:
            await chore.work()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("%s could not be done: %s", chore.name, error)
