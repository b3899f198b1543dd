"""Looking after runs that paused in this process: their mails go out, and an answer that came early wakes them."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from sqlalchemy.exc import SQLAlchemyError

from orrery.apps.forms.delivery import FormJobs
from orrery.apps.forms.waking import FormWaking

_log = logging.getLogger(__name__)


class PauseNews:
    """Hears of pauses; `FormAttending` reads what it heard. Apart, because runs are built before their forms."""

    def __init__(self) -> None:
        self.runs: asyncio.Queue[str] = asyncio.Queue()

    def paused(self, run_id: str) -> None:
        """Takes note of a run whose pause is durable."""
        self.runs.put_nowait(run_id)


class FormAttending:
    """The loop. What it misses, because its process dies, the scheduled job makes up for."""

    def __init__(self, news: PauseNews, waking: FormWaking, jobs: FormJobs) -> None:
        self._news = news
        self._waking = waking
        self._jobs = jobs
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to listen."""
        self._task = asyncio.create_task(self._attend(), name="forms-attend")

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _attend(self) -> None:
        while True:
            run_id = await self._news.runs.get()
            try:
                await self._waking.wake_answered(run_id)
                # Woken before this process had let go of it, it is nobody's by now.
                await self._waking.resume(run_id)
                await self._jobs.enqueue_mails(run_id)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("the forms of run %s are looked after later: %s", run_id, error)
            except Exception:  # noqa: BLE001  (the loop's top: one run must not end it for all others)
                _log.exception("the forms of run %s can't be looked after", run_id)
