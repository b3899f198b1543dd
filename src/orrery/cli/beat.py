"""``orrery beat``: fires schedules until told to stop. Any number of them may run."""

from __future__ import annotations

import asyncio

import click

from orrery.cli.worker import configured, tell_whether_well, told_to_stop
from orrery.telemetry.alive import file_of


@click.command("beat")
@click.option("--check", is_flag=True, help="Say whether the beat of this machine is well: exit code 0, or 1.")
def beat(check: bool) -> None:
    """Fire the schedules of a fleet. Two or more may run: the database lets each due time fire once."""
    if check:
        tell_whether_well("beat")
        return
    # Lazy: neither the help of this command nor its check need load the product.
    from orrery.cli.failing import failing_clearly

    with failing_clearly():
        from orrery.wiring.worker import fire_schedules

        asyncio.run(fire_schedules(configured(), told_to_stop("Orrery fires schedules."), file_of("beat")))
