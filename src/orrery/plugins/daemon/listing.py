"""What a workspace has: plugins, and the providers that they bring (3.4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.plugins.daemon.asked import Asked
from orrery.plugins.daemon.management import MANAGEMENT
from orrery.plugins.daemon.routing import Handler, Routes
from orrery.plugins.daemon.wire import Answer, bad_binding, success
from orrery.plugins.library.library import identifier_of
from orrery.plugins.library.listing import Listing, Search
from orrery.plugins.library.shown import Kind

_MOST = 256
_CATEGORIES = ("tool", "model", "extension", "agent-strategy", "datasource", "trigger")
_LISTS: tuple[tuple[str, Kind], ...] = (
    ("tools", "tool"),
    ("models", "model"),
    ("agent_strategies", "agent_strategy"),
    ("datasources", "datasource"),
    ("triggers", "trigger"),
)
_SINGLES: tuple[Kind, ...] = ("tool", "agent_strategy", "datasource", "trigger")


class _BatchBody(msgspec.Struct, frozen=True):
    plugin_ids: Annotated[list[str], Meta(max_length=_MOST)]


class _MissingBody(msgspec.Struct, frozen=True):
    plugin_unique_identifiers: Annotated[list[str], Meta(max_length=_MOST)]


class _ToolId(msgspec.Struct, frozen=True):
    plugin_id: str
    provider_name: str


class _ExistenceBody(msgspec.Struct, frozen=True):
    provider_ids: Annotated[list[_ToolId], Meta(max_length=_MOST)]


class ListRoutes:
    """Answers from declarations."""

    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def add_to(self, routes: Routes) -> None:
        """Says which paths these are."""
        routes.add("GET", MANAGEMENT + "list", self.page)
        routes.add("GET", MANAGEMENT + "installation/ids", self.ids)
        routes.add("POST", MANAGEMENT + "installation/fetch/batch", self.batch)
        routes.add("POST", MANAGEMENT + "installation/missing", self.missing)
        routes.add("POST", MANAGEMENT + "tools/check_existence", self.have_tools)
        for path, kind in _LISTS:
            routes.add("GET", MANAGEMENT + path, self._list_of(kind))
        for kind in _SINGLES:
            routes.add("GET", MANAGEMENT + kind, self._one_of(kind))
        routes.add("GET", MANAGEMENT + "{category}/list", self.of_category)

    async def page(self, asked: Asked) -> Answer:
        """One page of the workspace's plugins."""
        found, total = await self._listing.page(asked.workspace, *asked.page())
        return success({"list": found, "total": total})

    async def of_category(self, asked: Asked) -> Answer:
        """One page of the plugins of a category."""
        page, size = asked.page()
        given = asked.request.query_params.getlist("tags")
        tags = frozenset(tag for text in given for tag in text.split(",") if tag)
        search = Search(words=asked.query("query", ""), tags=tags)
        category = _category(asked.parts["category"])
        found, more = await self._listing.of_category(asked.workspace, category, page, size, search)
        return success({"list": found, "has_more": more})

    async def ids(self, asked: Asked) -> Answer:
        """The ids of the workspace's plugins."""
        category = asked.query("category", "")
        found = await self._listing.ids(asked.workspace, _category(category) if category else "")
        return success({"plugin_ids": found})

    async def batch(self, asked: Asked) -> Answer:
        """The workspace's installations of some plugins."""
        body = await asked.json(_BatchBody)
        return success(await self._listing.by_plugin(asked.workspace, set(body.plugin_ids)))

    async def missing(self, asked: Asked) -> Answer:
        """Which of some identifiers the workspace does not have."""
        body = await asked.json(_MissingBody)
        wanted = [identifier_of(text) for text in body.plugin_unique_identifiers]
        missing = await self._listing.missing(asked.workspace, wanted)
        return success([{"plugin_unique_identifier": text, "current_identifier": current} for text, current in missing])

    async def have_tools(self, asked: Asked) -> Answer:
        """For each tool provider, whether the workspace has it."""
        body = await asked.json(_ExistenceBody)
        wanted = [(one.plugin_id, one.provider_name) for one in body.provider_ids]
        return success(await self._listing.have_tools(asked.workspace, wanted))

    def _list_of(self, kind: Kind) -> Handler:
        async def providers(asked: Asked) -> Answer:
            return success(await self._listing.providers(asked.workspace, kind, *asked.page()))

        return providers

    def _one_of(self, kind: Kind) -> Handler:
        async def provider(asked: Asked) -> Answer:
            plugin_id, name = asked.query("plugin_id"), asked.query("provider")
            return success(await self._listing.provider(asked.workspace, kind, plugin_id, name))

        return provider


def _category(text: str) -> str:
    if text not in _CATEGORIES:
        raise bad_binding(f"the category has to be one of {', '.join(_CATEGORIES)}")
    return text
