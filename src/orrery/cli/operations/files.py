"""``clear-orphaned-file-records``, ``remove-orphaned-files-on-storage`` and ``file-usage``, by the contract's names."""

from __future__ import annotations

import asyncio
import json
import time
from fnmatch import fnmatchcase
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly

_HOME = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery."
)
_FORCE = click.option("-f", "--force", is_flag=True, help="Do not ask.")
_DRY = click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
_OLDER = click.option(
    "--older-than-hours",
    type=click.FloatRange(min=0),
    default=24.0,
    help="Leave younger files alone: what names them may still come. Default: 24.",
)
_SHOWN = 20


@click.command("clear-orphaned-file-records")
@_FORCE
@_DRY
@_OLDER
@_HOME
def clear_orphaned_file_records(force: bool, dry_run: bool, older_than_hours: float, home: Path | None) -> None:
    """Delete the rows of files that no row of any table names. Back up first; their objects stay."""
    with failing_clearly():
        asyncio.run(_clear_rows(force, dry_run, older_than_hours, home))


@click.command("remove-orphaned-files-on-storage")
@_FORCE
@_DRY
@_OLDER
@click.option("--any-age", is_flag=True, help="Also objects whose age the storage does not tell.")
@_HOME
def remove_orphaned_files_on_storage(
    force: bool, dry_run: bool, older_than_hours: float, any_age: bool, home: Path | None
) -> None:
    """Delete objects below image_files, tools and upload_files that no file's row names. Back up first."""
    with failing_clearly():
        asyncio.run(_remove_objects(force, dry_run, older_than_hours, any_age, home))


@click.command("file-usage")
@click.option("--file-id", default=None, help="Only this file.")
@click.option("--key", default=None, help="Only the file with this storage key.")
@click.option("--src", default=None, help="Only places that fit: table.column, % stands for anything.")
@click.option("--limit", type=click.IntRange(min=1), default=100, help="Rows to show. Default: 100.")
@click.option("--offset", type=click.IntRange(min=0), default=0, help="Rows to leave out at the beginning.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines.")
@_HOME
def file_usage(
    file_id: str | None, key: str | None, src: str | None, limit: int, offset: int, as_json: bool, home: Path | None
) -> None:
    """Show which rows name which files."""
    with failing_clearly():
        asyncio.run(_usage((file_id, key, src), slice(offset, offset + limit), home, as_json=as_json))


async def _clear_rows(force: bool, dry_run: bool, hours: float, home: Path | None) -> None:
    # Lazy, here and below: the help of these commands need not load the parts.
    from orrery.cli.operations.parts import Told, opened
    from orrery.operations.files.orphans import delete_rows, rows_without_reference
    from orrery.schema import schema

    async with opened(home) as parts:
        found = await rows_without_reference(parts.database, schema(), before=time.time() - hours * 3600)
        _show([f"{file.id} {file.name}" for file in found])
        if not found or dry_run:
            click.echo(f"{len(found)} files are named by no row." + (" Nothing was deleted." if dry_run else ""))
            return
        if not force:
            click.confirm(f"Delete the rows of {len(found)} files?", abort=True)
        told = Told()
        await delete_rows(parts.database, schema(), found, told)
        told.end()
    click.echo(f"{len(found)} rows were deleted. Their objects: orrery remove-orphaned-files-on-storage")


async def _remove_objects(force: bool, dry_run: bool, hours: float, any_age: bool, home: Path | None) -> None:
    from orrery.cli.operations.parts import Told, opened
    from orrery.operations.files.orphans import delete_objects, objects_without_row
    from orrery.schema import schema

    async with opened(home) as parts:
        before = time.time() - hours * 3600
        orphans = await objects_without_row(parts.database, schema(), parts.storage, before=before, any_age=any_age)
        found = orphans.found
        size = sum(entry.size for entry in found)
        _show([f"{entry.key} {entry.size}" for entry in found])
        if orphans.unknown_age:
            click.echo(f"{orphans.unknown_age} objects of unknown age were left out; see --any-age.", err=True)
        if not found or dry_run:
            text = f"{len(found)} objects of {size} bytes have no row."
            click.echo(text + (" Nothing was deleted." if dry_run else ""))
            return
        if not force:
            click.confirm(f"Delete {len(found)} objects of {size} bytes?", abort=True)
        told = Told()
        await delete_objects(parts.storage, found, told)
        told.end()
    click.echo(f"{len(found)} objects of {size} bytes were deleted.")


async def _usage(
    wanted: tuple[str | None, str | None, str | None], page: slice, home: Path | None, *, as_json: bool
) -> None:
    from orrery.cli.operations.parts import opened
    from orrery.operations.files.references import known_files, references
    from orrery.schema import schema

    file_id, key, src = wanted
    pattern = None if src is None else src.replace("%", "*")
    rows: list[dict[str, str]] = []
    async with opened(home) as parts, parts.database.reader.connect() as connection:
        files = await known_files(connection, schema())
        files = {i: f for i, f in files.items() if file_id in {None, i} and key in {None, f.key}}
        async for found in references(connection, schema(), files):
            if pattern is None or fnmatchcase(found.source, pattern):
                file = files[found.file_id]
                rows.append({"src": found.source, "record_id": found.record, "file_id": file.id, "key": file.key})
    if as_json:
        click.echo(json.dumps({"total": len(rows), "usages": rows[page]}, indent=2))
        return
    for row in rows[page]:
        click.echo(f"{row['src']}  {row['record_id']}  {row['file_id']}  {row['key']}")
    click.echo(f"{len(rows[page])} of {len(rows)} places.")


def _show(lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        click.echo(line)
    if len(lines) > _SHOWN:
        click.echo(f"... and {len(lines) - _SHOWN} more")
