"""Packages that Python snippets of the service may import: listed, and installed from a requirements file."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

BUILT_IN = ("jinja2", "httpx", "requests")

# what snippets import at installation time must not learn them
_SECRETS = frozenset({"API_KEY", "SANDBOX_API_KEY"})

_log = logging.getLogger(__name__)


class Dependency(msgspec.Struct, frozen=True):
    """A package and its version; the version of a built-in one is empty, as in the contract."""

    name: str
    version: str


class Dependencies:
    """The folder ``packages``, filled by pip from ``requirements``; ``shipped`` is one that came with the image."""

    def __init__(self, packages: Path, requirements: Path, *, mirror: str = "", shipped: Path | None = None) -> None:
        self._packages, self._requirements, self._mirror = packages, requirements, mirror
        self._shipped = shipped
        self._installing = asyncio.Lock()

    def listing(self) -> list[Dependency]:
        """Installed packages in order of their names."""
        shipped = {} if self._shipped is None else _versions(self._shipped)
        # what these need in their turn is not told, as in the contract
        known = {name: "" for name in BUILT_IN if name == "jinja2" or name in shipped}
        found = known | _versions(self._packages)
        return [Dependency(n, "" if n.lower() in BUILT_IN else v) for n, v in sorted(found.items())]

    async def install(self) -> bool:
        """Runs pip on the requirements file; False when it failed. True without a file: there is nothing to do.

        pip finds its own settings in the environment, such as ``PIP_NO_INDEX`` and ``PIP_FIND_LINKS`` for a folder.
        """
        if not self._requirements.is_file():
            return True
        wanted = [line.strip() for line in self._requirements.read_text().splitlines()]
        if not any(line and not line.startswith("#") for line in wanted):
            return True
        installer = _installer()
        if not installer:
            _log.warning("the packages of %s can't be installed: there is neither pip nor uv", self._requirements)
            return False
        async with self._installing:
            process = await asyncio.create_subprocess_exec(
                *(*installer, "--upgrade", "--target", str(self._packages), "-r", str(self._requirements)),
                *self._mirror_options(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={name: value for name, value in os.environ.items() if name not in _SECRETS},
            )
            try:
                _, told = await process.communicate()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
        if process.returncode != 0:
            _log.warning("the packages of %s can't be installed: %s", self._requirements, _last_words(told))
        return process.returncode == 0

    def _mirror_options(self) -> tuple[str, ...]:
        if not self._mirror:
            return ()
        return ("-i", self._mirror, "--trusted-host", urlsplit(self._mirror).hostname or "")


def _versions(folder: Path) -> dict[str, str]:
    return {d.name: d.version for d in importlib.metadata.distributions(path=[str(folder)])}


def _installer() -> tuple[str, ...]:
    """Pip of this interpreter as in the contract, or uv in an environment that was made without pip."""
    if importlib.util.find_spec("pip") is not None:
        return (sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")
    uv = shutil.which("uv")
    return (uv, "pip", "install", "--quiet", "--python", sys.executable) if uv else ()


def _last_words(told: bytes) -> str:
    return " | ".join(told.decode(errors="replace").strip().splitlines()[-3:])[-600:]
