"""``orrery migrate``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from orrery.cli.failing import EXIT_FAILED, failing_clearly


@click.command("migrate")
@click.option("--to", "target", default="head", help="Revision to go to; 'base' removes everything. Default: newest.")
@click.option("--check", is_flag=True, help="Only say whether the schema is current; exit code 1 when it is not.")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery.")
def migrate_command(target: str, check: bool, home: Path | None) -> None:
    """Bring the database to this version's schema, forward or back. Safe to run twice, and from many places at once."""
    with failing_clearly():
        asyncio.run(_migrate(target, home, check=check))


async def _migrate(target: str, home: Path | None, *, check: bool) -> None:
    # Lazy: the help of this command need not load the tables.
    from orrery.apps.schema import schema
    from orrery.database.migrate import HEAD, migrate, schema_state
    from orrery.database.opening import open_database
    from orrery.wiring import settings_of

    settings = settings_of(home=home)
    database = open_database(settings.database)
    try:
        if check:
            state = await schema_state(database)
            if not state.is_current:
                click.echo(
                    f"The schema is at revision {state.revision or 'none'}, this version needs {HEAD}.", err=True
                )
                raise SystemExit(EXIT_FAILED)
            click.echo("The schema is current.")
            return
        outcome = await migrate(database, schema(), target=target)
    finally:
        await database.close()
    texts = {
        "current": "The schema was current.",
        "created": "The schema was made.",
        "migrated": "The schema was migrated.",
    }
    click.echo(texts[outcome])
