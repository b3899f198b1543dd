"""Runs jobs in this process, from the table: no broker. Several such processes may share a database server.

One loop takes jobs and writes verdicts, both in one transaction a turn; one loop gives signs of life; one looks for
jobs of dead processes. Whoever enqueues in this process wakes the first loop, others' jobs are found by looking.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from orrery.jobs.announcing import Announced
from orrery.jobs.claims import Claimed, Claims, Verdict
from orrery.jobs.clock import Clock
from orrery.jobs.execution import Execution
from orrery.jobs.holdings import Holdings
from orrery.jobs.lanes import LOOK_SECONDS, Lanes
from orrery.jobs.takeover import Takeover

_log = logging.getLogger(__name__)

_TROUBLE_SECONDS = 1.0
_CONTENTION_SECONDS = 0.02
_LAST_WRITE_SECONDS = 5.0
"""For the commit that puts jobs back, however little grace the jobs themselves get."""


class RunnerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """``at_once``: jobs of all queues together; ``per_queue``: of one queue, ``by_queue`` where it differs.

    ``poll``: seconds between two looks at the table when nobody wakes the runner. ``grace``: seconds that running
    jobs have to finish when the process stops.
    """

    at_once: int = 16
    per_queue: int = 8
    by_queue: Mapping[str, int] = {}
    poll: float = 1.0
    grace: float = 25.0


class RunnerParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the runner is made of; ``lanes`` where any job goes in one."""

    claims: Claims
    execution: Execution
    holdings: Holdings
    takeover: Takeover
    lanes: Lanes | None
    clock: Clock


class Wake:
    """The announcer of a process that runs jobs itself: sets an event that its runner waits for."""

    carries = False

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def announce(self, jobs: Sequence[Announced]) -> None:
        if jobs:
            self.event.set()


class JobRunner:
    """Serves ``queues``. `start` and `close` bracket it."""

    def __init__(self, parts: RunnerParts, queues: Sequence[str], limits: RunnerLimits, wake: Wake) -> None:
        self._parts = parts
        self._queues = tuple(queues)
        self._limits = limits
        self._woken = wake.event
        self._verdicts: list[Verdict] = []
        self._writing: list[Verdict] = []
        self._running: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._closing = False

    async def start(self, *, alone: bool, sign_of_life: float) -> None:
        """Begins the loops. ``alone``: no other process uses the database, so running rows belong to the dead.

        ``sign_of_life``: seconds between two renewals of leases, well below the shortest lease.
        """
        if alone:
            await self._parts.takeover.put_back_all()
        # Signs of life first: they end last, since jobs may still be finishing.
        self._loops = [
            asyncio.create_task(forever(self._renew, sign_of_life), name="jobs-renew"),
            asyncio.create_task(forever(self._parts.takeover.look, sign_of_life), name="jobs-takeover"),
            *self._lanes(),
            asyncio.create_task(self._serve(), name="jobs-runner"),
        ]

    def _lanes(self) -> list[asyncio.Task[None]]:
        lanes = self._parts.lanes
        return [] if lanes is None else [asyncio.create_task(forever(lanes.look, LOOK_SECONDS), name="jobs-lanes")]

    async def close(self) -> None:
        """Takes no more jobs, lets running ones finish for the grace time, then puts the rest back into the queue."""
        self._closing = True
        self._woken.set()
        if not self._loops:
            return
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.grace)
        self._parts.holdings.release()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.grace)
        self._woken.set()
        # Neither a job that does not end nor a database that does not answer may keep the process: others take the
        # jobs over.
        await asyncio.wait(self._loops[-1:], timeout=max(self._limits.grace, _LAST_WRITE_SECONDS))
        await cancel(self._loops)
        self._loops = []

    async def _serve(self) -> None:
        look = True
        while not self._closing or self._running or self._verdicts:
            self._woken.clear()
            try:
                taken = await self._turn() if look or self._verdicts else False
                pause = 0.0 if taken else await self._pause()
            except Exception:  # noqa: BLE001  (the top loop of jobs: without it nothing would run any more)
                _log.exception("the job runner could not look at the table; it goes on")
                self._verdicts, self._writing = self._writing + self._verdicts, []
                await asyncio.sleep(_TROUBLE_SECONDS)
                continue
            if look and not taken:
                # What is due and was not taken is being taken by another process: its commit is waited for.
                pause = max(pause, _CONTENTION_SECONDS)
            look = await _is_set(self._woken, pause) if pause > 0 else True

    async def _turn(self) -> bool:
        """Whether it is worth looking again at once."""
        room = {} if self._closing else self._room()
        self._writing, self._verdicts = self._verdicts, []
        if not self._writing and not room:
            return False
        claimed = await self._parts.claims.turn(self._writing, room, self._parts.clock.now(), most=self._free())
        self._writing = []
        for one in claimed:
            if self._closing:
                # Told to stop while it was being taken.
                now = self._parts.clock.now()
                self._verdicts.append(Verdict(one, "waiting", now, one.attempt - 1, now))
            else:
                self._begin(one)
        return bool(claimed)

    def _free(self) -> int:
        return self._limits.at_once - len(self._running)

    def _room(self) -> dict[str, int]:
        free = self._free()
        in_use = Counter(self._running.values())
        limits = self._limits
        room = {
            queue: min(free, limits.by_queue.get(queue, limits.per_queue) - in_use[queue]) for queue in self._queues
        }
        return {queue: number for queue, number in room.items() if number > 0}

    async def _pause(self) -> float:
        """How long to wait for a wake-up. A queue without room is not looked at: its next end wakes the loop."""
        if self._woken.is_set() or self._verdicts or (self._closing and not self._running):
            return 0.0
        room = {} if self._closing else self._room()
        if not room:
            return self._limits.poll
        due = await self._parts.claims.next_due(tuple(room))
        if due is None:
            return self._limits.poll
        return min(max((due - self._parts.clock.now()).total_seconds(), 0.0), self._limits.poll)

    def _begin(self, claimed: Claimed) -> None:
        self._running[claimed.token] = claimed.queue
        task = asyncio.create_task(self._run(claimed), name=f"job-{claimed.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, claimed: Claimed) -> None:
        try:
            verdict = await self._parts.execution.run(claimed)
            if verdict is not None:
                self._verdicts.append(verdict)
        finally:
            del self._running[claimed.token]
            self._woken.set()

    async def _renew(self) -> None:
        try:
            await self._parts.holdings.renew()
        finally:
            self._parts.holdings.end_overdue()


async def forever(step: Callable[[], Awaitable[object]], pause: float) -> None:
    """Repeats ``step``, and goes on when the database does not answer."""
    while True:
        await asyncio.sleep(pause)
        try:
            await step()
        except (SQLAlchemyError, OSError) as error:
            _log.warning("the database did not answer a step of the jobs: %s", error)
        except Exception:  # noqa: BLE001  (a top loop: its end would leave jobs without signs of life)
            _log.exception("a step of the jobs failed; it is repeated")


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Ends tasks and waits for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _is_set(woken: asyncio.Event, seconds: float) -> bool:
    """Whether the event came within ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            return await woken.wait()
    except TimeoutError:
        return False
