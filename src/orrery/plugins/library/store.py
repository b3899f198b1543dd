"""SQL of the library. Queries about installations and tasks start from one workspace."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.ids import new_id
from orrery.database.insert_missing import InsertMissing
from orrery.plugins.library.tables import PluginInstallation, PluginInstallTask, PluginPackage, PluginReadme


async def keep_package(session: AsyncSession, values: Mapping[str, object], readmes: Mapping[str, str]) -> None:
    """Adds a package, or renews what is known of it."""
    identifier = values["plugin_unique_identifier"]
    await session.execute(InsertMissing(PluginPackage).values(id=new_id(), **values))
    changed = {name: value for name, value in values.items() if name != "created_at"}
    await session.execute(
        update(PluginPackage).where(PluginPackage.plugin_unique_identifier == identifier).values(**changed)
    )
    for language, content in readmes.items():
        row = {"id": new_id(), "plugin_unique_identifier": identifier, "language": language, "content": content}
        await session.execute(InsertMissing(PluginReadme).values(**row))


async def package(session: AsyncSession, identifier: str) -> PluginPackage | None:
    """The row of a package."""
    return await session.scalar(select(PluginPackage).where(PluginPackage.plugin_unique_identifier == identifier))


async def packages(session: AsyncSession, identifiers: Collection[str]) -> dict[str, PluginPackage]:
    """The rows of packages by identifier."""
    if not identifiers:
        return {}
    query = select(PluginPackage).where(PluginPackage.plugin_unique_identifier.in_(identifiers))
    return {row.plugin_unique_identifier: row for row in await session.scalars(query)}


async def package_moments(session: AsyncSession, identifiers: Collection[str]) -> dict[str, datetime]:
    """When the rows of packages were written last, by identifier."""
    if not identifiers:
        return {}
    query = select(PluginPackage.plugin_unique_identifier, PluginPackage.updated_at)
    rows = await session.execute(query.where(PluginPackage.plugin_unique_identifier.in_(identifiers)))
    return {row[0]: row[1] for row in rows.all()}


async def readme(session: AsyncSession, identifier: str, languages: Sequence[str]) -> PluginReadme | None:
    """The text in the first of ``languages`` in which there is one."""
    query = select(PluginReadme).where(
        PluginReadme.plugin_unique_identifier == identifier, PluginReadme.language.in_(languages)
    )
    found = {row.language: row for row in await session.scalars(query)}
    return next((found[language] for language in languages if language in found), None)


def installations_of(workspace: str) -> Select[PluginInstallation]:
    """The statement that queries of installations start from; the newest come first."""
    return (
        select(PluginInstallation)
        .where(PluginInstallation.tenant_id == workspace)
        .order_by(PluginInstallation.created_at.desc(), PluginInstallation.id.desc())
    )


def of_category(query: Select[PluginInstallation], category: str) -> Select[PluginInstallation]:
    """``query`` without the installations of other categories."""
    here = PluginPackage.plugin_unique_identifier == PluginInstallation.plugin_unique_identifier
    return query.join(PluginPackage, here).where(PluginPackage.category == category)


async def page_of(
    session: AsyncSession, query: Select[PluginInstallation], page: int, size: int
) -> list[PluginInstallation]:
    """One page; the first is 1."""
    return list(await session.scalars(query.offset((page - 1) * size).limit(size)))


async def count(session: AsyncSession, workspace: str) -> int:
    """How many plugins a workspace has."""
    query = select(func.count()).select_from(PluginInstallation).where(PluginInstallation.tenant_id == workspace)
    return await session.scalar(query) or 0


async def installed(
    session: AsyncSession, workspace: str, plugin_ids: Collection[str], *, lock: bool = False
) -> dict[str, PluginInstallation]:
    """A workspace's installations by plugin; ``lock`` holds them until the transaction ends."""
    if not plugin_ids:
        return {}
    query = installations_of(workspace).where(PluginInstallation.plugin_id.in_(plugin_ids))
    rows = await session.scalars(query.with_for_update() if lock else query)
    return {row.plugin_id: row for row in rows}


async def install(session: AsyncSession, values: Mapping[str, object]) -> PluginInstallation:
    """Adds an installation, unless the workspace has the plugin already; what is there after that."""
    await session.execute(InsertMissing(PluginInstallation).values(id=new_id(), **values))
    query = installations_of(str(values["tenant_id"])).where(PluginInstallation.plugin_id == values["plugin_id"])
    # Locked, and so read as it is now: a plain read of this transaction may not see what another just added.
    return (await session.scalars(query.with_for_update())).one()


async def uninstall(session: AsyncSession, workspace: str, installation_id: str) -> None:
    """Forgets an installation; one that is not there is fine."""
    await session.execute(
        delete(PluginInstallation).where(
            PluginInstallation.tenant_id == workspace, PluginInstallation.id == installation_id
        )
    )


def tasks_of(workspace: str, now: datetime) -> Select[PluginInstallTask]:
    """The statement that queries of tasks start from; the newest come first, those that ran out are gone."""
    return (
        select(PluginInstallTask)
        .where(
            PluginInstallTask.tenant_id == workspace,
            or_(PluginInstallTask.expires_at.is_(None), PluginInstallTask.expires_at > now),
        )
        .order_by(PluginInstallTask.created_at.desc(), PluginInstallTask.id.desc())
    )


async def forget_tasks(
    session: AsyncSession, workspace: str, *, task_id: str | None = None, before: datetime | None = None
) -> None:
    """Deletes a workspace's tasks: one, those that ran out before a moment, or all."""
    statement = delete(PluginInstallTask).where(PluginInstallTask.tenant_id == workspace)
    if task_id is not None:
        statement = statement.where(PluginInstallTask.id == task_id)
    if before is not None:
        statement = statement.where(PluginInstallTask.expires_at <= before)
    await session.execute(statement)
