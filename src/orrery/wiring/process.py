"""One process of Orrery: its parts, started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import socket
from typing import IO

from sqlalchemy.exc import SQLAlchemyError

from orrery.apps.schema import schema
from orrery.cache.opening import open_cache
from orrery.database.engine import Database
from orrery.database.migrate import migrate, require_current
from orrery.http.app import OrreryApp
from orrery.http.operators import Check
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.settings.load import Settings
from orrery.storage.opening import open_storage
from orrery.wiring.faces import build_app
from orrery.wiring.ground import Ground
from orrery.wiring.housekeeping import Chore, Housekeeping
from orrery.wiring.outside import open_clients, open_sandbox
from orrery.wiring.product import Product, build_product

_log = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
"""How long runs that nobody streams may still take when the process stops; open streams had their time before."""


PURGE_SECONDS = 300.0
"""How often rows of deleted conversations are taken away."""


class HomeInUse(Exception):
    """Another process of the embedded shape uses this home."""


class Process:
    """The parts of a role that serves HTTP and runs apps. `start` opens them, `close` lets go of them in reverse."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        database = settings.database
        self.database = Database(
            database.url(), pool_size=database.pool_size, max_overflow=database.pool_overflow, echo=database.echo
        )
        self._cache = open_cache(settings.cache)
        self._clients = open_clients(settings)
        self.sandbox = open_sandbox(settings, self._clients)
        self._lock: IO[str] | None = None
        self.product: Product = build_product(
            Ground(
                settings=settings,
                database=self.database,
                cache=self._cache,
                storage=open_storage(settings.storage),
                clients=self._clients,
                code=self.sandbox,
                owner=f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}",
            )
        )
        self._housekeeping = Housekeeping([Chore("purge", PURGE_SECONDS, self.product.talk.conversations.purge)])
        self.app: OrreryApp = build_app(settings, self.product, self.checks())

    async def start(self) -> None:
        """Brings the database up to date, starts the sandbox and the loops that keep runs alive.

        Raises `HomeInUse`, `SchemaNotReady`, and what the database says.
        """
        alone = self._take_home()
        if self.settings.shape == "embedded" or self.settings.server.migration_enabled:
            await migrate(self.database, schema())
        else:
            await require_current(self.database)
        if isinstance(self.sandbox, EmbeddedSandbox):
            self.sandbox.start()
        await self.product.running.recovery.start(alone=alone)
        self._housekeeping.start()

    async def close(self) -> None:
        """Lets runs finish, then closes everything. Safe to call after a start that failed."""
        await self.product.running.service.close(DRAIN_SECONDS)
        await self._housekeeping.close()
        await self.product.running.recovery.close()
        await self.product.talk.naming.close()
        await self.product.running.group.close()
        if isinstance(self.sandbox, EmbeddedSandbox):
            await self.sandbox.close()
        await self._clients.close()
        await self._cache.close()
        await self.database.close()
        if self._lock is not None:
            self._lock.close()

    def checks(self) -> dict[str, Check]:
        """What readiness asks."""
        return {"database": self._check_database, "sandbox": self._check_sandbox}

    async def _check_database(self) -> str | None:
        try:
            async with asyncio.timeout(5):
                await self.database.ping()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            return f"does not answer ({type(error).__name__})"
        return None

    async def _check_sandbox(self) -> str | None:
        return self.sandbox.refusal if isinstance(self.sandbox, EmbeddedSandbox) else None

    def _take_home(self) -> bool:
        """Locks the home folder: one process uses its database. Always False for a fleet."""
        home = self.settings.home
        if self.settings.shape != "embedded" or home is None or self.database.dialect != "sqlite":
            return False
        lock = (home / "orrery.lock").open("a+")
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._lock = lock
            return True
        lock.close()
        raise HomeInUse(f"Another Orrery uses {home}. Stop it first, or choose another folder with --home.")
