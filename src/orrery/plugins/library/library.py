"""Taking packages in, and answering what is known of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

import msgspec

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.plugins.errors import InvalidIdentifier, NothingFound, PluginBadRequest, PluginNotFound
from orrery.plugins.library import store
from orrery.plugins.library.objects import PluginObjects
from orrery.plugins.library.shown import Declarations, Shown
from orrery.plugins.package.bundle import Dependency, Github, Inside, read_bundle
from orrery.plugins.package.decoding import Origin, Package, Policy, decode_package
from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.identity import MalformedIdentifier, UniqueIdentifier
from orrery.plugins.package.readme import ENGLISH

_AT_ONCE = 2
"""Packages that are decoded at a time: each may take three times its size of memory."""


class Known(msgspec.Struct, frozen=True):
    """A package that is here, as uploading it answers."""

    unique_identifier: str
    manifest: msgspec.Raw
    verification: object


class Taken(msgspec.Struct, frozen=True):
    """One thing that a bundle brings: a package that is kept now, or where to get one."""

    type: Literal["github", "marketplace", "package"]
    value: object


class Library:
    """``policy`` says which packages are taken."""

    def __init__(self, database: Database, objects: PluginObjects, policy: Policy) -> None:
        self._database, self._objects, self._policy = database, objects, policy
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.declarations = Declarations(database)

    @property
    def most_bytes(self) -> int:
        """Of a package."""
        return self._policy.most_bytes

    @property
    def most_bundle_bytes(self) -> int:
        """Of a bundle."""
        return self._policy.most_bundle_bytes

    async def take(self, content: bytes, *, must_be_signed: bool = False, origin: Origin = "file") -> Known:
        """Keeps a package: objects first, then the row that makes it known. Raises `PluginBadRequest`."""
        async with self._places:
            package = await asyncio.to_thread(self._decode, content, must_be_signed, origin)
            await self._objects.keep(package.identifier, content, package.assets)
        written = msgspec.json.encode(package.declaration)
        verification = None if package.verification is None else msgspec.to_builtins(package.verification)
        now = utc_now()
        values = {
            "plugin_unique_identifier": str(package.identifier),
            "plugin_id": package.identifier.plugin_id,
            "category": package.category,
            "declaration": written.decode(),
            "verification": verification,
            "size": len(content),
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.write() as session:
            await store.keep_package(session, values, package.readmes)
        return Known(str(package.identifier), msgspec.Raw(written), verification)

    async def take_bundle(self, content: bytes, *, must_be_signed: bool = False) -> list[Taken]:
        """Keeps the packages of a bundle, one after the other, and tells what else it names.

        All of them are decoded before the first is kept. Raises `PluginBadRequest`.
        """
        async with self._places:
            brought = await asyncio.to_thread(self._check_bundle, content, must_be_signed)
        found: list[Taken] = []
        for one in brought:
            if isinstance(one, Inside):
                known = await self.take(one.content, must_be_signed=must_be_signed, origin="bundle")
                value = {"unique_identifier": known.unique_identifier, "manifest": known.manifest}
                found.append(Taken("package", value))
            else:
                kind = "github" if isinstance(one, Github) else "marketplace"
                found.append(Taken(kind, msgspec.to_builtins(one)))
        return found

    def _check_bundle(self, content: bytes, must_be_signed: bool) -> Sequence[Dependency]:
        try:
            brought = read_bundle(content, most_bytes=self._policy.most_bundle_bytes)
        except PackageFault as fault:
            raise PluginBadRequest(str(fault)) from fault
        for one in brought:
            if isinstance(one, Inside):
                self._decode(one.content, must_be_signed, "bundle", one.path)
        return brought

    def _decode(self, content: bytes, must_be_signed: bool, origin: Origin, path: str = "") -> Package:
        try:
            return decode_package(content, self._policy, must_be_signed=must_be_signed, origin=origin)
        except PackageFault as fault:
            raise PluginBadRequest(f"{path}: {fault}" if path else str(fault)) from fault

    async def known(self, identifier: UniqueIdentifier) -> Known:
        """What uploading the package answered. Raises `PluginNotFound`."""
        async with self._database.read() as session:
            row = await store.package(session, str(identifier))
        if row is None:
            raise PluginNotFound
        return Known(str(identifier), msgspec.Raw(row.declaration.encode()), row.verification)

    async def shown(self, identifier: UniqueIdentifier) -> Shown:
        """The package's declaration. Raises `PluginNotFound`."""
        found = await self.declarations.of([str(identifier)])
        if not found:
            raise PluginNotFound
        return found[str(identifier)]

    async def has(self, identifier: UniqueIdentifier) -> bool:
        """Whether the package is here."""
        async with self._database.read() as session:
            return bool(await store.package_moments(session, [str(identifier)]))

    async def readme(self, identifier: UniqueIdentifier, language: str) -> tuple[str, str]:
        """The text and its language; English where there is none in ``language``. Raises `NothingFound`."""
        async with self._database.read() as session:
            found = await store.readme(session, str(identifier), (language or ENGLISH, ENGLISH))
        if found is None:
            raise NothingFound("the package has no README.md, or is not here")
        return found.content, found.language

    async def asset(self, name: str) -> bytes:
        """An icon by its id. Raises `NothingFound`."""
        return await self._objects.asset(name)

    async def packaged_file(self, identifier: UniqueIdentifier, path: str) -> bytes:
        """One file of a package. Raises `PluginNotFound`, `NothingFound`."""
        return await self._objects.packaged_file(identifier, path, most_bytes=self._policy.most_bytes)


def identifier_of(text: str) -> UniqueIdentifier:
    """Raises `InvalidIdentifier`."""
    try:
        return UniqueIdentifier.parse(text)
    except MalformedIdentifier as error:
        raise InvalidIdentifier(str(error)) from error
