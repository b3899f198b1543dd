"""``clean-workflow-runs`` and ``clean-expired-messages``, by the contract's names."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from orrery.cli.failing import failing_clearly

T = TypeVar("T")

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
_HOME = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery."
)
_DRY = click.option("--dry-run", is_flag=True, help="Only say how many would be deleted.")


@click.command("clean-workflow-runs")
@click.option("--before-days", "--days", type=click.IntRange(min=0), default=30, help="Older than this. Default: 30.")
@click.option(
    "--batch-size", type=click.IntRange(1, 10_000), default=200, help="Runs of one transaction. Default: 200."
)
@click.option("--from-days-ago", type=click.IntRange(min=0), default=None, help="Begin of a range, in days.")
@click.option("--to-days-ago", type=click.IntRange(min=0), default=None, help="End of that range, in days.")
@click.option("--start-from", type=click.DateTime(_FORMATS), default=None, help="Begin of a range, UTC.")
@click.option("--end-before", type=click.DateTime(_FORMATS), default=None, help="End of that range, UTC.")
@_DRY
@_HOME
def clean_workflow_runs(
    before_days: int,
    batch_size: int,
    from_days_ago: int | None,
    to_days_ago: int | None,
    start_from: datetime | None,
    end_before: datetime | None,
    dry_run: bool,
    home: Path | None,
) -> None:
    """Delete finished runs of workflows with all their steps. Runs that wait or are under way stay."""
    with failing_clearly():
        now = datetime.now(UTC)
        days = _pair("--from-days-ago", "--to-days-ago", from_days_ago, to_days_ago)
        times = _pair("--start-from", "--end-before", start_from, end_before)
        if days is not None and times is not None:
            _refuse("Give one range only: in days, or by its times.")
        if days is not None:
            window = now - timedelta(days=days[0]), now - timedelta(days=days[1])
        elif times is not None:
            window = times[0].replace(tzinfo=UTC), times[1].replace(tzinfo=UTC)
        else:
            window = None, now - timedelta(days=before_days)
        asyncio.run(_clean("runs", window, batch_size, home, dry_run=dry_run))


@click.command("clean-expired-messages")
@click.option("--start-from", type=click.DateTime(_FORMATS), required=True, help="Begin of the range, UTC.")
@click.option("--end-before", type=click.DateTime(_FORMATS), required=True, help="End of the range, UTC.")
@click.option(
    "--batch-size", type=click.IntRange(1, 10_000), default=1000, help="Rows of one transaction. Default: 1000."
)
@click.option(
    "--graceful-period", type=click.IntRange(min=0), default=21, help="Leave younger ones, in days. Default: 21."
)
@_DRY
@_HOME
def clean_expired_messages(
    start_from: datetime, end_before: datetime, batch_size: int, graceful_period: int, dry_run: bool, home: Path | None
) -> None:
    """Delete messages of a time with what belongs to them. Conversations stay."""
    with failing_clearly():
        youngest = datetime.now(UTC) - timedelta(days=graceful_period)
        window = start_from.replace(tzinfo=UTC), min(end_before.replace(tzinfo=UTC), youngest)
        asyncio.run(_clean("messages", window, batch_size, home, dry_run=dry_run))


async def _clean(
    what: str, times: tuple[datetime | None, datetime], batch: int, home: Path | None, *, dry_run: bool
) -> None:
    # Lazy: the help of these commands need not load the parts.
    from orrery.cli.operations.parts import Told, opened
    from orrery.operations.retention import Window, clean_messages, clean_runs, count_messages, count_runs
    from orrery.schema import schema

    window = Window(*times)
    if window.start is not None and window.start >= window.end:
        _refuse("The range is empty: its begin is not before its end.")
    async with opened(home) as parts:
        if dry_run:
            count = count_runs if what == "runs" else count_messages
            found = await count(parts.database, schema(), window)
            click.echo(f"{found} {what} would be deleted. Nothing was deleted.")
            return
        told = Told()
        clean = clean_runs if what == "runs" else clean_messages
        done = await clean(parts.database, schema(), window, batch=batch, tell=told)
        told.end()
    click.echo(f"{done} {what} were deleted.")


def _pair(first: str, second: str, one: T | None, other: T | None) -> tuple[T, T] | None:
    if one is None and other is None:
        return None
    if one is None or other is None:
        _refuse(f"{first} and {second} go together.")
    return one, other


def _refuse(text: str) -> NoReturn:
    raise click.UsageError(text)
