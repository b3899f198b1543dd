"""Loading the settings for a command."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orrery.settings.load import Settings, load_settings


def settings_of(arguments: Mapping[str, str] | None = None, *, home: Path | None = None) -> Settings:
    """Settings from the process's environment and the ``.env`` of its folder.

    ``ORRERY_SHAPE=fleet`` (set in the images) chooses the fleet's defaults. Raises `SettingsError`.
    """
    shape = "fleet" if os.environ.get("ORRERY_SHAPE") == "fleet" else "embedded"
    dotenv = Path(".env")
    return load_settings(
        os.environ, home=home, dotenv=dotenv if dotenv.is_file() else None, shape=shape, arguments=arguments
    )
