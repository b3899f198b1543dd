"""The parts that every role of the product shares, opened and closed in order."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from typing import Generic, TypeVar

from orrery.apps.schema import schema
from orrery.cache.opening import open_cache
from orrery.database.engine import Database
from orrery.database.migrate import migrate, require_current
from orrery.jobs.opening import needs_of
from orrery.jobs.outbox import Announcer
from orrery.jobs.parts import Jobs
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.settings.load import Settings
from orrery.storage.opening import open_storage
from orrery.wiring.ground import Ground
from orrery.wiring.observation import Observation
from orrery.wiring.outside import open_clients, open_sandbox
from orrery.wiring.product import Product, build_product

A = TypeVar("A", bound=Announcer)

DRAIN_SECONDS = 8.0
"""How long runs that nobody streams may still take when the process stops; open streams had their time before."""


class Core(Generic[A]):
    """The product over its opened parts, with its jobs declared. `start` opens it, `close` lets go in reverse.

    ``announcer`` is told of jobs that were enqueued here; whoever made it closes it. ``places`` are jobs that run at
    a time in this process and may each want a connection to the database.
    """

    def __init__(self, settings: Settings, announcer: A, *, places: int = 0) -> None:
        self.settings = settings
        self.observation = Observation(settings)
        database = settings.database
        self.database = Database(
            database.url(),
            pool_size=max(database.pool_size, places),
            max_overflow=database.pool_overflow,
            echo=database.echo,
        )
        self.jobs: Jobs[A] = Jobs.build(needs_of(settings, self.database, announcer))
        self._cache = open_cache(settings.cache)
        self._storage = open_storage(settings.storage)
        self._clients = open_clients(settings)
        self.sandbox = open_sandbox(settings, self._clients)
        self.product: Product = build_product(
            Ground(
                settings=settings,
                database=self.database,
                cache=self._cache,
                storage=self._storage,
                clients=self._clients,
                code=self.sandbox,
                outbox=self.jobs.outbox,
                observers=self.observation.runs,
                owner=f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}",
            )
        )
        self.jobs.catalog.add(self.product.background)

    async def start(self, *, alone: bool = False) -> None:
        """Brings the database up to date, starts the sandbox and the loops that keep runs alive.

        ``alone``: no other process uses this database. Raises `SchemaNotReady`, and what the database says.
        """
        await make_ready(self.database, self.settings)
        if isinstance(self.sandbox, EmbeddedSandbox):
            self.sandbox.start()
        await self.product.running.recovery.start(alone=alone)
        self.product.forms.attending.start()

    async def drain(self) -> None:
        """Lets runs finish for a while; the rest goes on elsewhere, or after the next start."""
        await self.product.running.service.close(DRAIN_SECONDS)

    async def close(self) -> None:
        """Closes everything. Safe to call after a start that failed."""
        await self.product.forms.attending.close()
        await self.product.running.recovery.close()
        await self.product.talk.naming.close()
        await self.product.running.group.close()
        if isinstance(self.sandbox, EmbeddedSandbox):
            await self.sandbox.close()
        await self._clients.close()
        await self._storage.close()
        await self._cache.close()
        await self.database.close()
        await asyncio.to_thread(self.observation.close)


async def make_ready(database: Database, settings: Settings) -> None:
    """Brings the schema up to date where this process may. Raises `SchemaNotReady` where it may not."""
    if settings.shape == "embedded" or settings.server.migration_enabled:
        await migrate(database, schema())
    else:
        await require_current(database)
