"""The jobs that this process has in hand, and the signs of life it gives for them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta
from typing import Literal, cast

from sqlalchemy import Table as CoreTable
from sqlalchemy import bindparam, select, update

from orrery.database import Database
from orrery.jobs.claims import Claimed
from orrery.jobs.clock import Clock
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_t = _jobs.c
_CHUNK = 500

Reason = Literal["lost", "released"]


class Holding:
    """One job in hand. ``reason`` says why its task was cancelled, if it was."""

    __slots__ = ("claimed", "lease", "reason", "seen", "task")

    def __init__(self, claimed: Claimed, lease: float, seen: float, task: asyncio.Task[object]) -> None:
        self.claimed = claimed
        self.lease = lease
        self.seen = seen
        self.task = task
        self.reason: Reason | None = None

    def end(self, reason: Reason) -> None:
        """Cancels the work, once."""
        if self.reason is None:
            self.reason = reason
            self.task.cancel()


class Holdings:
    """Renews leases, and ends the work whose lease is gone."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._held: dict[str, Holding] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._held

    def take(self, claimed: Claimed, lease: float) -> Holding:
        """Holds a job on behalf of the current task. ``lease``: seconds."""
        task = asyncio.current_task()
        assert task is not None, "jobs run in tasks"
        self._idle.clear()
        holding = self._held[claimed.id] = Holding(claimed, lease, self._clock.monotonic(), task)
        return holding

    def drop(self, holding: Holding) -> None:
        """Forgets a job whose work ended."""
        if self._held.get(holding.claimed.id) is holding:
            del self._held[holding.claimed.id]
        if not self._held:
            self._idle.set()

    async def wait_idle(self, seconds: float) -> bool:
        """Waits until nothing is in hand, at most so long; whether that came."""
        try:
            async with asyncio.timeout(seconds):
                return await self._idle.wait()
        except TimeoutError:
            return False

    def release(self) -> None:
        """Ends all work; the jobs go back to the queue."""
        for holding in list(self._held.values()):
            holding.end("released")

    async def renew(self) -> None:
        """Gives a sign of life for every job in hand. Raises what the database says."""
        held = list(self._held.values())
        asked = self._clock.monotonic()
        by_lease: dict[float, list[Holding]] = defaultdict(list)
        for holding in held:
            by_lease[holding.lease].append(holding)
        for lease, some in by_lease.items():
            for start in range(0, len(some), _CHUNK):
                await self._renew(lease, some[start : start + _CHUNK], asked)

    async def _renew(self, lease: float, holdings: list[Holding], asked: float) -> None:
        ids = [holding.claimed.id for holding in holdings]
        tokens = [holding.claimed.token for holding in holdings]
        mine = (_t.status == "running", _t.id.in_(ids), _t.lease_owner.in_(tokens))
        async with self._database.connection() as connection:
            await connection.execute(
                update(_jobs).where(*mine).values(lease_expires_at=bindparam("b_expires")),
                {"b_expires": self._clock.now() + timedelta(seconds=lease)},
            )
            found = await connection.execute(select(_t.id, _t.lease_owner).where(*mine))
            still = {(job_id, token) for job_id, token in found}
        for holding in holdings:
            if (holding.claimed.id, holding.claimed.token) in still:
                holding.seen = asked
            elif holding.claimed.id in self._held and self._held[holding.claimed.id] is holding:
                holding.end("lost")

    def end_overdue(self) -> None:
        """Ends the work for which no sign of life got through for a whole lease: others may have it by now."""
        now = self._clock.monotonic()
        for holding in list(self._held.values()):
            if now - holding.seen > holding.lease:
                holding.end("lost")
