"""How many runs at a time: of one app across all processes, and in this process (workflow.md 5.3, reliability.md G8)."""

from __future__ import annotations

import asyncio
from typing import Protocol

from orrery.apps.runs.errors import Overloaded, TooManyRuns
from orrery.apps.runs.limits import RunPolicy
from orrery.cache.protocol import Cache

_SLOT_SECONDS = 600.0
"""A slot that nobody gave back is free again after this long."""


class Limited(Protocol):
    """What admission reads of an app."""

    @property
    def app_id(self) -> str: ...
    @property
    def max_active_requests(self) -> int | None: ...


class Admission:
    """Counts runs of apps that have a bound; apps without one cost nothing."""

    def __init__(self, cache: Cache, policy: RunPolicy) -> None:
        self._cache = cache
        self._policy = policy
        self._counted: dict[str, int] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def enter(self, app: Limited, *, live: int) -> None:
        """Raises `Overloaded` when the process is full, `TooManyRuns` when the app is."""
        if live >= self._policy.max_live_runs:
            raise Overloaded(retry_after=1)
        bound = self._policy.bound_for(app.max_active_requests)
        if not bound:
            return
        key = _key(app.app_id)
        active = await self._cache.increment(key, ttl=_SLOT_SECONDS, renew=True)
        if active > bound:
            await self._cache.increment(key, by=-1)
            raise TooManyRuns(app.app_id, bound)
        self._counted[app.app_id] = self._counted.get(app.app_id, 0) + 1

    async def leave(self, app: Limited) -> None:
        """Gives a slot back; without effect for apps that have no bound."""
        count = self._counted.get(app.app_id, 0)
        if not count:
            return
        self._counted[app.app_id] = count - 1
        await self._cache.increment(_key(app.app_id), by=-1)

    def leave_later(self, app: Limited) -> None:
        """`leave`, from where nothing can be awaited."""
        if self._counted.get(app.app_id):
            task = asyncio.create_task(self.leave(app))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)


def _key(app_id: str) -> str:
    return f"dify:rate_limit:{app_id}:active_requests"
