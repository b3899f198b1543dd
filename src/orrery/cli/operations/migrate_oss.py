"""``migrate-oss``: from the folder of local files to the storage of STORAGE_TYPE, by the contract's name."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly


@click.command("migrate-oss")
@click.option("--path", "paths", multiple=True, help="Only keys below this folder; may be given again. Default: all.")
@click.option(
    "--source",
    type=click.Choice(["local", "opendal"]),
    default="opendal",
    help="Whose folder: STORAGE_LOCAL_PATH or OPENDAL_FS_ROOT. Default: opendal.",
)
@click.option("--overwrite", is_flag=True, help="Copy also what the target has already with the same size.")
@click.option("--dry-run", is_flag=True, help="Only say what would be copied.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@click.option("--update-db/--no-update-db", default=True, help="Have rows say the new storage. Default: yes.")
@click.option("--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery.")
def migrate_oss(
    paths: tuple[str, ...], source: str, overwrite: bool, dry_run: bool, force: bool, update_db: bool, home: Path | None
) -> None:
    """Copy files from a folder to the storage that STORAGE_TYPE names now.

    Every object is read back and compared. Stopped and started again, it goes on where it was. The folder is not
    changed: delete it when all is well.
    """
    with failing_clearly():
        asyncio.run(_migrate(paths, source, home, choices=(overwrite, dry_run, force, update_db)))


async def _migrate(
    paths: tuple[str, ...], source: str, home: Path | None, *, choices: tuple[bool, bool, bool, bool]
) -> None:
    # Lazy: the help of this command need not load the parts.
    from orrery.cli.operations.parts import Told, opened
    from orrery.errors import InvalidParam
    from orrery.operations.files.copying import PREFIXES, Plan, copy_objects, mark_storage
    from orrery.schema import schema
    from orrery.storage.local import LocalStorage
    from orrery.storage.opening import where_it_is

    overwrite, dry_run, force, update_db = choices
    async with opened(home) as parts:
        settings = parts.settings.storage
        if settings.type == "local" or (settings.type == "opendal" and settings.opendal_scheme == "fs"):
            raise InvalidParam("STORAGE_TYPE still names a folder. Set it and its variables to the new storage first.")
        folder = settings.local_path if source == "local" else settings.opendal_fs_root
        if not folder.is_dir():
            raise InvalidParam(f"There is no folder {folder}. Set --source, STORAGE_LOCAL_PATH or OPENDAL_FS_ROOT.")
        click.echo(f"From folder {folder} to {where_it_is(settings)}.")
        if not (force or dry_run):
            click.confirm("Copy?", abort=True)
        told = Told()
        plan = Plan(prefixes=paths or PREFIXES, overwrite=overwrite, dry=dry_run)
        copied = await copy_objects(LocalStorage(folder), parts.storage, plan, told)
        told.end()
        marked = 0
        if update_db and not dry_run:
            marked = await mark_storage(parts.database, schema(), settings.type, ("local", "opendal"))
    verb = "would be copied" if dry_run else "copied and compared"
    click.echo(f"{copied.objects} objects of {copied.bytes} bytes {verb}; {copied.skipped} were there already.")
    click.echo(f"{marked} rows say {settings.type} now.")
