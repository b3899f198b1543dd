"""``orrery backup`` and ``orrery restore``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly

_HOME = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery."
)
_PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="File whose first line is the passphrase. Default: ORRERY_BACKUP_PASSPHRASE.",
)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--seal", is_flag=True, help="Encrypt the file with a passphrase, asked for if there is none yet.")
@click.option("--without-secrets", is_flag=True, help="Leave the home's secrets out; keep a copy of them elsewhere.")
@_PASSPHRASE
@_HOME
def backup_command(
    file: Path, seal: bool, without_secrets: bool, passphrase_file: Path | None, home: Path | None
) -> None:
    """Write database, files and secrets to one FILE, while Orrery runs or not.

    The rows are those of one moment. The file opens with any ZIP program unless it is sealed; without a seal, whoever
    has it has every secret of the installation.
    """
    with failing_clearly():
        asyncio.run(_backup(file, seal, without_secrets, passphrase_file, home))


async def _backup(
    file: Path, seal: bool, without_secrets: bool, passphrase_file: Path | None, home: Path | None
) -> None:
    # Lazy: the help of this command need not load the parts.
    from orrery import __version__
    from orrery.cli.operations.parts import Told, opened, passphrase_of
    from orrery.operations.backup import Installation, backup
    from orrery.schema import schema
    from orrery.settings.home import SECRETS_FILE

    passphrase = passphrase_of(passphrase_file, ask=seal)
    told = Told()
    async with opened(home) as parts:
        secrets = None
        if parts.settings.home is not None and not without_secrets:
            secrets = (parts.settings.home / SECRETS_FILE).read_bytes()
        installation = Installation(
            database=parts.database,
            metadata=schema(),
            storage=parts.storage,
            product=__version__,
            key_id=parts.vault.key_id,
            secrets=secrets,
        )
        made = await backup(installation, file, passphrase, told)
    told.end()
    for key in made.missing:
        click.echo(f"orrery: {key} is named by a row, but is not in the storage.", err=True)
    sealed = "sealed" if passphrase else "not sealed"
    click.echo(f"{file}: {made.rows} rows, {made.objects} files, {made.bytes} bytes; {sealed}.")
    if secrets is not None and not passphrase:
        click.echo("It holds the secrets of this installation: keep it as safe as they are.", err=True)
    if parts.settings.home is None:
        click.echo("Keep a copy of .env as well: SECRET_KEY and ORRERY_MASTER_KEY are not in the file.", err=True)


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Only compare every checksum and say what the file holds.")
@click.option("--any-key", is_flag=True, help="Also when credentials were sealed under another master key.")
@click.option("--secrets-to", type=click.Path(path_type=Path), default=None, help="File for the backup's secrets.")
@_PASSPHRASE
@_HOME
def restore_command(
    file: Path, check: bool, any_key: bool, secrets_to: Path | None, passphrase_file: Path | None, home: Path | None
) -> None:
    """Bring a backup FILE back, into an empty database and with the storage of the settings.

    The engine and the kind of storage may be others than those of the backup. All rows come back, or none. A home
    takes over the backup's secrets; a fleet has its own in .env.
    """
    with failing_clearly():
        if check:
            _check(file, passphrase_file)
        else:
            asyncio.run(_restore(file, any_key, secrets_to, passphrase_file, home))


def _check(file: Path, passphrase_file: Path | None) -> None:
    from orrery.cli.operations.parts import Told, passphrase_of
    from orrery.operations.restore import inspect

    told = Told()
    manifest = inspect(file, passphrase_of(passphrase_file, ask=False), told)
    told.end()
    rows = sum(table.rows for table in manifest.tables)
    click.echo(f"{file} is whole: made at {manifest.made_at} by {manifest.product}, schema {manifest.schema}.")
    click.echo(f"{rows} rows in {len(manifest.tables)} tables, {len(manifest.parts)} parts.")
    click.echo("It holds the secrets of a home." if manifest.with_secrets else "It holds no secrets of a home.")


async def _restore(
    file: Path, any_key: bool, secrets_to: Path | None, passphrase_file: Path | None, home: Path | None
) -> None:
    from orrery.cli.operations.parts import Told, alone_in, opened, passphrase_of
    from orrery.operations.archive.reader import reading
    from orrery.operations.restore import Target, restore
    from orrery.operations.secret_files import replace_secrets, write_secrets
    from orrery.schema import schema

    passphrase = passphrase_of(passphrase_file, ask=False)
    with reading(file, passphrase) as archive:
        takes_secrets = archive.manifest.with_secrets
    told = Told()
    async with opened(home, current=False) as parts:
        place = parts.settings.home
        with alone_in(place):
            own = takes_secrets and place is not None
            target = Target(
                database=parts.database,
                metadata=schema(),
                storage=parts.storage,
                storage_type=parts.settings.storage.type,
                key_id=None if own or secrets_to is not None else parts.vault.key_id,
            )
            restored = await restore(file, target, passphrase, told, any_key=any_key)
            told.end()
            if restored.secrets is not None and secrets_to is not None:
                write_secrets(secrets_to, restored.secrets)
                click.echo(f"The backup's secrets are in {secrets_to}.")
            elif restored.secrets is not None and place is not None:
                former = replace_secrets(place, restored.secrets)
                if former is not None:
                    click.echo(f"The home has the backup's secrets now; its own are in {former}.")
    click.echo(f"Restored the backup of {restored.made_at}: {restored.rows} rows, {restored.objects} files.")
