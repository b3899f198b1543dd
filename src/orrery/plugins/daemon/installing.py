"""Installing, upgrading, uninstalling, and the tasks of it (3.4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.plugins.daemon.asked import Asked
from orrery.plugins.daemon.management import MANAGEMENT
from orrery.plugins.daemon.routing import Routes
from orrery.plugins.daemon.wire import Answer, success
from orrery.plugins.errors import PluginBadRequest
from orrery.plugins.library.installing import MOST_AT_ONCE, Installations, Wish
from orrery.plugins.library.library import identifier_of

_Source = Annotated[str, Meta(min_length=1, max_length=32)]
_JsonObject = dict[str, object]


class _InstallBody(msgspec.Struct, frozen=True):
    plugin_unique_identifiers: Annotated[list[str], Meta(max_length=MOST_AT_ONCE)]
    source: _Source
    metas: list[_JsonObject | None] | None = None


class _UpgradeBody(msgspec.Struct, frozen=True):
    original_plugin_unique_identifier: str
    new_plugin_unique_identifier: str
    source: _Source
    meta: _JsonObject | None = None


class _UninstallBody(msgspec.Struct, frozen=True):
    plugin_installation_id: Annotated[str, Meta(min_length=1)]


class InstallRoutes:
    """Changes which plugins a workspace has."""

    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    def add_to(self, routes: Routes) -> None:
        """Says which paths these are."""
        routes.add("POST", MANAGEMENT + "install/identifiers", self.install)
        routes.add("POST", MANAGEMENT + "install/upgrade", self.upgrade)
        routes.add("POST", MANAGEMENT + "uninstall", self.uninstall)
        routes.add("GET", MANAGEMENT + "install/tasks", self.tasks)
        routes.add("GET", MANAGEMENT + "install/tasks/{id}", self.task)
        routes.add("POST", MANAGEMENT + "install/tasks/delete_all", self.forget_all)
        routes.add("POST", MANAGEMENT + "install/tasks/{id}/delete", self.forget)
        routes.add("POST", MANAGEMENT + "install/tasks/{id}/delete/{*identifier}", self.forget_plugin)

    async def install(self, asked: Asked) -> Answer:
        """Installs packages that were uploaded."""
        body = await asked.json(_InstallBody)
        metas = body.metas or []
        if len(metas) != len(body.plugin_unique_identifiers):
            raise PluginBadRequest("the number of metas must be equal to the number of plugin unique identifiers")
        wishes = [
            Wish(identifier=identifier_of(text), source=body.source, meta=meta or {})
            for text, meta in zip(body.plugin_unique_identifiers, metas, strict=True)
        ]
        return success(await self._installations.install(asked.workspace, wishes))

    async def upgrade(self, asked: Asked) -> Answer:
        """Puts another version in the place of one."""
        body = await asked.json(_UpgradeBody)
        wish = Wish(
            identifier=identifier_of(body.new_plugin_unique_identifier), source=body.source, meta=body.meta or {}
        )
        old = identifier_of(body.original_plugin_unique_identifier)
        return success(await self._installations.upgrade(asked.workspace, old, wish))

    async def uninstall(self, asked: Asked) -> Answer:
        """Takes a plugin from a workspace."""
        body = await asked.json(_UninstallBody)
        await self._installations.uninstall(asked.workspace, body.plugin_installation_id)
        return success(data=True)

    async def tasks(self, asked: Asked) -> Answer:
        """The tasks of a workspace."""
        page, size = asked.page()
        return success(await self._installations.tasks(asked.workspace, page, size))

    async def task(self, asked: Asked) -> Answer:
        """One task."""
        return success(await self._installations.task(asked.workspace, asked.parts["id"]))

    async def forget_all(self, asked: Asked) -> Answer:
        """Deletes every task."""
        await self._installations.forget_task(asked.workspace, None)
        return success(data=True)

    async def forget(self, asked: Asked) -> Answer:
        """Deletes a task."""
        await self._installations.forget_task(asked.workspace, asked.parts["id"])
        return success(data=True)

    async def forget_plugin(self, asked: Asked) -> Answer:
        """Takes one plugin out of a task."""
        identifier = str(identifier_of(asked.parts["identifier"].strip("/")))
        await self._installations.forget_plugin_of_task(asked.workspace, asked.parts["id"], identifier)
        return success(data=True)
