"""Which plugins a workspace has, and what they bring: from declarations alone, without running anything (10.1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast

import msgspec

from orrery.database.engine import Database
from orrery.plugins.errors import PluginNotFound
from orrery.plugins.library import store
from orrery.plugins.library.shown import CATEGORIES, Declarations, Kind, Shown
from orrery.plugins.library.tables import PluginInstallation
from orrery.plugins.package.identity import UniqueIdentifier

MOST_PER_PAGE = 256


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin of a workspace, as the contract shows it. Its endpoints are none: nothing answers them yet."""

    id: str
    name: str
    plugin_id: str
    tenant_id: str
    plugin_unique_identifier: str
    endpoints_active: int = 0
    endpoints_setups: int = 0
    installation_id: str
    declaration: msgspec.Raw
    runtime_type: str
    version: str
    created_at: datetime
    updated_at: datetime
    source: str
    checksum: str
    meta: object


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """What an installed plugin brings of one kind. ``meta`` is shown of agent strategies alone."""

    id: str
    created_at: datetime
    updated_at: datetime
    provider: str
    tenant_id: str
    plugin_unique_identifier: str
    plugin_id: str
    declaration: msgspec.Raw
    meta: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Words in names and texts, and tags that a plugin has one of."""

    words: str = ""
    tags: frozenset[str] = frozenset()

    def fits(self, found: Shown) -> bool:
        declared = found.declared
        if self.tags and not self.tags & set(declared.tags):
            return False
        texts = (declared.name, *declared.label.values(), *declared.description.values())
        return not self.words or any(self.words.lower() in text.lower() for text in texts)


class Listing:
    """Answers from rows and declarations that are kept in memory."""

    def __init__(self, database: Database, declarations: Declarations) -> None:
        self._database, self._declarations = database, declarations

    async def page(self, workspace: str, page: int, size: int) -> tuple[list[Installed], int]:
        """One page of a workspace's plugins, and how many there are."""
        async with self._database.read() as session:
            rows = await store.page_of(session, store.installations_of(workspace), page, size)
            total = await store.count(session, workspace)
        return await self._installed(rows), total

    async def of_category(
        self, workspace: str, category: str, page: int, size: int, search: Search
    ) -> tuple[list[Installed], bool]:
        """One page of the plugins of a category that fit, and whether there are more."""
        query = store.of_category(store.installations_of(workspace), category)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
        known = await self._known(rows)
        fitting = [row for row in rows if (found := known.get(row.plugin_unique_identifier)) and search.fits(found)]
        return await self._installed(fitting[(page - 1) * size : page * size]), len(fitting) > page * size

    async def ids(self, workspace: str, category: str) -> list[str]:
        """The ids of a workspace's plugins, of one category or (empty) of all."""
        query = store.installations_of(workspace)
        async with self._database.read() as session:
            rows = await session.scalars(store.of_category(query, category) if category else query)
            return [row.plugin_id for row in rows]

    async def by_plugin(self, workspace: str, plugin_ids: Collection[str]) -> list[Installed]:
        """A workspace's installations of these plugins."""
        async with self._database.read() as session:
            rows = await store.installed(session, workspace, plugin_ids)
        return await self._installed(list(rows.values()))

    async def installation(self, workspace: str, plugin_id: str) -> UniqueIdentifier:
        """The version of a plugin that a workspace has. Raises `PluginNotFound`."""
        async with self._database.read() as session:
            row = (await store.installed(session, workspace, [plugin_id])).get(plugin_id)
        if row is None:
            raise PluginNotFound
        return UniqueIdentifier.parse(row.plugin_unique_identifier)

    async def missing(self, workspace: str, wanted: Sequence[UniqueIdentifier]) -> list[tuple[str, str]]:
        """Those of ``wanted`` that are not installed, each with the version that is (empty: none)."""
        async with self._database.read() as session:
            rows = await store.installed(session, workspace, {identifier.plugin_id for identifier in wanted})
        here = {plugin: row.plugin_unique_identifier for plugin, row in rows.items()}
        return [
            (str(identifier), here.get(identifier.plugin_id, ""))
            for identifier in wanted
            if here.get(identifier.plugin_id) != str(identifier)
        ]

    async def providers(self, workspace: str, kind: Kind, page: int, size: int) -> list[Provider]:
        """One page of the providers of a kind."""
        query = store.of_category(store.installations_of(workspace), CATEGORIES[kind])
        async with self._database.read() as session:
            rows = await store.page_of(session, query, page, size)
        return self._providers(rows, await self._known(rows), kind)

    async def provider(self, workspace: str, kind: Kind, plugin_id: str, name: str) -> Provider:
        """One provider. Raises `PluginNotFound`."""
        async with self._database.read() as session:
            rows = list((await store.installed(session, workspace, [plugin_id])).values())
        for found in self._providers(rows, await self._known(rows), kind):
            if found.provider == name:
                return found
        raise PluginNotFound(f"{plugin_id} with the {kind} provider {name[:80]} is not installed")

    async def have_tools(self, workspace: str, wanted: Sequence[tuple[str, str]]) -> list[bool]:
        """Whether each pair of plugin and tool provider is installed."""
        async with self._database.read() as session:
            rows = list((await store.installed(session, workspace, {plugin for plugin, _ in wanted})).values())
        here = {(one.plugin_id, one.provider) for one in self._providers(rows, await self._known(rows), "tool")}
        return [pair in here for pair in wanted]

    def _providers(self, rows: Sequence[PluginInstallation], known: Mapping[str, Shown], kind: Kind) -> list[Provider]:
        found: list[Provider] = []
        for row in rows:
            shown = known.get(row.plugin_unique_identifier)
            part = shown.part(kind) if shown else None
            if shown is None or part is None:
                continue
            found.append(
                Provider(
                    id=row.id,
                    created_at=row.created_at,
                    updated_at=row.updated_at,
                    provider=shown.providers[kind],
                    tenant_id=row.tenant_id,
                    plugin_unique_identifier=row.plugin_unique_identifier,
                    plugin_id=row.plugin_id,
                    declaration=part,
                    meta=shown.declared.meta if kind == "agent_strategy" else msgspec.UNSET,
                )
            )
        return found

    async def _known(self, rows: Sequence[PluginInstallation]) -> dict[str, Shown]:
        return await self._declarations.of({row.plugin_unique_identifier for row in rows})

    async def _installed(self, rows: Sequence[PluginInstallation]) -> list[Installed]:
        known = await self._known(rows)
        return [_one(row, known[row.plugin_unique_identifier]) for row in rows if row.plugin_unique_identifier in known]


def _one(row: PluginInstallation, shown: Shown) -> Installed:
    identifier = UniqueIdentifier.parse(row.plugin_unique_identifier)
    return Installed(
        id=row.id,
        name=shown.declared.name,
        plugin_id=row.plugin_id,
        tenant_id=row.tenant_id,
        plugin_unique_identifier=row.plugin_unique_identifier,
        installation_id=row.id,
        declaration=shown.whole,
        runtime_type=row.runtime_type,
        version=identifier.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        source=row.source,
        checksum=identifier.checksum,
        meta=cast("object", row.meta or {}),
    )
