"""Installing, upgrading and uninstalling plugins of a workspace (3.4, 6.1).

An installation is rows alone, since no code of a plugin is run: each request is one transaction, done or not done when
it is answered. Its task says so, and that nothing of the plugin can be called yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.database.orm import utc_now
from orrery.database.patience import patiently
from orrery.plugins.errors import NOT_RUN, NothingFound, PluginBadRequest, PluginNotFound
from orrery.plugins.library import store
from orrery.plugins.library.shown import Declarations, Shown
from orrery.plugins.library.tables import PluginInstallTask
from orrery.plugins.library.tasks import Status, Task, TaskPlugin, entry, task_of, values_of
from orrery.plugins.package.identity import UniqueIdentifier

INSTALLED = f"Installed. {NOT_RUN}"
MOST_AT_ONCE = 64
_WAITS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before further attempts; a caller waits for them."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A plugin to install, where its package came from, and what its source tells of it."""

    identifier: UniqueIdentifier
    source: str
    meta: dict[str, object] = {}


class Started(msgspec.Struct, frozen=True):
    """``all_installed``: there was nothing to do, and no task."""

    all_installed: bool
    task_id: str = ""


class Installations:
    """Changes which plugins workspaces have."""

    def __init__(
        self, database: Database, declarations: Declarations, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._database, self._declarations, self._now = database, declarations, now

    async def install(self, workspace: str, wishes: Sequence[Wish]) -> Started:
        """Installs what can be installed; the task tells of each. Raises `PluginBadRequest`."""
        # Tried again where databases let one of several that do the same at once fail: done twice it is done once.
        started = await patiently(lambda: self._try_install(workspace, wishes), _WAITS)
        await self._tidy(workspace)
        return started

    async def _try_install(self, workspace: str, wishes: Sequence[Wish]) -> Started:
        if not wishes or len(wishes) > MOST_AT_ONCE:
            raise PluginBadRequest(f"1 to {MOST_AT_ONCE} plugins can be installed at once")
        plugins = [wish.identifier.plugin_id for wish in wishes]
        if len(set(plugins)) < len(plugins):
            raise PluginBadRequest("a plugin is named twice: a workspace has one version of each")
        wanted = {wish.identifier.plugin_id: str(wish.identifier) for wish in wishes}
        known = await self._declarations.of(list(wanted.values()))
        async with self._database.write() as session:
            here = await store.installed(session, workspace, plugins)
            if all(p in here and here[p].plugin_unique_identifier == text for p, text in wanted.items()):
                return Started(True)
            faults: dict[str, str] = {}
            # In one order everywhere: two requests with the same plugins must not wait for each other.
            for wish in sorted(wishes, key=lambda wish: wish.identifier.plugin_id):
                text = str(wish.identifier)
                faults[text] = await self._install(session, workspace, wish) if text in known else _not_here(text)
            done = [_outcome(wish, known.get(str(wish.identifier)), faults[str(wish.identifier)]) for wish in wishes]
            return Started(False, await self._keep_task(session, workspace, done))

    async def _install(self, session: AsyncSession, workspace: str, wish: Wish) -> str:
        """The fault, if there is one."""
        now = self._now()
        row = await store.install(
            session,
            {
                "tenant_id": workspace,
                "plugin_id": wish.identifier.plugin_id,
                "plugin_unique_identifier": str(wish.identifier),
                "runtime_type": "local",
                "source": wish.source,
                "meta": wish.meta,
                "created_at": now,
                "updated_at": now,
            },
        )
        if row.plugin_unique_identifier == str(wish.identifier):
            return ""
        return f"{row.plugin_unique_identifier} is installed already: upgrade it to {wish.identifier.version} instead"

    async def upgrade(self, workspace: str, old: UniqueIdentifier, wish: Wish) -> Started:
        """Puts another version of a plugin in the place of ``old``. Raises `PluginBadRequest`, `PluginNotFound`."""
        started = await patiently(lambda: self._try_upgrade(workspace, old, wish), _WAITS)
        await self._tidy(workspace)
        return started

    async def _try_upgrade(self, workspace: str, old: UniqueIdentifier, wish: Wish) -> Started:
        new = wish.identifier
        if old == new:
            raise PluginBadRequest("original and new plugin unique identifier are the same")
        if old.plugin_id != new.plugin_id:
            raise PluginBadRequest("original and new plugin id are different")
        known = (await self._declarations.of([str(new)])).get(str(new))
        if known is None:
            raise PluginNotFound(_not_here(str(new)))
        async with self._database.write() as session:
            row = (await store.installed(session, workspace, [old.plugin_id], lock=True)).get(old.plugin_id)
            if row is None or row.plugin_unique_identifier not in {str(old), str(new)}:
                raise PluginNotFound(f"{old} is not installed")
            if row.plugin_unique_identifier == str(new):
                return Started(True)
            row.plugin_unique_identifier, row.source, row.meta = str(new), wish.source, wish.meta
            row.updated_at = self._now()
            done = entry(str(new), new.plugin_id, known, "success", INSTALLED, wish.source)
            return Started(False, await self._keep_task(session, workspace, [done]))

    async def uninstall(self, workspace: str, installation_id: str) -> None:
        """Forgets an installation; one that is not there is fine."""
        async with self._database.write() as session:
            await store.uninstall(session, workspace, installation_id)

    async def tasks(self, workspace: str, page: int, size: int) -> list[Task]:
        """The tasks of a workspace, the newest first."""
        query = store.tasks_of(workspace, self._now()).offset((page - 1) * size).limit(size)
        async with self._database.read() as session:
            return [task_of(row) for row in await session.scalars(query)]

    async def task(self, workspace: str, task_id: str) -> Task:
        """Raises `NothingFound`."""
        query = store.tasks_of(workspace, self._now()).where(PluginInstallTask.id == task_id)
        async with self._database.read() as session:
            row = await session.scalar(query)
        if row is None:
            raise NothingFound("there is no such task")
        return task_of(row)

    async def forget_task(self, workspace: str, task_id: str | None) -> None:
        """Deletes a task, or with None all of them; one that is not there is fine."""
        async with self._database.write() as session:
            await store.forget_tasks(session, workspace, task_id=task_id)

    async def forget_plugin_of_task(self, workspace: str, task_id: str, identifier: str) -> None:
        """Takes one plugin out of a task; a task without any is deleted."""
        query = store.tasks_of(workspace, self._now()).where(PluginInstallTask.id == task_id).with_for_update()
        async with self._database.write() as session:
            row = await session.scalar(query)
            if row is None:
                return
            left = [plugin for plugin in task_of(row).plugins if plugin.plugin_unique_identifier != identifier]
            if not left:
                await session.delete(row)
                return
            values = values_of(workspace, left, self._now())
            for name in ("status", "total_plugins", "completed_plugins", "plugins", "expires_at", "updated_at"):
                setattr(row, name, values[name])

    async def _tidy(self, workspace: str) -> None:
        async def forget() -> None:
            async with self._database.write() as session:
                await store.forget_tasks(session, workspace, before=self._now())

        await patiently(forget, _WAITS)

    async def _keep_task(self, session: AsyncSession, workspace: str, done: Sequence[TaskPlugin]) -> str:
        now, task_id = self._now(), new_id()
        await session.execute(insert(PluginInstallTask).values(id=task_id, **values_of(workspace, done, now)))
        return task_id


def _outcome(wish: Wish, known: Shown | None, fault: str) -> TaskPlugin:
    status: Status = "failed" if fault else "success"
    message = fault or INSTALLED
    return entry(str(wish.identifier), wish.identifier.plugin_id, known, status, message, wish.source)


def _not_here(identifier: str) -> str:
    return f"the package {identifier} is not here: upload it first"
