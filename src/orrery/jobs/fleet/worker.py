"""A Celery worker around a `FleetService`: Celery's threads wait, the work happens on one event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Protocol, TypeVar, cast

import msgspec

from orrery.jobs.fleet.application import JOB_TASK, WAKE_TASK, CeleryApp, CeleryWorker
from orrery.jobs.fleet.monitoring import JobFailed, request_with_queue, tell_celery
from orrery.jobs.fleet.service import FleetService

T = TypeVar("T")

_START_SECONDS = 60.0
_HEARTBEAT_SECONDS = 10.0
"""Between two signs of life that monitors hear: one small message, that goes nowhere when nobody listens."""


class WorkerOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``concurrency``: jobs at a time. ``grace``: seconds that running jobs have when the worker is told to stop."""

    queues: Sequence[str]
    concurrency: int = 1
    grace: float = 25.0
    log_level: str = "INFO"
    name: str | None = None


class LoopThread:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="jobs-loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def call(self, work: Coroutine[object, object, T], timeout: float | None = None) -> T:
        """Runs a coroutine there and waits for its result here."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout)

    def begin(self, work: Coroutine[object, object, object]) -> None:
        """Runs a coroutine there without waiting for it."""
        asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        """Ends the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Signal(Protocol):
    """One of Celery's signals."""

    def connect(self, receiver: Callable[..., None], *, weak: bool) -> object: ...
    def disconnect(self, receiver: Callable[..., None]) -> object: ...


def run_worker(app: CeleryApp, service: FleetService, loop: LoopThread, options: WorkerOptions) -> int:
    """Works until SIGTERM (jobs get the grace time) or SIGQUIT; the exit code. Called on the main thread."""
    _declare_tasks(app, service, loop)
    loop.call(service.start(), _START_SECONDS)
    stopping, logging_set_up = _signals()

    def drain(**_signal: object) -> None:
        loop.begin(service.drain(options.grace))
        # Not here: the signal may have come while this thread holds a lock of the loop to be woken.
        loop.begin(_wake_celery())

    stopping.connect(drain, weak=False)
    # A receiver is what keeps Celery from setting up logging of its own.
    logging_set_up.connect(_leave_logging_alone, weak=False)
    try:
        worker = _worker(app, options)
        worker.start()
        return worker.exitcode or 0
    finally:
        stopping.disconnect(drain)
        logging_set_up.disconnect(_leave_logging_alone)
        loop.call(service.close())


def _declare_tasks(app: CeleryApp, service: FleetService, loop: LoopThread) -> None:
    def carry(name: str, payload: object, job_id: str) -> None:
        tell_celery(loop.call(service.carry(name, payload, job_id)))

    def wake() -> None:
        loop.call(service.wake())

    app.task(name=JOB_TASK, throws=(JobFailed,), Request=request_with_queue())(carry)
    app.task(name=WAKE_TASK)(wake)


def _worker(app: CeleryApp, options: WorkerOptions) -> CeleryWorker:
    return app.Worker(
        hostname=options.name,
        pool="threads",
        concurrency=options.concurrency,
        queues=list(options.queues),
        loglevel=options.log_level,
        # Workers need not know of each other: the table holds what they share.
        without_gossip=True,
        without_mingle=True,
        # A worker without heartbeats could not be asked for events of its tasks.
        heartbeat_interval=_HEARTBEAT_SECONDS,
        quiet=True,
    )


class Hub(Protocol):
    """Celery's own event loop."""

    def call_soon(self, callback: Callable[[], None], /) -> object: ...


async def _wake_celery() -> None:
    """Makes Celery see that it was told to stop: over AMQP its loop may sleep for ten seconds more."""
    # Lazy like Celery itself.
    from kombu.asynchronous import get_event_loop

    hub = cast("Hub | None", get_event_loop())
    if hub is not None:
        hub.call_soon(_nothing)


def _nothing() -> None:
    pass


def _leave_logging_alone(**_signal: object) -> None:
    pass


def _signals() -> tuple[Signal, Signal]:
    # Lazy like Celery itself.
    from celery.signals import setup_logging, worker_shutting_down

    return cast("Signal", worker_shutting_down), cast("Signal", setup_logging)
