"""How many runs at a time: of one app across all processes, and in this process (workflow.md 5.3, reliability.md G8)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Protocol

from orrery.apps.runs.errors import Overloaded, TooManyRuns
from orrery.apps.runs.limits import RunPolicy
from orrery.cache.protocol import Cache, CacheUnavailable

_log = logging.getLogger(__name__)

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
        self._held: dict[str, str] = {}
        self._held_here: dict[str, str] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def enter(self, app: Limited, run_id: str, *, live: int) -> None:
        """Takes a slot for the run. Raises `Overloaded` when the process is full, `TooManyRuns` when the app is."""
        if live >= self._policy.max_live_runs:
            raise Overloaded(retry_after=1)
        bound = self._policy.bound_for(app.max_active_requests)
        if not bound:
            return
        key = _key(app.app_id)
        try:
            active = await self._cache.increment(key, ttl=_SLOT_SECONDS, renew=True)
        except CacheUnavailable as error:
            self._enter_here(app.app_id, run_id, bound)
            _log.warning("runs of app %s are counted in this process only: %s", app.app_id, error)
            return
        if active > bound:
            with contextlib.suppress(CacheUnavailable):
                await self._give_back(key)
            raise TooManyRuns(app.app_id, bound)
        self._held[run_id] = app.app_id

    def _enter_here(self, app_id: str, run_id: str, bound: int) -> None:
        """Without the cache each process counts its own: a limit that lets in too many is better than none runs."""
        active = sum(held == app_id for runs in (self._held, self._held_here) for held in runs.values())
        if active >= bound:
            raise TooManyRuns(app_id, bound)
        self._held_here[run_id] = app_id

    async def leave(self, run_id: str) -> None:
        """Gives the run's slot back; without effect for runs that took none."""
        self._held_here.pop(run_id, None)
        app_id = self._held.pop(run_id, None)
        if app_id is None:
            return
        try:
            await self._give_back(_key(app_id))
        except CacheUnavailable as error:
            _log.warning("a slot of app %s frees itself later: %s", app_id, error)

    def leave_later(self, run_id: str) -> None:
        """`leave`, from where nothing can be awaited."""
        if run_id in self._held or run_id in self._held_here:
            task = asyncio.create_task(self.leave(run_id))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _give_back(self, key: str) -> None:
        if await self._cache.increment(key, by=-1) < 0:
            # The counter ran out while the run went on: below zero it would let in too many for ever.
            await self._cache.delete(key)


def _key(app_id: str) -> str:
    return f"dify:rate_limit:{app_id}:active_requests"
