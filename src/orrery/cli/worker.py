"""``orrery worker``: runs background jobs until told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
import msgspec

from orrery.cli.failing import EXIT_CONFIGURATION, failing_clearly

if TYPE_CHECKING:
    from orrery.database import Database
    from orrery.jobs.fleet.broker import Sentinel
    from orrery.settings.load import Settings

_DEFAULT_CONCURRENCY = 4


class WorkerChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line and the variables of the worker's container chose. Empty ``queues`` are all."""

    queues: tuple[str, ...]
    concurrency: int
    prefetch: int
    sentinel: Sentinel


def words(text: str) -> tuple[str, ...]:
    """The parts of a comma separated text."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


@click.command("worker")
@click.option(
    "-Q", "--queues", envvar="CELERY_WORKER_QUEUES", default="", help="Queues, comma separated. Default: all."
)
@click.option(
    "-c",
    "--concurrency",
    envvar="CELERY_WORKER_CONCURRENCY",
    type=click.IntRange(1, 1000),
    default=None,
    help="Jobs to run at a time. Default: CELERY_WORKER_AMOUNT, or 4.",
)
@click.option(
    "--autoscale/--no-autoscale",
    envvar="CELERY_AUTO_SCALE",
    default=False,
    help="Take the upper bound as concurrency: an idle place costs nothing here.",
)
@click.option(
    "--max-workers",
    envvar="CELERY_MAX_WORKERS",
    type=click.IntRange(1, 1000),
    default=None,
    help="The upper bound of --autoscale. Default: the number of processors.",
)
@click.option(
    "-P",
    "--pool",
    envvar=["CELERY_WORKER_POOL", "CELERY_WORKER_CLASS"],
    default="threads",
    help="Kept for existing installations: every pool is one event loop; solo runs one job at a time.",
)
@click.option(
    "--prefetch",
    envvar="CELERY_PREFETCH_MULTIPLIER",
    type=click.IntRange(1, 1000),
    default=1,
    help="Messages taken ahead for each place. Default: 1.",
)
@click.option("--sentinel-master", envvar="CELERY_SENTINEL_MASTER_NAME", default="", hidden=True)
@click.option("--sentinel-password", envvar="CELERY_SENTINEL_PASSWORD", default="", hidden=True)
@click.option("--sentinel-timeout", envvar="CELERY_SENTINEL_SOCKET_TIMEOUT", type=float, default=0.1, hidden=True)
def worker(
    queues: str,
    concurrency: int | None,
    autoscale: bool,
    max_workers: int | None,
    pool: str,
    prefetch: int,
    sentinel_master: str,
    sentinel_password: str,
    sentinel_timeout: float,
) -> None:
    """Run background jobs: those that the broker brings, or with ORRERY_JOBS=process those of the table."""
    # Lazy: the help of this command need not load the broker's options.
    from orrery.jobs.fleet.broker import Sentinel

    places = 1 if pool == "solo" else concurrency
    if places is None and autoscale:
        places = max_workers or os.cpu_count() or 1
    sentinel = Sentinel(master=sentinel_master, password=sentinel_password, timeout=sentinel_timeout)
    with failing_jobs_clearly():
        settings = configured()
        choice = WorkerChoice(
            queues=words(queues) or settings.jobs.queues,
            concurrency=places or settings.jobs.workers or _DEFAULT_CONCURRENCY,
            prefetch=prefetch,
            sentinel=sentinel,
        )
        code = _with_broker(settings, choice) if settings.jobs.backend == "celery" else _alone(settings, choice)
    raise SystemExit(code)


@contextmanager
def failing_jobs_clearly() -> Generator[None]:
    """Like `failing_clearly`, and for what is wrong with the settings of jobs."""
    from orrery.jobs.errors import JobsConfigurationError

    with failing_clearly():
        try:
            yield
        except JobsConfigurationError as error:
            click.echo(f"orrery: {error}", err=True)
            raise SystemExit(EXIT_CONFIGURATION) from error


def configured() -> Settings:
    """The settings of this process, with logging set up as they say."""
    from orrery.telemetry.configure import configure_logging
    from orrery.wiring import settings_of

    settings = settings_of()
    server = settings.server
    configure_logging(settings.logs, service=server.application_name, secrets=settings.secrets(), debug=server.debug)
    return settings


async def make_ready(database: Database, settings: Settings) -> None:
    """Brings the schema up to date where that is allowed. Raises `SchemaNotReady` where it is not."""
    from orrery.apps.schema import schema
    from orrery.database.migrate import migrate, require_current

    if settings.shape == "embedded" or settings.server.migration_enabled:
        await migrate(database, schema())
    else:
        await require_current(database)


def _with_broker(settings: Settings, choice: WorkerChoice) -> int:
    from orrery.database import Database
    from orrery.jobs.fleet.application import celery_app
    from orrery.jobs.fleet.broker import broker_of
    from orrery.jobs.fleet.service import FleetService
    from orrery.jobs.fleet.worker import LoopThread, WorkerOptions, run_worker
    from orrery.jobs.opening import needs_of, open_carrier
    from orrery.jobs.parts import Jobs

    carrier = open_carrier(settings.jobs, settings.cache, choice.sentinel)
    app = celery_app(broker_of(settings.jobs, settings.cache, choice.sentinel), prefetch=choice.prefetch)
    database = Database(settings.database.url(), pool_size=max(settings.database.pool_size, choice.concurrency))
    jobs = Jobs.build(needs_of(settings, database, carrier))
    options = WorkerOptions(
        queues=jobs.queues(choice.queues), concurrency=choice.concurrency, log_level=settings.logs.level
    )
    loop = LoopThread()
    try:
        loop.call(make_ready(database, settings))
        return run_worker(app, FleetService(jobs), loop, options)
    finally:
        loop.call(carrier.close())
        loop.call(database.close())
        loop.close()


def _alone(settings: Settings, choice: WorkerChoice) -> int:
    asyncio.run(_work_alone(settings, choice))
    return 0


async def _work_alone(settings: Settings, choice: WorkerChoice) -> None:
    from orrery.database import Database
    from orrery.jobs import EmbeddedJobs, Jobs, RunnerLimits, Wake
    from orrery.jobs.opening import needs_of

    database = Database(settings.database.url())
    jobs = Jobs.build(needs_of(settings, database, Wake()))
    limits = RunnerLimits(at_once=choice.concurrency, per_queue=choice.concurrency)
    running = EmbeddedJobs(jobs, limits, queues=choice.queues, schedules=False)
    try:
        await make_ready(database, settings)
        await running.start()
        click.echo("Orrery runs background jobs. Stop with Ctrl-C.")
        await until_told_to_stop()
    finally:
        await running.close()
        await database.close()


async def until_told_to_stop() -> None:
    """Returns at SIGTERM or Ctrl-C."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
