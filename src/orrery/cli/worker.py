"""``orrery worker``: runs background jobs until told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

import click

from orrery.cli.exit_codes import EXIT_FAILED
from orrery.telemetry.alive import file_of, what_is_wrong

if TYPE_CHECKING:
    from orrery.settings.load import Settings


def words(text: str) -> tuple[str, ...]:
    """The parts of a comma separated text."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


@click.command("worker")
@click.option("-Q", "--queues", default="", help="Queues, comma separated. Default: CELERY_QUEUES, or all.")
@click.option(
    "-c",
    "--concurrency",
    type=click.IntRange(1, 1000),
    default=None,
    help="Jobs to run at a time. Default: CELERY_WORKER_CONCURRENCY, CELERY_WORKER_AMOUNT, or 4.",
)
@click.option(
    "-P",
    "--pool",
    envvar=["CELERY_WORKER_POOL", "CELERY_WORKER_CLASS"],
    default="",
    help="Kept for existing installations: every pool is one event loop; solo runs one job at a time.",
)
@click.option("--check", is_flag=True, help="Say whether the worker of this machine is well: exit code 0, or 1.")
def worker(queues: str, concurrency: int | None, pool: str, check: bool) -> None:
    """Run background jobs: those that the broker brings, or with ORRERY_JOBS=process those of the table."""
    if check:
        tell_whether_well("worker")
        return
    # Lazy: neither the help of this command nor its check need load the product.
    from orrery.cli.failing import failing_clearly

    with failing_clearly():
        from orrery.wiring.worker import WorkerChoice, work_for_broker, work_from_table

        settings = configured()
        choice = WorkerChoice.of(settings.jobs, queues=words(queues), places=1 if pool == "solo" else concurrency)
        code = 0
        if settings.jobs.backend == "celery":
            code = work_for_broker(settings, choice, file_of("worker"))
        else:
            stopped = told_to_stop("Orrery runs background jobs.")
            asyncio.run(work_from_table(settings, choice, stopped, file_of("worker")))
    raise SystemExit(code)


def tell_whether_well(role: str) -> None:
    """What ``--check`` does: reads the signs of life that the role leaves. Raises SystemExit when it is not well."""
    trouble = what_is_wrong(file_of(role))
    click.echo(f"The {role} {trouble or 'is well'}.", err=trouble is not None)
    if trouble is not None:
        raise SystemExit(EXIT_FAILED)


def told_to_stop(greeting: str) -> Callable[[], Coroutine[object, object, None]]:
    """What a role calls when it is up: says so, and returns at SIGTERM or Ctrl-C."""

    async def wait() -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        click.echo(f"{greeting} Stop with Ctrl-C.")
        await told.wait()

    return wait


def configured() -> Settings:
    """The settings of this process, with logging set up as they say."""
    from orrery.telemetry.configure import configure_logging
    from orrery.wiring import settings_of

    settings = settings_of(watch=True)
    server = settings.server
    configure_logging(settings.logs, service=server.application_name, secrets=settings.secrets(), debug=server.debug)
    return settings
