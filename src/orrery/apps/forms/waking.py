"""Keeping runs and their forms in step: runs whose form ended go on, forms of runs that ended wait no longer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import msgspec

from orrery.apps.forms import store
from orrery.apps.forms.definition import Definition
from orrery.apps.forms.tables import HumanInputForm
from orrery.apps.runs import pauses
from orrery.database.engine import Database

_ROUNDING = 0.001
"""Seconds by which a time changes on its way through a database."""

Resume = Callable[[str], Awaitable[None]]


class FormWaking:
    """Ends forms whose time is over, and wakes runs. ``resume`` goes on with a run that was woken."""

    def __init__(self, database: Database, resume: Resume) -> None:
        self._database = database
        self.resume = resume

    async def end_overdue(self) -> int:
        """Ends forms that nobody answered in time; how many.

        A form that its node's time-out ended lets the run go on along the time-out's branch. One that only the
        installation's deadline ended stops its run.
        """
        now = datetime.now(UTC)
        async with self._database.read() as session:
            forms = await store.overdue(session, now)
        ended = 0
        for form in forms:
            by_node = form.ends_at.timestamp() >= _timeout_of(form.definition) - _ROUNDING
            ended += await self._end(form, "timeout" if by_node else "expired")
        return ended

    async def _end(self, form: HumanInputForm, status: str) -> bool:
        now, run_id = datetime.now(UTC), form.workflow_run_id
        stop = f"Human input global timeout at node {form.node_id}" if status == "expired" else None
        async with self._database.write() as session:
            await pauses.hold(session, run_id)
            if not await store.close(session, form.id, status, {"ended_at": now}):
                return False
            woken = await pauses.wake(session, run_id, stop=stop)
            if woken:
                await store.mark_woken(session, run_id, now)
        if woken:
            await self.resume(run_id)
        return True

    async def wake_answered(self, run_id: str | None = None) -> None:
        """Wakes runs with a form that ended while they were still on their way to the pause.

        With ``run_id`` just this run; otherwise all, and forms of runs that ended are put to rest.
        """
        async with self._database.read() as session:
            found = await store.ended_unseen(session, run_id)
        for one, status in found:
            async with self._database.write() as session:
                woken = status == "paused" and await pauses.wake(session, one)
                if woken or status not in {"paused", "running"}:
                    await store.mark_woken(session, one, datetime.now(UTC))
            if woken:
                await self.resume(one)


def _timeout_of(definition: object) -> float:
    return msgspec.convert(definition, Definition).timeout_at
