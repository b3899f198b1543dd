"""One function of ours run in confined children: parsers, which meet bytes that strangers made.

A zygote is started by the first call and ends when nobody has called for a while: unused, it costs nothing.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Sequence

from orrery.sandbox.limits import Limits
from orrery.sandbox.pool import Unconfined, ZygotePool
from orrery.sandbox.runs import MEMORY_LIMIT, OUTPUT_LIMIT, TIMEOUT, Outcome
from orrery.sandbox.zygotes import ZygoteLost, engine_folders

_KIND = "call"
_FIRST_SLOT = 500
"""Runs have users by their slots: these stand apart from those of snippets."""

_log = logging.getLogger(__name__)


class CallFailed(Exception):
    """The function gave no result; the text says why, without details of this machine."""


class CallRefused(CallFailed):
    """The function was not run: nothing here confines it, or too many calls wait."""


class ConfinedFunction:
    """``entry`` is ``module:function`` of ours, from bytes to bytes; ``packages`` are what it imports besides.

    Packages that are not installed are left out: the function says itself what it misses. ``idle`` is in seconds.
    """

    def __init__(
        self,
        entry: str,
        packages: Sequence[str],
        limits: Limits,
        *,
        levels: Sequence[int] = (3, 1),
        idle: float = 60.0,
    ) -> None:
        self._entry, self._packages, self._limits = entry, packages, limits
        self._levels, self._idle = levels, idle
        self._pool: ZygotePool | None = None
        self._workers = asyncio.Semaphore(limits.workers)
        self._slots = list(range(limits.workers))
        self._waiting = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._resting: set[asyncio.Task[None]] = set()

    @property
    def zygote(self) -> int | None:
        """Process id of the zygote; None while none is running."""
        return None if self._pool is None else self._pool.zygotes.get(_KIND)

    async def __call__(self, payload: bytes) -> bytes:
        """What the function returned. Raises `CallFailed`."""
        if self._waiting >= self._limits.requests:
            raise CallRefused("too many documents are being read at the moment")
        self._waiting += 1
        try:
            async with self._workers:
                slot = self._slots.pop()
                try:
                    return self._result(await self._run(payload, slot))
                finally:
                    self._slots.append(slot)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._rest_later()

    async def close(self) -> None:
        """Ends the zygote and what runs in it."""
        self._stay()
        await asyncio.gather(*self._resting)
        if self._pool is not None:
            await self._pool.close()

    async def _run(self, payload: bytes, slot: int) -> Outcome:
        self._stay()
        if self._pool is None:
            # looking for packages reads folders, so it waits for the first call
            installed = [name for name in self._packages if importlib.util.find_spec(name) is not None]
            self._pool = ZygotePool(
                self._limits,
                levels=self._levels,
                packages=engine_folders(installed),
                kinds={_KIND: ["orrery", *installed]},
                entry=self._entry,
                first_slot=_FIRST_SLOT,
            )
        try:
            outcome = await self._run_again_once(self._pool, payload, slot)
        except (Unconfined, ZygoteLost) as error:
            _log.warning("a confined call was not possible: %s", error)
            raise CallRefused("it can't be read safely on this machine") from error
        if not outcome.confined:
            raise CallRefused("it can't be read safely on this machine")
        return outcome

    async def _run_again_once(self, pool: ZygotePool, payload: bytes, slot: int) -> Outcome:
        """What was lost with its zygote, which somebody ended, is done again: functions change nothing."""
        try:
            return await pool.run(_KIND, "call", payload, slot)
        except ZygoteLost as error:
            _log.warning("a confined call is made again: %s", error)
            return await pool.run(_KIND, "call", payload, slot)

    def _result(self, outcome: Outcome) -> bytes:
        run = outcome.run
        if outcome.result is not None and not run.exit_code:
            return outcome.result
        reasons = {
            TIMEOUT: f"it took longer than {self._limits.timeout:g} seconds",
            MEMORY_LIMIT: f"it needed more than {self._limits.memory >> 20} MB of memory",
            OUTPUT_LIMIT: "it gave too much text",
        }
        for mark, reason in reasons.items():
            if mark in run.error:
                raise CallFailed(reason)
        if "MemoryError" in run.stderr:
            raise CallFailed(reasons[MEMORY_LIMIT])
        _log.warning("a confined call ended without a result: %s", run.error.strip()[-500:])
        raise CallFailed("the reader broke down")

    def _rest_later(self) -> None:
        self._stay()
        self._alarm = asyncio.get_running_loop().call_later(self._idle, self._rest)

    def _stay(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _rest(self) -> None:
        if self._pool is not None:
            # never cancelled: a process that is half ended would stay a zombie
            resting = asyncio.get_running_loop().create_task(self._pool.renew(_KIND), name="confined-rest")
            self._resting.add(resting)
            resting.add_done_callback(self._resting.discard)
