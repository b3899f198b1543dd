"""``reset-password``, ``reset-email``, ``create-tenant`` and ``reset-encrypt-key-pair``, by the contract's names."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from orrery.cli.failing import failing_clearly

_HOME = click.option(
    "--home", type=click.Path(path_type=Path), default=None, help="Folder for data. Default: ~/.orrery."
)


@click.command("reset-password")
@click.option("--email", prompt=True, help="Address of the account.")
@click.option("--new-password", prompt=True, hide_input=True, help="New password; asked for if not given.")
@click.option("--password-confirm", prompt=True, hide_input=True, help="The same again.")
@_HOME
def reset_password(email: str, new_password: str, password_confirm: str, home: Path | None) -> None:
    """Give an account a new password and end its sessions. Leave the passwords out to be asked for them."""
    with failing_clearly():
        _same("The passwords", new_password, password_confirm)
        asyncio.run(_reset_password(email, new_password, home))
    click.echo("The password is set; every session of the account has ended.")


@click.command("reset-email")
@click.option("--email", prompt=True, help="Address of the account as it is now.")
@click.option("--new-email", prompt=True, help="New address.")
@click.option("--email-confirm", prompt=True, help="The same again.")
@_HOME
def reset_email(email: str, new_email: str, email_confirm: str, home: Path | None) -> None:
    """Give an account another mail address and end its sessions."""
    with failing_clearly():
        _same("The addresses", new_email.strip().lower(), email_confirm.strip().lower())
        asyncio.run(_reset_email(email, new_email, home))
    click.echo("The address is set; every session of the account has ended.")


@click.command("create-tenant")
@click.option("--email", prompt=True, help="Address of the owner; the account is made.")
@click.option("--name", prompt=True, help="Name of the workspace.")
@click.option("--language", prompt=True, default="en-US", help="Language of the account. Default: en-US.")
@_HOME
def create_tenant(email: str, name: str, language: str, home: Path | None) -> None:
    """Make an account and a workspace that it owns; prints the account's first password once."""
    with failing_clearly():
        asyncio.run(_create_tenant(email, name, language, home))


@click.command("reset-encrypt-key-pair")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_HOME
def reset_encrypt_key_pair(yes: bool, home: Path | None) -> None:
    """Forget every stored credential, for when the master key is lost or known to others.

    A home gets a new ORRERY_MASTER_KEY; a fleet's is yours to set. Credentials of models and tools must be entered
    again, secrets of workflows as well. There is no way back but a backup.
    """
    with failing_clearly():
        asyncio.run(_reset_key(home, yes=yes))


def _same(what: str, one: str, other: str) -> None:
    # Lazy, as everything else that the help of these commands can do without.
    from orrery.errors import InvalidParam

    if one != other:
        raise InvalidParam(f"{what} are not the same. Nothing was changed.")


async def _reset_password(email: str, password: str, home: Path | None) -> None:
    from orrery.cli.operations.parts import opened, recovery_of

    async with opened(home) as parts, recovery_of(parts) as recovery:
        await recovery.set_password(email, password)


async def _reset_email(email: str, new_email: str, home: Path | None) -> None:
    from orrery.cli.operations.parts import opened, recovery_of

    async with opened(home) as parts, recovery_of(parts) as recovery:
        await recovery.change_email(email, new_email)


async def _create_tenant(email: str, name: str, language: str, home: Path | None) -> None:
    from orrery import __version__
    from orrery.cli.operations.parts import opened
    from orrery.operations.people import create_tenant as create
    from orrery.security.passwords import Passwords

    async with opened(home) as parts:
        made = await create(parts.database, email, name, language, version=__version__, passwords=Passwords())
    click.echo(f"Account: {made.email}\nPassword: {made.password}\nWorkspace: {made.workspace_id}")


async def _reset_key(home: Path | None, *, yes: bool) -> None:
    from orrery.cli.operations.parts import alone_in, opened
    from orrery.operations.credentials import count_credentials, forget_credentials
    from orrery.operations.secret_files import new_master_key
    from orrery.schema import schema

    async with opened(home) as parts:
        place = parts.settings.home
        with alone_in(place):
            counts = await count_credentials(parts.database, schema())
            for table, count in counts.items():
                click.echo(f"{table}: {count}")
            if not yes:
                click.confirm("Forget all of these for good?", abort=True)
            await forget_credentials(parts.database, schema())
            if place is not None:
                former = new_master_key(place)
                click.echo(f"The home has a new ORRERY_MASTER_KEY; the former secrets are in {former}.")
            else:
                click.echo("Set a new ORRERY_MASTER_KEY in .env and start all containers again.")
    click.echo(f"{sum(counts.values())} rows with credentials were deleted.")
