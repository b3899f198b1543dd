"""The process that serves HTTP: the product, its pages, and in the embedded shape its background jobs too."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from typing import IO

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from orrery.http.operators import OperatorParts
from orrery.jobs.announcing import NoAnnouncer
from orrery.jobs.embedded import EmbeddedJobs
from orrery.jobs.fleet.carrier import CeleryCarrier
from orrery.jobs.opening import open_carrier
from orrery.jobs.runner import RunnerLimits, Wake
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.settings.load import Settings
from orrery.wiring.core import Core
from orrery.wiring.faces import PAGES_FOLDER, build_app
from orrery.wiring.housekeeping import Chore, Housekeeping
from orrery.wiring.system import system_parts

PURGE_SECONDS = 300.0
"""How often rows of deleted conversations, and values of deleted apps' drafts, are taken away."""


_STARTS = ("triggered_workflow_dispatcher", "schedule_executor")
_LIMITS = RunnerLimits(at_once=48, by_queue=dict.fromkeys(_STARTS, 32))
"""Jobs that only start runs are over at once, so many of them are taken together."""


class HomeInUse(Exception):
    """Another process of the embedded shape uses this home."""


class Process:
    """The role that serves HTTP and runs apps. `start` opens its parts, `close` lets go of them in reverse."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock: IO[str] | None = None
        self._carrier: CeleryCarrier | None = None
        self._background: EmbeddedJobs | None = None
        self._core = self._build()
        self.database, self.sandbox, self.product = self._core.database, self._core.sandbox, self._core.product
        self._housekeeping = Housekeeping(
            [
                Chore("purge", PURGE_SECONDS, self.product.talk.conversations.purge),
                Chore("draft-values", PURGE_SECONDS, self.product.running.drafts.purge),
            ]
        )
        self.app: ASGIApp = self._core.observation.around(build_app(settings, self.product, self.operators()))

    def _build(self) -> Core[Wake] | Core[CeleryCarrier] | Core[NoAnnouncer]:
        """A fleet has workers for its jobs; alone, this process does them."""
        settings = self.settings
        if settings.jobs.backend == "celery":
            self._carrier = open_carrier(settings.jobs, settings.cache)
            return Core(settings, self._carrier)
        if settings.shape == "fleet":
            return Core(settings, NoAnnouncer())
        core = Core(settings, Wake())
        self._background = EmbeddedJobs(core.jobs, _LIMITS)
        return core

    async def start(self) -> None:
        """Brings the database up to date, starts the sandbox and the loops that keep runs and jobs alive.

        Raises `HomeInUse`, `SchemaNotReady`, `JobsConfigurationError`, and what the database says.
        """
        alone = self._take_home()
        await self._core.start(alone=alone)
        if self._background is not None:
            await self._background.start(alone=alone)
        self._housekeeping.start()

    async def close(self) -> None:
        """Lets runs and jobs finish, then closes everything. Safe to call after a start that failed."""
        await self._core.drain()
        if self._background is not None:
            await self._background.close()
        await self._housekeeping.close()
        await self._core.close()
        if self._carrier is not None:
            await self._carrier.close()
        if self._lock is not None:
            self._lock.close()

    def operators(self) -> OperatorParts:
        """What the routes for operators ask."""
        return OperatorParts(
            checks={"database": self._check_database, "sandbox": self._check_sandbox},
            helpful={"cache": self._core.check_cache},
            pool=self.database.pool,
            metrics=self._core.metrics_text if self._core.observation.metrics is not None else None,
            metrics_token=self.settings.observability.metrics_token,
            system=system_parts(
                self._core.ground,
                self._core.jobs.inspection,
                None if self._carrier is None else self._carrier.problem,
                PAGES_FOLDER,
            ),
        )

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
