"""``orrery beat``: fires schedules until told to stop. Any number of them may run."""

from __future__ import annotations

import asyncio

import click

from orrery.cli.failing import failing_clearly
from orrery.cli.worker import configured, told_to_stop


@click.command("beat")
def beat() -> None:
    """Fire the schedules of a fleet. Two or more may run: the database lets each due time fire once."""
    with failing_clearly():
        # Lazy: the help of this command need not load the product.
        from orrery.wiring.worker import fire_schedules

        asyncio.run(fire_schedules(configured(), told_to_stop("Orrery fires schedules.")))
