"""Loading the settings for a command."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from orrery.settings.groups.remote import Remote
from orrery.settings.home import default_home
from orrery.settings.load import Settings, load_settings
from orrery.settings.sources import Source

TOML_FILE = Path("orrery.toml")


def settings_of(
    arguments: Mapping[str, str] | None = None,
    *,
    home: Path | None = None,
    watch: bool = False,
    required_secrets: Collection[str] | None = None,
) -> Settings:
    """Settings from the process's environment, a configuration server, and ``.env`` and ``orrery.toml`` of its folder.

    ``ORRERY_SHAPE=fleet`` (set in the images) chooses the fleet's defaults. ``watch``: changes at the configuration
    server are told in the log from then on. Raises `SettingsError`.
    """
    shape = "fleet" if os.environ.get("ORRERY_SHAPE") == "fleet" else "embedded"
    dotenv = Path(".env")

    def ask(remote: Remote) -> Source | None:
        if not remote.source:
            return None
        # Lazy: few installations have a configuration server.
        from orrery.settings.remote.opening import open_remote, remote_source, watch_in_background

        server = open_remote(remote)
        if server is None:
            return None
        found = remote_source(server, (home or default_home(os.environ)) / "remote-settings")
        if watch:
            watch_in_background(server, found.values)
        return found

    return load_settings(
        os.environ,
        home=home,
        dotenv=dotenv if dotenv.is_file() else None,
        toml=TOML_FILE if TOML_FILE.is_file() else None,
        shape=shape,
        arguments=arguments,
        remote=ask,
        required_secrets=required_secrets,
    )
