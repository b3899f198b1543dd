"""SQL of apps, sites, keys and tags. Every query starts from one workspace."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.tables import ApiKey, App, AppModelConfig, Site, Tag, TagBinding
from orrery.apps.workflows.tables import Workflow
from orrery.database.orm import utc_now


def apps_of(workspace_id: str) -> Select[App]:
    """The statement that every query of apps starts from."""
    return select(App).where(App.tenant_id == workspace_id, App.status == "normal")


async def find_app(session: AsyncSession, workspace_id: str, app_id: str, *, locked: bool = False) -> App | None:
    """``locked`` keeps others from locking it until the transaction ends (SQLite's writers wait anyway)."""
    query = apps_of(workspace_id).where(App.id == app_id)
    return await session.scalar(query.with_for_update() if locked else query)


async def page_of_apps(
    session: AsyncSession,
    workspace_id: str,
    *,
    page: int,
    limit: int,
    mode: str | None,
    name: str | None,
    tag_ids: Sequence[str],
    created_by: str | None,
) -> tuple[list[App], int]:
    """One page, newest first, and the total."""
    query = apps_of(workspace_id)
    if mode and mode != "all":
        query = query.where(App.mode == mode)
    if name:
        query = query.where(App.name.icontains(name, autoescape=True))
    if created_by:
        query = query.where(App.created_by == created_by)
    if tag_ids:
        tagged = select(TagBinding.target_id).where(
            TagBinding.tenant_id == workspace_id, TagBinding.tag_id.in_(tag_ids)
        )
        query = query.where(App.id.in_(tagged))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = await session.scalars(
        query.order_by(App.created_at.desc(), App.id.desc()).offset((page - 1) * limit).limit(limit)
    )
    return list(rows), total


async def with_draft_triggers(session: AsyncSession, apps: Sequence[App]) -> set[str]:
    """Those of the workflow apps whose draft holds a trigger, by id."""
    ids = [app.id for app in apps if app.mode == "workflow"]
    if not ids:
        return set()
    # Graphs are kept as compact JSON text: a hundred of them are searched where they lie, not read.
    drafts = select(Workflow.app_id).where(Workflow.app_id.in_(ids), Workflow.version == "draft")
    return set(await session.scalars(drafts.where(Workflow.graph.contains('"type":"trigger-'))))


async def find_site(session: AsyncSession, app_id: str) -> Site | None:
    return await session.scalar(select(Site).where(Site.app_id == app_id))


async def find_config(session: AsyncSession, config_id: str | None) -> AppModelConfig | None:
    return None if config_id is None else await session.get(AppModelConfig, config_id)


async def configs_of(session: AsyncSession, apps: Sequence[App]) -> dict[str, AppModelConfig]:
    """The configurations in use, by their id."""
    ids = [app.app_model_config_id for app in apps if app.app_model_config_id]
    if not ids:
        return {}
    rows = await session.scalars(select(AppModelConfig).where(AppModelConfig.id.in_(ids)))
    return {row.id: row for row in rows}


async def keys_of(session: AsyncSession, workspace_id: str, app_id: str) -> list[ApiKey]:
    rows = await session.scalars(
        select(ApiKey)
        .where(ApiKey.tenant_id == workspace_id, ApiKey.app_id == app_id, ApiKey.type == "app")
        .order_by(ApiKey.created_at, ApiKey.id)
    )
    return list(rows)


async def delete_key(session: AsyncSession, workspace_id: str, app_id: str, key_id: str) -> str | None:
    """The token of the deleted key, or None when there was none."""
    key = await session.scalar(
        select(ApiKey).where(ApiKey.tenant_id == workspace_id, ApiKey.app_id == app_id, ApiKey.id == key_id)
    )
    if key is None:
        return None
    await session.delete(key)
    return key.token


async def find_key_app(session: AsyncSession, token: str) -> tuple[ApiKey, App | None] | None:
    """The app key with this token and its app, whatever the app's state."""
    row = (
        await session.execute(
            select(ApiKey, App)
            .outerjoin(App, App.id == ApiKey.app_id)
            .where(ApiKey.token == token, ApiKey.type == "app")
        )
    ).first()
    return None if row is None else (row[0], row[1])


async def touch_key(session: AsyncSession, key_id: str) -> None:
    await session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=utc_now()))


async def tags_of_workspace(
    session: AsyncSession, workspace_id: str, kind: str, keyword: str | None
) -> list[tuple[Tag, int]]:
    """Tags with the number of their bindings."""
    query = (
        select(Tag, func.count(TagBinding.id))
        .outerjoin(TagBinding, TagBinding.tag_id == Tag.id)
        .where(Tag.tenant_id == workspace_id, Tag.type == kind)
        .group_by(Tag.id)
        .order_by(Tag.created_at.desc())
    )
    if keyword:
        query = query.where(Tag.name.icontains(keyword, autoescape=True))
    return [(row[0], row[1]) for row in await session.execute(query)]


async def tags_on(session: AsyncSession, workspace_id: str, target_ids: Sequence[str]) -> dict[str, list[Tag]]:
    """The tags of each target."""
    if not target_ids:
        return {}
    rows = await session.execute(
        select(TagBinding.target_id, Tag)
        .join(Tag, Tag.id == TagBinding.tag_id)
        .where(TagBinding.tenant_id == workspace_id, TagBinding.target_id.in_(target_ids))
    )
    found: dict[str, list[Tag]] = {}
    for target_id, tag in rows:
        found.setdefault(target_id, []).append(tag)
    return found


async def find_tag(session: AsyncSession, workspace_id: str, tag_id: str) -> Tag | None:
    return await session.scalar(select(Tag).where(Tag.tenant_id == workspace_id, Tag.id == tag_id))


async def unbind(session: AsyncSession, workspace_id: str, tag_id: str, target_id: str) -> None:
    await session.execute(
        delete(TagBinding).where(
            TagBinding.tenant_id == workspace_id, TagBinding.tag_id == tag_id, TagBinding.target_id == target_id
        )
    )


async def tagged_with(session: AsyncSession, workspace_id: str, tag_ids: Sequence[str]) -> frozenset[str]:
    """The targets with any of the tags."""
    query = select(TagBinding.target_id).where(TagBinding.tenant_id == workspace_id, TagBinding.tag_id.in_(tag_ids))
    return frozenset(await session.scalars(query))


async def forget_target(session: AsyncSession, workspace_id: str, target_id: str) -> None:
    await session.execute(
        delete(TagBinding).where(TagBinding.tenant_id == workspace_id, TagBinding.target_id == target_id)
    )
