"""Every setting of the product: declared once with type, default, name and meaning, read once at the start.

Features are handed their group (`Settings.database`, `Settings.upload`, ...); nothing else reads the environment.
"""

from __future__ import annotations

from orrery.settings.declare import Shape
from orrery.settings.errors import Problem, SettingsError
from orrery.settings.load import Settings, load_settings
from orrery.settings.sources import Source

__all__ = ["Problem", "Settings", "SettingsError", "Shape", "Source", "load_settings"]
