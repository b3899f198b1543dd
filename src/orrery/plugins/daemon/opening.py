"""Waits for the database and its schema beside the service, which answers from its first moment on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from orrery.plugins.daemon.service import Unready
from orrery.plugins.errors import PluginError
from orrery.plugins.library.objects import PluginObjects
from orrery.plugins.package.decoding import Policy

if TYPE_CHECKING:
    from orrery.database.engine import Database
    from orrery.plugins.daemon.inner import ManagedPlugins

_PAUSE_SECONDS = 1.0
_STARTING = "The plugin daemon is starting."
_log = logging.getLogger(__name__)


class DatabaseOpening:
    """``open_database`` makes no connection. The storage belongs to it from then on, and is closed with it."""

    def __init__(
        self,
        open_database: Callable[[], Database],
        objects: PluginObjects,
        policy: Policy,
        *,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self._open_database, self._objects, self._policy, self._pause = open_database, objects, policy, pause
        self._waiting: asyncio.Task[None] | None = None
        self._database: Database | None = None
        self._inner: ManagedPlugins | None = None
        self._reason = _STARTING

    def start(self) -> None:
        """Begins to wait. Called on the loop."""
        self._waiting = asyncio.create_task(self._open(), name="plugin-daemon-opening")

    async def close(self) -> None:
        """Nothing may follow."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        if self._database is not None:
            await self._database.close()
        await self._objects.close()

    def inner(self) -> ManagedPlugins:
        """Raises `Unready`."""
        if self._inner is None:
            raise Unready(self._reason)
        return self._inner

    async def is_well(self) -> None:
        """Raises `Unready` when the database does not answer."""
        assert self._database is not None
        try:
            await self._database.ping()
        except Exception as error:
            raise (self.explained(error) or Unready(str(error))) from error

    def explained(self, error: Exception) -> PluginError | None:
        """An error that means that the database is away, and may be back."""
        # Lazy: by now the database's library is loaded, or nothing can have failed there.
        from orrery.database.outages import is_outage

        if not is_outage(error):
            return None
        _log.warning("the database can't be used: %s", _first_line(error))
        return Unready("The database can't be used. Please try again later.")

    async def _open(self) -> None:
        # Loading the database's library takes longer than everything before it: in a thread, health is answered meanwhile.
        for name in ("orrery.plugins.daemon.inner", "orrery.database.migrate"):
            await asyncio.to_thread(import_module, name)
        from orrery.plugins.daemon.inner import ManagedPlugins

        self._database = self._open_database()
        while not await self._is_there(self._database):  # noqa: ASYNC110  (a server elsewhere rings no bell)
            await asyncio.sleep(self._pause)
        self._inner = ManagedPlugins(self._database, self._objects, self._policy)
        _log.info("the plugin daemon is ready")

    async def _is_there(self, database: Database) -> bool:
        from orrery.database.migrate import SchemaNotReady, require_current

        try:
            await require_current(database)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told and tried again)
            if not isinstance(error, SchemaNotReady) and self.explained(error) is None:
                _log.exception("the database can't be opened")
            reason = f"Waiting for the database: {_first_line(error)}"
            if reason != self._reason:
                _log.warning("%s", reason)
            self._reason = reason
            return False
        return True


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
