"""Packages and icons in object storage, under the contract's folders (6.3)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from orrery.plugins.errors import NothingFound, PluginNotFound
from orrery.plugins.package.archive import read_archive
from orrery.plugins.package.identity import UniqueIdentifier
from orrery.storage.protocol import ObjectNotFound, ObjectStorage

_ASSET = re.compile(r"[0-9a-f]{64}(\.[A-Za-z0-9]{1,15})?", re.ASCII)


class PluginObjects:
    """Both kinds are named by their content, so nothing that is written changes what is there."""

    def __init__(self, storage: ObjectStorage, *, packages: str, assets: str) -> None:
        self._storage, self._packages, self._assets = storage, packages.strip("/"), assets.strip("/")

    async def keep(self, identifier: UniqueIdentifier, content: bytes, assets: Mapping[str, bytes]) -> None:
        """Raises `StorageUnavailable`; what was written by then is no harm."""
        for name, data in assets.items():
            key = f"{self._assets}/{name}"
            if not await self._storage.exists(key):
                await self._storage.save(key, data)
        # The signature is in the zip's comment, which the identifier does not tell: the last one is kept.
        await self._storage.save(self._package(identifier), content)

    async def package(self, identifier: UniqueIdentifier) -> bytes:
        """Raises `PluginNotFound`, `StorageUnavailable`."""
        try:
            return await self._storage.load(self._package(identifier))
        except ObjectNotFound as error:
            raise PluginNotFound(f"the package {identifier} is not here: upload it first") from error

    async def has_package(self, identifier: UniqueIdentifier) -> bool:
        """Raises `StorageUnavailable`."""
        return await self._storage.exists(self._package(identifier))

    async def asset(self, name: str) -> bytes:
        """Raises `NothingFound`, `StorageUnavailable`."""
        if _ASSET.fullmatch(name):
            try:
                return await self._storage.load(f"{self._assets}/{name}")
            except ObjectNotFound:
                pass
        raise NothingFound(f"there is no asset {name[:80]!r}")

    async def packaged_file(self, identifier: UniqueIdentifier, path: str, *, most_bytes: int) -> bytes:
        """One file of a package. Raises `PluginNotFound`, `NothingFound`, `StorageUnavailable`."""
        content = await self.package(identifier)
        archive = await asyncio.to_thread(read_archive, content, most_bytes=max(most_bytes, len(content)))
        found = archive.files.get(path)
        if found is None:
            raise NothingFound(f"there is no file {path[:80]!r} in the package")
        return found

    async def close(self) -> None:
        """Nothing may follow."""
        await self._storage.close()

    def _package(self, identifier: UniqueIdentifier) -> str:
        return f"{self._packages}/{identifier}"
