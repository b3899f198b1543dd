"""Sending messages about jobs. Celery's client blocks, so it has one thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Protocol, cast

from orrery.jobs.announcing import Announced
from orrery.jobs.fleet.application import JOB_TASK, CeleryApp

_log = logging.getLogger(__name__)

_MOST_PENDING = 1000
"""Announcements that wait for the thread. While the broker is away more are dropped; the relay makes up for them."""
_NOT_FOUND = "404"


class _Connecting(Protocol):
    def ensure_connection(self, *, max_retries: int, timeout: float) -> object: ...


class CeleryCarrier:
    """The announcer of a fleet."""

    carries = True

    def __init__(self, app: CeleryApp) -> None:
        self._app = app
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jobs-carrier")
        self._free = BoundedSemaphore(_MOST_PENDING)
        self._closing = False
        self._away = False

    def announce(self, jobs: Sequence[Announced]) -> None:
        """Hands the messages to the thread."""
        if not jobs:
            return
        if not self._free.acquire(blocking=False):
            _log.warning("the broker is slow or away: %d jobs are announced later", len(jobs))
            return
        self._thread.submit(self._send, tuple(jobs))

    def _send(self, jobs: Sequence[Announced]) -> None:
        if self._closing and self._away:
            # Each try takes most of a second: a process must end although its broker is gone.
            self._free.release()
            return
        try:
            for job in jobs:
                self._send_one(job)
        except Exception as error:  # noqa: BLE001  (each transport has errors of its own; the relay sends again)
            _log.warning("%d jobs could not be announced now: %s", len(jobs), error)
            self._away = True
        else:
            self._away = False
        finally:
            self._free.release()

    def _send_one(self, job: Announced) -> None:
        self._app.send_task(
            JOB_TASK,
            (job.name, job.payload, job.id),
            queue=job.queue,
            task_id=job.id,
            # What monitors show: the job's own name, and not what its payload holds.
            shadow=job.name,
            argsrepr="()",
        )

    async def depth(self, queue: str) -> int | None:
        """How many messages wait in a queue; None when the broker does not say."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._depth, queue)

    def _depth(self, queue: str) -> int | None:
        try:
            with self._app.connection_for_read() as connection:
                return connection.default_channel.queue_declare(queue, passive=True).message_count
        except Exception as error:  # noqa: BLE001  (as above)
            # A queue that does not exist yet is empty; transports tell that as error 404.
            if str(getattr(error, "reply_code", "")) == _NOT_FOUND:
                return 0
            _log.warning("the broker does not say how long queue %s is: %s", queue, error)
            return None

    async def problem(self, seconds: float = 10.0) -> str | None:
        """What is wrong with the broker, as far as one question can tell; None when it answers."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().run_in_executor(self._thread, self._reach)
        except TimeoutError:
            return f"The broker did not answer in {seconds:g} seconds."
        except Exception as error:  # noqa: BLE001  (as above)
            return f"The broker can't be used: {type(error).__name__}."
        return None

    def _reach(self) -> None:
        with self._app.connection_for_read() as connection:
            cast("_Connecting", connection).ensure_connection(max_retries=1, timeout=5)

    async def close(self) -> None:
        """Sends what was handed over unless the broker is away, then lets go of it."""
        self._closing = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._app.close)
        self._thread.shutdown(wait=False)
