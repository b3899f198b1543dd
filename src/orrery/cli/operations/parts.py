"""What these commands share: the opened installation, standing alone in its home, and a word on how far it is."""

from __future__ import annotations

import fcntl
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import click
import msgspec
from sqlalchemy.engine import URL

from orrery.cache.opening import open_cache
from orrery.database.engine import Database
from orrery.database.migrate import require_current
from orrery.database.orm import utc_now
from orrery.operations.errors import OperationFailed
from orrery.schema import schema
from orrery.security.encryption import Vault
from orrery.security.passwords import Passwords
from orrery.settings.load import Settings
from orrery.storage.opening import open_storage
from orrery.storage.protocol import ObjectStorage
from orrery.wiring import settings_of
from orrery.workspaces.accounts.recovery import Recovery
from orrery.workspaces.accounts.revocation import Revocation

TELL_SECONDS = 1.0


class Opened(msgspec.Struct, frozen=True):
    """The parts of an installation that these commands work on."""

    settings: Settings
    database: Database
    storage: ObjectStorage

    @property
    def vault(self) -> Vault:
        security = self.settings.security
        return Vault(master_key=security.master_key, secret_key=security.secret_key)


@asynccontextmanager
async def opened(home: Path | None, *, current: bool = True) -> AsyncGenerator[Opened]:
    """Opens database and storage. ``current``: the schema must be this version's.

    Raises `SettingsError`, `StorageConfigurationError`, `StorageUnavailable`, `SchemaNotReady`.
    """
    schema()  # tables must be known before the first query
    settings = settings_of(home=home)
    storage = open_storage(settings.storage)
    database = Database(settings.database.url(), echo=settings.database.echo)
    try:
        if current:
            await require_current(database)
        yield Opened(settings, database, storage)
    finally:
        await database.close()
        await storage.close()


@asynccontextmanager
async def recovery_of(parts: Opened) -> AsyncGenerator[Recovery]:
    """What sets passwords and addresses, over the installation's cache."""
    cache = open_cache(parts.settings.cache)
    try:
        minutes = parts.settings.security.access_token_minutes
        revocation = Revocation(cache, minutes=minutes, now=utc_now)
        yield Recovery(parts.database, Passwords(), revocation)
    finally:
        await cache.close()


@contextmanager
def alone_in(home: Path | None) -> Generator[None]:
    """Keeps Orrery from starting on a home meanwhile. Raises `OperationFailed` if it runs there."""
    if home is None or not home.is_dir():
        yield
        return
    with (home / "orrery.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperationFailed(f"Orrery is running on {home}. Stop it first.") from None
        yield


def folder_of(url: URL) -> Path | None:
    """The home that a database's address names; None for a server."""
    return Path(url.database or "").absolute().parent if url.get_backend_name() == "sqlite" else None


class Told:
    """A `Progress` that writes to standard error: at once when something new begins, then once in a while."""

    def __init__(self) -> None:
        self._what = ""
        self._next = 0.0
        self._open = False

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what == self._what and now < self._next and done != total:
            return
        self._what, self._next = what, now + TELL_SECONDS
        text = f"{what}: {done}" + (f" of {total}" if total else "")
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
            self._open = True
        else:
            click.echo(text, err=True)

    def end(self) -> None:
        """Leaves the line, if one is open."""
        if self._open:
            click.echo("", err=True)
            self._open = False


def passphrase_of(file: Path | None, *, ask: bool) -> str | None:
    """The first line of the file, else ORRERY_BACKUP_PASSPHRASE, else what is typed if asked for.

    It is never an argument: those are seen in the list of processes. Raises `OperationFailed`.
    """
    # Read here, as the variable belongs to this command and not to the settings of an installation.
    from os import environ

    if file is not None:
        lines = file.read_text("utf-8").splitlines()
        if not lines or not lines[0]:
            raise OperationFailed(f"{file} holds no passphrase.")
        return lines[0]
    if environ.get("ORRERY_BACKUP_PASSPHRASE"):
        return environ["ORRERY_BACKUP_PASSPHRASE"]
    if not ask:
        return None
    typed: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    return typed
