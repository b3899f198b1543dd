"""The parts that every role of the product shares, opened and closed in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from orrery.cache.opening import open_cache
from orrery.cache.protocol import CacheUnavailable
from orrery.database.engine import Database
from orrery.database.migrate import migrate, require_current
from orrery.database.opening import open_database
from orrery.jobs.announcing import Announcer
from orrery.jobs.opening import needs_of
from orrery.jobs.parts import Jobs
from orrery.knowledge.upkeep.jobs import UpkeepJobs
from orrery.mail.opening import open_mail
from orrery.mail.protocol import MailTransport
from orrery.operations.connections import read_budget
from orrery.operations.queue_watch import QueueWatch, Watching
from orrery.operations.schedules import Kept, RetentionJobs
from orrery.retrieval.extraction.confined import confined_reader
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.schema import schema
from orrery.settings.load import Settings
from orrery.storage.absent import AbsentStorage
from orrery.storage.opening import open_storage
from orrery.wiring.ground import Ground
from orrery.wiring.observation import Observation
from orrery.wiring.outside import extract_of, open_clients, open_sandbox, units_of
from orrery.wiring.product import Product, build_product

A = TypeVar("A", bound=Announcer)
_log = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
"""How long runs that nobody streams may still take when the process stops; open streams had their time before."""


class Core(Generic[A]):
    """The product over its opened parts, with its jobs declared. `start` opens it, `close` lets go in reverse.

    ``announcer`` is told of jobs that were enqueued here; whoever made it closes it. ``places`` are jobs that run at
    a time in this process and may each want a connection to the database. ``stores``: whether it touches files.
    ``connections``: how many it may have to the database, where that is fewer than the settings allow.
    """

    def __init__(
        self,
        settings: Settings,
        announcer: A,
        *,
        places: int = 0,
        stores: bool = True,
        connections: int | None = None,
    ) -> None:
        self.settings = settings
        self.observation = Observation(settings)
        self.database = open_database(settings.database, places=places, most=connections)
        self._job_counts: dict[tuple[str, ...], float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.jobs: Jobs[A] = Jobs.build(needs_of(settings, self.database, announcer))
        self._cache = open_cache(settings.cache)
        self._storage = open_storage(settings.storage) if stores else AbsentStorage()
        self._clients = open_clients(settings)
        self.sandbox = open_sandbox(settings, self._clients)
        self._documents = confined_reader()
        self.ground = Ground(
            settings=settings,
            database=self.database,
            cache=self._cache,
            storage=self._storage,
            clients=self._clients,
            code=self.sandbox,
            documents=extract_of(settings, self._documents),
            units=units_of(settings, self._documents),
            outbox=self.jobs.outbox,
            observers=self.observation.runs,
            owner=f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}",
        )
        self.product: Product = build_product(self.ground)
        regular = (*self._retention().declared(), *self._queue_watch().declared(), *self._upkeep().declared())
        self.jobs.catalog.add([*self.product.background, *regular])
        self._show_gauges()

    async def start(self, *, alone: bool = False) -> None:
        """Brings the database up to date, starts the sandbox and the loops that keep runs alive.

        ``alone``: no other process uses this database. Raises `SchemaNotReady`, and what the database says.
        """
        self._loop = asyncio.get_running_loop()
        await make_ready(self.database, self.settings)
        await _warn_of_connections(self.database, self.settings)
        if isinstance(self.sandbox, EmbeddedSandbox):
            self.sandbox.start()
        await self.product.running.recovery.start(alone=alone)
        self.product.forms.attending.start()

    def _retention(self) -> RetentionJobs:
        jobs = self.settings.jobs
        kept = Kept(
            runs_days=jobs.log_retention_days,
            runs_batch=jobs.log_batch,
            records_days=jobs.records_days,
            records_batch=jobs.records_batch,
        )
        return RetentionJobs(self.database, schema(), kept)

    def _queue_watch(self) -> QueueWatch:
        jobs = self.settings.jobs
        watching = Watching(threshold=jobs.queue_monitor_threshold, addresses=jobs.queue_monitor_addresses)
        return QueueWatch(self.database, self.jobs.inspection, self.jobs.outbox, self._mail(), watching)

    def _upkeep(self) -> UpkeepJobs:
        return UpkeepJobs(self.database, self.jobs.outbox, self._mail(), self.settings.jobs.unused_days)

    def _mail(self) -> MailTransport | None:
        return open_mail(self.settings.mail, self._clients.operator)

    def _show_gauges(self) -> None:
        metrics = self.observation.metrics
        if metrics is not None:
            live, pool = self.product.running.service.live, self.database.pool
            metrics.gauge("orrery_runs_active", "Runs under way here", (), lambda: {(): float(len(live))})
            metrics.gauge("orrery_tasks", "Tasks on the event loop", (), lambda: {(): float(self._tasks())})
            metrics.gauge(
                "orrery_database_connections",
                "Connections of this process",
                ("state",),
                lambda: {("idle",): float(pool().checked_in), ("used",): float(pool().checked_out)},
            )
            sandbox = self.sandbox
            if isinstance(sandbox, EmbeddedSandbox):
                meaning = "How strongly snippets are confined here; 0 while nothing confines them"
                metrics.gauge("orrery_sandbox_level", meaning, (), lambda: {(): float(sandbox.level)})
            metrics.gauge("orrery_jobs", "Jobs by queue and status", ("queue", "status"), lambda: self._job_counts)

    def _tasks(self) -> int:
        """How many tasks there are, also for the thread that offers metrics of workers; 0 before the start."""
        return len(asyncio.all_tasks(self._loop)) if self._loop is not None else 0

    async def metrics_text(self) -> bytes:
        """All metrics of this process, with the present counts of jobs."""
        assert self.observation.metrics is not None
        with contextlib.suppress(SQLAlchemyError, OSError):
            counts = await self.jobs.inspection.counts()
            self._job_counts = {(count.queue, count.status): float(count.number) for count in counts}
        return self.observation.metrics.text()

    async def check_cache(self) -> str | None:
        """What readiness says of the cache; None when it works."""
        try:
            async with asyncio.timeout(5):
                await self._cache.get("ready")
        except (CacheUnavailable, OSError, TimeoutError) as error:
            return f"does not answer ({type(error).__name__})"
        return None

    async def drain(self) -> None:
        """Lets runs finish for a while; the rest goes on elsewhere, or after the next start."""
        await self.product.running.service.close(DRAIN_SECONDS)

    async def close(self) -> None:
        """Closes everything. Safe to call after a start that failed."""
        await self.product.forms.attending.close()
        await self.product.running.recovery.close()
        await self.product.talk.naming.close()
        await self.product.knowledge.search.notes.close()
        await self.product.running.group.close()
        if isinstance(self.sandbox, EmbeddedSandbox):
            await self.sandbox.close()
        await self._documents.close()
        await self._clients.close()
        await self._storage.close()
        await self._cache.close()
        await self.database.close()
        await asyncio.to_thread(self.observation.close)


async def make_ready(database: Database, settings: Settings) -> None:
    """Brings the schema up to date where this process may. Raises `SchemaNotReady` where it may not."""
    if settings.shape == "embedded" or settings.server.migration_enabled:
        await migrate(database, schema(), wait=settings.database.migration_wait_seconds, tell=_log.info)
    else:
        await require_current(database)


async def _warn_of_connections(database: Database, settings: Settings) -> None:
    """Says so in the log when the fleet's processes may together want more connections than there are."""
    with contextlib.suppress(SQLAlchemyError, OSError):
        found = await read_budget(database, settings)
        if found is not None and found.problem is not None:
            _log.warning("%s %s", found.problem, found.mend)
