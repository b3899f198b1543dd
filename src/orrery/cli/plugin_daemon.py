"""``orrery plugin-daemon``: the plugin daemon of a fleet."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import click

from orrery.cli.exit_codes import EXIT_CONFIGURATION, EXIT_UNAVAILABLE

if TYPE_CHECKING:
    from orrery.settings.load import Settings


@click.command("plugin-daemon")
@click.option("--host", default=None, help="Address to listen on. Default: DIFY_BIND_ADDRESS.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port. Default: PLUGIN_DAEMON_PORT, or 5002.")
def plugin_daemon(host: str | None, port: int | None) -> None:
    """Keep plugin packages and say what they declare, on port 5002.

    Needs a key in PLUGIN_DAEMON_KEY (or SERVER_KEY); published defaults are refused. Code of plugins is not run yet.
    """
    # Lazy: the help of this command need not load the settings.
    from orrery.settings.errors import SettingsError
    from orrery.storage.protocol import StorageUnavailable
    from orrery.storage.required import StorageConfigurationError

    try:
        settings = _configured()
        # Lazy, too: the settings are checked first.
        from orrery.plugins.daemon.role import serve

        daemon_port = port or settings.plugin_daemon.port
        asyncio.run(serve(settings, host=host or settings.server.host, port=daemon_port))
    except (SettingsError, StorageConfigurationError) as error:
        click.echo(f"orrery: {error}", err=True)
        sys.exit(EXIT_CONFIGURATION)
    except StorageUnavailable as error:
        click.echo(f"orrery: {error.message}", err=True)
        sys.exit(EXIT_UNAVAILABLE)


def _configured() -> Settings:
    from orrery.plugins.daemon.naming import by_setting
    from orrery.telemetry.configure import configure_logging
    from orrery.wiring.settings import settings_of

    # It needs no secret of the product but these: it signs nobody in and decrypts nothing.
    settings = settings_of({**by_setting(os.environ), "MODE": "plugin_daemon"}, required_secrets=("PLUGIN_DAEMON_KEY",))
    server = settings.server
    configure_logging(settings.logs, service="plugin_daemon", secrets=settings.secrets(), debug=server.debug)
    return settings
