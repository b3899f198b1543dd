"""Packages that Python snippets of the service may import: listed, and installed from a requirements file."""

from __future__ import annotations

import asyncio
import importlib.metadata
import sys
from pathlib import Path

import msgspec

BUILT_IN = ("jinja2", "httpx", "requests")


class Dependency(msgspec.Struct, frozen=True):
    """A package and its version; the version of a built-in one is empty, as in the contract."""

    name: str
    version: str


class Dependencies:
    """The folder ``packages``, filled by pip from ``requirements``."""

    def __init__(self, packages: Path, requirements: Path, *, mirror: str = "") -> None:
        self._packages, self._requirements, self._mirror = packages, requirements, mirror

    def listing(self) -> list[Dependency]:
        """Installed packages in order of their names."""
        found = {d.name: d.version for d in importlib.metadata.distributions(path=[str(self._packages)])}
        return [Dependency(n, "" if n.lower() in BUILT_IN else v) for n, v in sorted(found.items())]

    async def install(self) -> bool:
        """Runs pip on the requirements file; False when it failed. True without a file: there is nothing to do."""
        if not self._requirements.is_file():
            return True
        wanted = [line.strip() for line in self._requirements.read_text().splitlines()]
        if not any(line and not line.startswith("#") for line in wanted):
            return True
        mirror = ("-i", self._mirror) if self._mirror else ()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "pip", "install", "--quiet", "--upgrade", "--target", str(self._packages)),
            *("-r", str(self._requirements), *mirror),
            stdin=asyncio.subprocess.DEVNULL,
        )
        return await process.wait() == 0
