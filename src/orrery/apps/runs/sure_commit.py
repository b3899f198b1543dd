"""Commits of one run that outlast short absences of the database, each of them done once.

A connection that is lost during a commit leaves open whether it was done. So nothing is simply repeated: the second
attempt either fails on rows that are there already, or its guard finds that the end is told. Both are the first
attempt's success, as long as the run still belongs to this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from orrery.apps.runs import statements
from orrery.apps.runs.tables import WorkflowRun
from orrery.database.group_commit import Entry, GroupCommit

ACCEPT_WAITS = (0.1, 0.3, 0.8)
"""Seconds before further attempts to begin a run, whose caller waits for an answer."""
WAITS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
"""Seconds before further attempts to write a run that is under way; together less than its lease."""

_ENDED_BY_ME = (
    update(WorkflowRun)
    .where(
        WorkflowRun.id == bindparam("b_id"),
        WorkflowRun.lease_token == bindparam("b_token"),
        WorkflowRun.status != "running",
    )
    .values(lease_owner=None)
)
"""Changes nothing; matches a run that has ended under this token, which no other process ever had."""


class LeaseLost(Exception):
    """Another process owns the run now, or the database is gone; this one must stop writing."""


class SureCommit:
    """``token`` is the lease's; ``lease`` how long it lasts from each guarded commit on."""

    def __init__(self, run_id: str, token: int, lease: timedelta, group: GroupCommit) -> None:
        self._run_id = run_id
        self._token = token
        self._lease = lease
        self._group = group

    async def accept(self, entries: Sequence[Entry], *, ended: bool) -> None:
        """Writes a run that did not exist. Raises what the database said."""
        await self._insist(lambda alone: self._plain(entries, alone=alone), ACCEPT_WAITS, ended=ended)

    async def text(self, entries: Sequence[Entry]) -> None:
        """Writes without a guard, for a process that is sure of its lease. Raises `LeaseLost`."""

        def attempt(alone: bool) -> Awaitable[bool]:
            # By the time of a second attempt the lease may be over.
            return self._guarded(entries, alone=True) if alone else self._plain(entries, alone=False)

        await self._kept(attempt, ended=False)

    async def held(self, entries: Sequence[Entry]) -> None:
        """Writes if the lease is still this process's, and renews it. Raises `LeaseLost`."""
        await self._kept(lambda alone: self._guarded(entries, alone=alone), ended=False)

    async def end(self, entries: Sequence[Entry]) -> None:
        """Writes the end, whose first entry is `FINISH_RUN`. Raises `LeaseLost`."""
        await self._kept(lambda alone: self._group.commit_fenced(entries, alone=alone), ended=True)

    def _guarded(self, entries: Sequence[Entry], *, alone: bool) -> Awaitable[bool]:
        return self._group.commit_fenced([self._hold(), *entries], alone=alone)

    async def _kept(self, attempt: Callable[[bool], Awaitable[bool]], *, ended: bool) -> None:
        try:
            held = await self._insist(attempt, WAITS, ended=ended)
        except (SQLAlchemyError, OSError) as error:
            raise LeaseLost(f"run {self._run_id} can't be written: {error}") from error
        if not held:
            raise LeaseLost(f"run {self._run_id} belongs to another process")

    async def _plain(self, entries: Sequence[Entry], *, alone: bool) -> bool:
        await self._group.commit(entries, alone=alone)
        return True

    async def _insist(self, attempt: Callable[[bool], Awaitable[bool]], waits: Sequence[float], *, ended: bool) -> bool:
        """Whether it is written. Rows that nobody could take are tried by themselves, so that others don't suffer."""
        again = False
        for wait in (*waits, None):
            try:
                return await self._once(attempt, again=again, ended=ended)
            except IntegrityError:
                raise
            except (SQLAlchemyError, OSError):
                if wait is None:
                    raise
                again = True
                await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, attempt: Callable[[bool], Awaitable[bool]], *, again: bool, ended: bool) -> bool:
        try:
            written = await attempt(again)
        except IntegrityError:
            if again and await self._was_written(ended=ended):
                return True
            raise
        return written or (again and ended and await self._was_written(ended=True))

    async def _was_written(self, *, ended: bool) -> bool:
        if not ended:
            return await self._group.commit_fenced([self._hold()], alone=True)
        return await self._group.commit_fenced(
            [(_ENDED_BY_ME, {"b_id": self._run_id, "b_token": self._token})], alone=True
        )

    def _hold(self) -> Entry:
        expires = datetime.now(UTC) + self._lease
        return statements.HOLD_LEASE, {"b_id": self._run_id, "b_token": self._token, "b_expires": expires}
