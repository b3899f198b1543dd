"""Looking at each part of an installation from the outside, without starting a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from orrery.cache.opening import open_cache
from orrery.cache.protocol import CacheUnavailable
from orrery.database.migrate import HEAD, schema_state
from orrery.database.opening import open_database
from orrery.egress.protocol import EgressError
from orrery.errors import OrreryError
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.settings.load import Settings
from orrery.storage.opening import open_storage, where_it_is
from orrery.storage.required import StorageConfigurationError
from orrery.wiring import settings_of
from orrery.wiring.faces import PAGES_FOLDER
from orrery.wiring.outside import open_clients, open_sandbox

_PATIENCE = 10


class Finding(msgspec.Struct, frozen=True):
    """One part: how it is configured; ``problem`` and ``mend`` when it does not work."""

    part: str
    configured: str
    problem: str | None = None
    mend: str = ""


async def examine(home: Path | None) -> list[Finding]:
    """Looks at every part. Raises `SettingsError`."""
    settings = settings_of(home=home)
    return [
        _settings(settings),
        await _database(settings),
        await _cache(settings),
        await _storage(settings),
        await _sandbox(settings),
        _pages(),
    ]


def _settings(settings: Settings) -> Finding:
    where = f"{settings.shape} shape" + (f", home {settings.home}" if settings.home else "")
    if settings.unknown:
        return Finding("settings", f"{where}; without effect here: {', '.join(settings.unknown)}")
    return Finding("settings", where)


async def _database(settings: Settings) -> Finding:
    url = settings.database.url()
    shown = make_url(url).render_as_string(hide_password=True)
    database = open_database(settings.database)
    try:
        async with asyncio.timeout(_PATIENCE):
            state = await schema_state(database)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        reason = str(error).partition("\n")[0] or "no answer"
        return Finding("database", shown, reason, "Check that the server runs and that DB_* name it and its password.")
    finally:
        await database.close()
    if state.is_current:
        return Finding("database", f"{shown}, schema {HEAD}")
    if not state.tables and settings.shape == "embedded":
        return Finding("database", f"{shown}, new: the first start makes the schema")
    found = f"The schema is at {state.revision or 'no revision'}, this version needs {HEAD}."
    return Finding("database", shown, found, "Run: orrery migrate")


async def _cache(settings: Settings) -> Finding:
    configured = settings.cache.backend
    cache = open_cache(settings.cache)
    try:
        async with asyncio.timeout(_PATIENCE):
            await cache.set("orrery:doctor", b"1", ttl=5)
    except (CacheUnavailable, TimeoutError) as error:
        return Finding("cache", configured, str(error), "Check that Redis runs and that REDIS_* name it.")
    finally:
        await cache.close()
    return Finding("cache", "in this process" if configured == "memory" else configured)


async def _storage(settings: Settings) -> Finding:
    configured = where_it_is(settings.storage)
    try:
        storage = open_storage(settings.storage)
    except StorageConfigurationError as error:
        return Finding("storage", configured, str(error), "Set what is missing in the environment or in .env.")
    key = "orrery-doctor"
    try:
        async with asyncio.timeout(_PATIENCE):
            await storage.save(key, b"1")
            read = await storage.load(key)
            await storage.delete(key)
    except (OrreryError, OSError, TimeoutError) as error:
        reason = str(error) or f"No answer in {_PATIENCE} seconds."
        return Finding("storage", configured, reason, "Check STORAGE_TYPE, its variables, and that it can be written.")
    finally:
        await storage.close()
    problem = None if read == b"1" else "An object came back changed."
    return Finding("storage", configured, problem, "Check what stands between this machine and the storage.")


async def _sandbox(settings: Settings) -> Finding:
    clients = open_clients(settings)
    sandbox = open_sandbox(settings, clients)
    configured = settings.sandbox.endpoint or "confined child processes"
    try:
        async with asyncio.timeout(60):
            result = await sandbox.call_main("python3", "def main():\n    return {'result': 1}", {})
    except (EgressError, OSError, TimeoutError, ValueError) as error:
        return Finding("sandbox", configured, str(error), "Check CODE_EXECUTION_ENDPOINT and its key.")
    except Exception as error:  # noqa: BLE001  (whatever a sandbox says is the finding)
        mend = (
            "Use a Linux kernel with Landlock or user namespaces, or set CODE_EXECUTION_ENDPOINT to a sandbox service."
        )
        return Finding("sandbox", configured, str(error), mend)
    finally:
        if isinstance(sandbox, EmbeddedSandbox):
            bound = "control groups" if sandbox.grouped else "a watch"
            configured += f", level {sandbox.level}, memory bounded by {bound}"
            await sandbox.close()
        await clients.close()
    problem = None if result == {"result": 1} else f"A snippet gave {result}."
    return Finding("sandbox", configured, problem, "Look at the sandbox's log.")


def _pages() -> Finding:
    if (PAGES_FOLDER / "index.html").is_file():
        return Finding("pages", "built")
    return Finding("pages", "not built", "The console can't be shown; the APIs work.", "Run ./orrery in the checkout.")
