"""Puts the built pages into wheels, and refuses to make a wheel without them.

An editable install needs none: there `./orrery` builds the pages beside the sources.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PagesHook(BuildHookInterface):
    """Builds the pages where their sources are at hand, and checks that they are there."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        pages = root / "src" / "orrery" / "web_dist"
        if (root / "web" / "package.json").is_file():
            subprocess.run([sys.executable, str(root / "scripts" / "build_web.py")], check=True)  # noqa: S603  (our own script)
        missing = [name for name in ("index.html", "app.html", "assets") if not (pages / name).exists()]
        if missing:
            raise RuntimeError(
                f"The wheel would have no pages ({', '.join(missing)}). Build them: scripts/build_web.py"
            )
        build_data["force_include"][str(pages)] = "orrery/web_dist"
