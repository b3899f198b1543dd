"""``orrery move``: from one database engine to another."""

from __future__ import annotations

import asyncio

import click

from orrery.cli.failing import failing_clearly


@click.command("move")
@click.option(
    "--from",
    "source",
    required=True,
    metavar="URL",
    envvar="ORRERY_MOVE_FROM",
    help="Database to read; it is not changed. Or ORRERY_MOVE_FROM, which no list of processes shows.",
)
@click.option(
    "--to",
    "target",
    required=True,
    metavar="URL",
    envvar="ORRERY_MOVE_TO",
    help="Empty database to fill; its tables are made. Or ORRERY_MOVE_TO.",
)
def move_command(source: str, target: str) -> None:
    """Copy a whole database to another engine: SQLite, PostgreSQL or MySQL, in any direction.

    Stop Orrery first: what is written meanwhile would stay behind. Every row is read back and compared before anything
    is kept; if one differs or does not fit, the target stays empty. Files are moved by migrate-oss.

    \b
    URLs: sqlite:////home/me/.orrery/orrery.db
          postgresql://user:password@host:5432/name
          mysql://user:password@host:3306/name
    """  # noqa: D301  (the mark is click's, for lines that stay as they are)
    with failing_clearly():
        asyncio.run(_move(source, target))


async def _move(source: str, target: str) -> None:
    # Lazy: the help of this command need not load the parts.
    from orrery.cli.operations.parts import Told, alone_in, folder_of
    from orrery.database.engine import Database
    from orrery.operations.errors import OperationFailed
    from orrery.operations.move import address, move
    from orrery.schema import schema

    urls = address(source), address(target)
    if urls[0] == urls[1]:
        raise OperationFailed("Source and target are the same database.")
    home = folder_of(urls[0])
    told = Told()
    reading, writing = Database(urls[0]), Database(urls[1])
    try:
        with alone_in(home):
            moved = await move(reading, writing, schema(), told)
    finally:
        told.end()
        await reading.close()
        await writing.close()
    click.echo(f"Moved {moved.total} rows of {len(moved.rows)} tables to {urls[1].render_as_string()}; all compared.")
    click.echo("Set DB_TYPE and the DB_ variables to the new database, and keep SECRET_KEY and ORRERY_MASTER_KEY.")
