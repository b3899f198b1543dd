"""Stops that other processes were asked for: heard through the cache at once, found in the rows a moment later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from orrery.apps.runs.service import STOP_CHANNEL, RunService
from orrery.apps.runs.tables import WorkflowRun
from orrery.cache.protocol import Cache, CacheUnavailable
from orrery.database.engine import Database
from orrery.workflow.engine import USER_STOP

_log = logging.getLogger(__name__)

HEED_SECONDS = 1.0
_REST_SECONDS = 5.0
"""How long after a fault of the cache it is listened to again."""


class StopWatch:
    """Ends runs of this process that somebody wants ended. ``others`` is called for runs that nobody has."""

    def __init__(
        self, database: Database, runs: RunService, cache: Cache, others: Callable[[], Awaitable[object]]
    ) -> None:
        self._database = database
        self._runs = runs
        self._cache = cache
        self._others = others

    async def heed(self) -> None:
        """Stops those of this process's runs whose rows ask for it: the word of it may have been lost."""
        if not len(self._runs.live):
            return
        asked = select(WorkflowRun.id).where(
            WorkflowRun.status == "running",
            WorkflowRun.lease_owner == self._runs.owner,
            WorkflowRun.stop_requested.is_(True),
        )
        async with self._database.read() as session:
            wanted = list(await session.scalars(asked))
        for run_id in wanted:
            live = self._runs.live.by_run(run_id)
            if live is not None:
                live.abort(USER_STOP)

    async def listen(self) -> None:
        """Hears of stops until cancelled."""
        while True:
            try:
                async with self._cache.subscribe(STOP_CHANNEL) as messages:
                    async for message in messages:
                        live = self._runs.live.by_task(message.data.decode())
                        if live is not None:
                            live.abort(USER_STOP)
                        else:
                            # A run that waited for a person is nobody's until somebody goes on with it, to end it.
                            await self._others()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("the database did not answer a stop: %s", error)
            except CacheUnavailable as error:
                # The rows are looked at as well, so that a stop is late but not lost.
                _log.warning("stops of other processes arrive late: %s", error)
            await asyncio.sleep(_REST_SECONDS)
