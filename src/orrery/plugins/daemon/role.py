"""The process role ``plugin_daemon``: the service on TCP 5002."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from msgspec.structs import replace

from orrery import __version__
from orrery.plugins.daemon.opening import DatabaseOpening
from orrery.plugins.daemon.service import DaemonService
from orrery.plugins.library.keeping import open_plugin_storage
from orrery.plugins.library.objects import PluginObjects
from orrery.plugins.package.decoding import Policy
from orrery.plugins.package.signature import Key, UnusableKey, read_key
from orrery.settings.errors import Problem, SettingsError
from orrery.settings.groups.plugin_daemon import PluginDaemon
from orrery.settings.load import Settings

if TYPE_CHECKING:
    from orrery.database.engine import Database

_GRACE_SECONDS = 20
_KEYS = "THIRD_PARTY_SIGNATURE_VERIFICATION_PUBLIC_KEYS"


def application(settings: Settings) -> DaemonService:
    """The service for ``settings``; it connects to nothing until its server starts it.

    Raises `SettingsError`, `StorageConfigurationError`, `StorageUnavailable`.
    """
    daemon, plugins = settings.plugin_daemon, settings.plugins
    policy = Policy(
        most_bytes=plugins.max_package_bytes,
        most_bundle_bytes=daemon.max_bundle_bytes,
        keys=keys_of(daemon),
        signed_only=plugins.verify_signatures,
        guard_vendor_name=daemon.guard_vendor_name,
    )
    storage = open_plugin_storage(daemon, settings.home)
    objects = PluginObjects(storage, packages=daemon.packages_folder, assets=daemon.assets_folder)

    def open_() -> Database:
        # Lazy: the database's library is loaded once the service answers.
        from orrery.database.opening import DAEMON_CONNECTIONS as MOST
        from orrery.database.opening import open_database

        # Requests are few and short: the database's connections are for those who run apps.
        known = settings.database
        size, overflow = min(known.pool_size, MOST), min(known.pool_overflow, MOST)
        return open_database(replace(known, pool_size=size, pool_overflow=overflow))

    return DaemonService(DatabaseOpening(open_, objects, policy), key=plugins.daemon_key, version=__version__)


def keys_of(settings: PluginDaemon) -> list[Key]:
    """The keys whose signatures are accepted. Raises `SettingsError` that names the file."""
    found: list[Key] = []
    for name in settings.keys if settings.keys_enabled else ():
        try:
            found.append(read_key(Path(name).name, Path(name).read_bytes()))
        except OSError as error:
            reason = f"the key {name} can't be read ({error.strerror})."
            raise SettingsError([Problem(_KEYS, reason, "Name files that are there.")]) from error
        except UnusableKey as error:
            mend = "Each file holds one public key in PEM: -----BEGIN RSA PUBLIC KEY-----."
            raise SettingsError([Problem(_KEYS, f"{error}.", mend)]) from error
    return found


async def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM; requests that are under way end first. Raises as `application` does."""
    config = uvicorn.Config(
        application(settings),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    await uvicorn.Server(config).serve()
