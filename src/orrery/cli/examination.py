"""Opening the parts of an installation without starting a server, and having them examined."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from orrery.cache.opening import open_cache
from orrery.database.opening import open_database
from orrery.jobs.announcing import NoAnnouncer
from orrery.jobs.clock import SystemClock
from orrery.jobs.errors import JobsConfigurationError
from orrery.jobs.inspection import JobInspection
from orrery.jobs.opening import open_carrier
from orrery.mail.opening import open_mail
from orrery.operations.examination import Finding, Parts, examine
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.settings.load import Settings
from orrery.storage.opening import open_storage
from orrery.storage.protocol import ObjectStorage
from orrery.storage.required import StorageConfigurationError
from orrery.wiring import settings_of
from orrery.wiring.faces import PAGES_FOLDER
from orrery.wiring.outside import open_clients, open_sandbox


async def examine_here(home: Path | None) -> list[Finding]:
    """Looks at every part that the settings name. Raises `SettingsError`."""
    settings = settings_of(home=home)
    async with AsyncExitStack() as open_parts:
        return await examine(_open(settings, open_parts))


def _open(settings: Settings, opened: AsyncExitStack) -> Parts:
    """Opens the parts; they are closed with ``opened``."""
    database = open_database(settings.database)
    opened.push_async_callback(database.close)
    cache = open_cache(settings.cache)
    opened.push_async_callback(cache.close)
    clients = open_clients(settings)
    opened.push_async_callback(clients.close)
    sandbox = open_sandbox(settings, clients)
    if isinstance(sandbox, EmbeddedSandbox):
        opened.push_async_callback(sandbox.close)
    return Parts(
        settings=settings,
        database=database,
        cache=cache,
        storage=_storage(settings, opened),
        sandbox=sandbox,
        http=clients.untrusted,
        mail=open_mail(settings.mail, clients.operator),
        jobs=JobInspection(database, NoAnnouncer(), SystemClock()),
        broker=_Broker(settings, opened) if settings.jobs.backend == "celery" else None,
        pages=PAGES_FOLDER,
    )


def _storage(settings: Settings, opened: AsyncExitStack) -> ObjectStorage | Exception:
    try:
        storage = open_storage(settings.storage)
    except StorageConfigurationError as error:
        return error
    opened.push_async_callback(storage.close)
    return storage


class _Broker:
    """Asks the broker that the settings name."""

    def __init__(self, settings: Settings, opened: AsyncExitStack) -> None:
        self._settings, self._opened = settings, opened

    async def __call__(self) -> str | None:
        try:
            carrier = open_carrier(self._settings.jobs, self._settings.cache)
        except JobsConfigurationError as error:
            return str(error)
        self._opened.push_async_callback(carrier.close)
        return await carrier.problem()
