"""``orrery migrate``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orrery.cli.failing import EXIT_FAILED, failing_clearly

if TYPE_CHECKING:
    from orrery.database.engine import Database
    from orrery.database.migrating.preview import Plan, Planned
    from orrery.database.migrating.script_sql import DialectName
    from orrery.settings.load import Settings

_DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb", "oceanbase", "seekdb")


@click.command("migrate")
@click.option("--to", "target", default="head", help="Revision to go to; 'base' removes everything. Default: newest.")
@click.option("--check", is_flag=True, help="Only say whether the schema is current; exit code 1 when it is not.")
@click.option("--dry-run", is_flag=True, help="Only say what would run, and how many rows the touched tables hold.")
@click.option("--wait", type=click.FloatRange(min=0), default=None, help="Seconds that others may hold locks. 600.")
@click.option("--sql", is_flag=True, help="Write the statements instead of running them; needs no database.")
@click.option(
    "--from", "start", default="base", help="With --sql: the revision that the database is at. Default: base."
)
@click.option("--dialect", type=click.Choice(_DIALECTS), default=None, help="With --sql. Default: what DB_TYPE means.")
@click.option(
    "--output", type=click.Path(path_type=Path), default=None, help="With --sql: a file. Default: the screen."
)
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery.")
def migrate_command(
    target: str,
    check: bool,
    dry_run: bool,
    wait: float | None,
    sql: bool,
    start: str,
    dialect: DialectName | None,
    output: Path | None,
    home: Path | None,
) -> None:
    """Bring the database to this version's schema, forward or back. Safe to run twice, and from many places at once."""
    if sum((check, dry_run, sql)) > 1:
        raise click.UsageError("Give only one of --check, --dry-run and --sql.")
    if not sql and (start != "base" or dialect or output):
        raise click.UsageError("--from, --dialect and --output belong to --sql.")
    with failing_clearly():
        # Lazy: the help of this command need not load the settings.
        from orrery.wiring import settings_of

        settings = settings_of(home=home)
        if sql:
            _write_sql(settings, target, start, dialect, output)
        elif check:
            asyncio.run(_check(settings))
        elif dry_run:
            asyncio.run(_dry_run(settings, target))
        else:
            asyncio.run(_migrate(settings, target, wait))


def _write_sql(settings: Settings, target: str, start: str, dialect: DialectName | None, output: Path | None) -> None:
    from orrery.database.migrating.chain import Chain
    from orrery.database.migrating.script_sql import write_sql

    name: DialectName = dialect or settings.database.type
    chain = Chain.load()
    if output is None:
        write_sql(sys.stdout, chain, name, start=start, goal=target)
        return
    with output.open("w", encoding="utf-8") as file:
        steps = write_sql(file, chain, name, start=start, goal=target)
    click.echo(f"{output}: {steps} steps for {name}.")


async def _check(settings: Settings) -> None:
    from orrery.database.migrate import HEAD, schema_state

    async with _opened(settings) as database:
        state = await schema_state(database)
    if state.is_current:
        click.echo("The schema is current.")
    elif state.serves:
        click.echo(f"The schema is at revision {state.revision}, which also serves this version ({HEAD}).")
    else:
        half = f", a migration between {state.doubt.low} and {state.doubt.high} broke off" if state.doubt else ""
        click.echo(f"The schema is at revision {state.revision or 'none'}, this version needs {HEAD}{half}.", err=True)
        raise SystemExit(EXIT_FAILED)


async def _dry_run(settings: Settings, target: str) -> None:
    from orrery.database.migrating.chain import Chain
    from orrery.database.migrating.preview import plan

    async with _opened(settings) as database, database.reader.connect() as connection:
        found = await connection.run_sync(plan, Chain.load(), target)
    for line in _told(found):
        click.echo(line)


def _told(found: Plan) -> list[str]:
    lines = [f"The schema is at revision {'none' if found.revision == 'base' else found.revision}."]
    if found.doubt is not None:
        lines.append(f"A migration between {found.doubt.low} and {found.doubt.high} broke off; it would be done again.")
    if found.fresh:
        lines.append("The database is empty: all tables would be made at once, as these steps together make them.")
    if not found.steps:
        return [*lines, "Nothing would run."]
    return [*lines, *(line for step in found.steps for line in _told_step(step)), "Nothing was changed."]


def _told_step(planned: Planned) -> list[str]:
    touched = [f"  {one.table:<40} {'new' if one.rows is None else f'{one.rows} rows'}" for one in planned.touched]
    return [f"Would run {planned.step} ({len(planned.statements)} statements)", *touched]


async def _migrate(settings: Settings, target: str, wait: float | None) -> None:
    # Lazy: the help of this command need not load the tables.
    from orrery.database.migrate import migrate
    from orrery.schema import schema

    def tell(text: str) -> None:
        click.echo(text, err=True)

    async with _opened(settings) as database:
        seconds = settings.database.migration_wait_seconds if wait is None else wait
        outcome = await migrate(database, schema(), target=target, wait=seconds, tell=tell)
    texts = {
        "current": "The schema was current.",
        "created": "The schema was made.",
        "migrated": "The schema was migrated.",
    }
    click.echo(texts[outcome])


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[Database]:
    # Lazy, as above.
    from orrery.database.opening import open_database

    database = open_database(settings.database)
    try:
        yield database
    finally:
        await database.close()
