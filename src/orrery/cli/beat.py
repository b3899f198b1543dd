"""``orrery beat``: fires schedules until told to stop. Any number of them may run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from orrery.cli.worker import configured, failing_jobs_clearly, make_ready, until_told_to_stop

if TYPE_CHECKING:
    from orrery.jobs.fleet.broker import Sentinel
    from orrery.settings.load import Settings


@click.command("beat")
@click.option("--sentinel-master", envvar="CELERY_SENTINEL_MASTER_NAME", default="", hidden=True)
@click.option("--sentinel-password", envvar="CELERY_SENTINEL_PASSWORD", default="", hidden=True)
@click.option("--sentinel-timeout", envvar="CELERY_SENTINEL_SOCKET_TIMEOUT", type=float, default=0.1, hidden=True)
def beat(sentinel_master: str, sentinel_password: str, sentinel_timeout: float) -> None:
    """Fire the schedules of a fleet. Two or more may run: the database lets each due time fire once."""
    # Lazy: the help of this command need not load the broker's options.
    from orrery.jobs.fleet.broker import Sentinel

    sentinel = Sentinel(master=sentinel_master, password=sentinel_password, timeout=sentinel_timeout)
    with failing_jobs_clearly():
        asyncio.run(_beat(configured(), sentinel))


async def _beat(settings: Settings, sentinel: Sentinel) -> None:
    from orrery.database import Database
    from orrery.jobs.fleet.beat import Beat
    from orrery.jobs.fleet.relay import Relay
    from orrery.jobs.opening import needs_of, open_carrier
    from orrery.jobs.outbox import NoAnnouncer
    from orrery.jobs.parts import Jobs

    carrier = open_carrier(settings.jobs, settings.cache, sentinel) if settings.jobs.backend == "celery" else None
    database = Database(settings.database.url())
    jobs = Jobs.build(needs_of(settings, database, carrier or NoAnnouncer()))
    relay = None if carrier is None else Relay(database, jobs.catalog, carrier, jobs.needs.clock)
    running = Beat(jobs.timekeeper, relay)
    try:
        await make_ready(database, settings)
        await running.start()
        click.echo("Orrery fires schedules. Stop with Ctrl-C.")
        await until_told_to_stop()
    finally:
        await running.close()
        if carrier is not None:
            await carrier.close()
        await database.close()
