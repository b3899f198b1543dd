"""The processes of a fleet that serve no HTTP: workers that run jobs, and beat, which fires schedules."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

import msgspec

from orrery.database.opening import BEAT_CONNECTIONS
from orrery.jobs.announcing import NoAnnouncer
from orrery.jobs.embedded import EmbeddedJobs
from orrery.jobs.fleet.application import celery_app
from orrery.jobs.fleet.beat import Beat
from orrery.jobs.fleet.broker import broker_of
from orrery.jobs.fleet.relay import Relay
from orrery.jobs.fleet.service import FleetService
from orrery.jobs.fleet.worker import LoopThread, WorkerOptions, run_worker
from orrery.jobs.opening import open_carrier
from orrery.jobs.places import places_of
from orrery.jobs.runner import RunnerLimits, Wake
from orrery.settings.groups.jobs import Jobs as JobSettings
from orrery.settings.load import Settings
from orrery.telemetry.alive import SignsOfLife
from orrery.wiring.core import Core, make_ready

Waiting = Callable[[], Coroutine[object, object, None]]
"""Returns when the process was told to stop."""


class WorkerChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Empty ``queues`` are all; ``places`` are jobs at a time; ``prefetch`` messages are taken ahead for each."""

    queues: tuple[str, ...]
    places: int
    prefetch: int

    @staticmethod
    def of(jobs: JobSettings, *, queues: tuple[str, ...] = (), places: int | None = None) -> WorkerChoice:
        """What the settings say, where the caller says nothing (deployment.md 3.1)."""
        return WorkerChoice(
            queues=queues or jobs.worker_queues or jobs.queues,
            places=places or places_of(jobs),
            prefetch=jobs.prefetch,
        )


def work_for_broker(settings: Settings, choice: WorkerChoice, alive: Path) -> int:
    """Runs what the broker brings until SIGTERM; the exit code. Called on the main thread.

    ``alive``: the file for its signs of life.

    Raises `JobsConfigurationError`, `SchemaNotReady`, and what the database says.
    """
    carrier = open_carrier(settings.jobs, settings.cache)
    broker = broker_of(settings.jobs, settings.cache)
    app = celery_app(broker, prefetch=choice.prefetch, zone=settings.logs.timezone)
    loop = LoopThread()
    core = Core(settings, carrier, places=choice.places)
    jobs, signs = core.jobs, SignsOfLife(alive)
    options = WorkerOptions(
        queues=jobs.queues(choice.queues),
        concurrency=choice.places,
        log_level=settings.logs.level,
        # Of its own, also where several share a machine: monitors tell workers apart by it.
        name=f"worker-{os.getpid()}@{socket.gethostname()}",
    )
    try:
        loop.call(core.start())
        core.observation.serve_metrics(settings.observability.metrics_port)
        loop.call(signs.start())
        return run_worker(app, FleetService(jobs), loop, options)
    finally:
        loop.call(core.drain())
        loop.call(core.close())
        loop.call(carrier.close())
        loop.call(signs.close())
        loop.close()


async def work_from_table(settings: Settings, choice: WorkerChoice, stopped: Waiting, alive: Path) -> None:
    """Runs the jobs of the table, without a broker. Raises as `work_for_broker` does."""
    core = Core(settings, Wake(), places=choice.places)
    limits = RunnerLimits(at_once=choice.places, per_queue=choice.places)
    running = EmbeddedJobs(core.jobs, limits, queues=choice.queues, schedules=False)
    signs = SignsOfLife(alive)
    try:
        await core.start()
        core.observation.serve_metrics(settings.observability.metrics_port)
        await running.start()
        await signs.start()
        await stopped()
    finally:
        await core.drain()
        await running.close()
        await core.close()
        await signs.close()


async def fire_schedules(settings: Settings, stopped: Waiting, alive: Path) -> None:
    """Beat. Raises as `work_for_broker` does."""
    carrier = open_carrier(settings.jobs, settings.cache) if settings.jobs.backend == "celery" else None
    core = Core(settings, carrier or NoAnnouncer(), stores=False, connections=BEAT_CONNECTIONS)
    jobs = core.jobs
    relay = None if carrier is None else Relay(core.database, jobs.catalog, carrier, jobs.needs.clock)
    running, signs = Beat(jobs.timekeeper, relay), SignsOfLife(alive)
    try:
        # It runs neither apps nor snippets: only their jobs' schedules are wanted.
        await make_ready(core.database, settings)
        core.observation.serve_metrics(settings.observability.metrics_port)
        await running.start()
        await signs.start()
        await stopped()
    finally:
        await running.close()
        await core.close()
        if carrier is not None:
            await carrier.close()
        await signs.close()
