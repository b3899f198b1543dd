"""Rules about apps: making, changing, switching on and off, deleting; their sites and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog import store
from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.errors import AppNotFound, MaxKeysExceeded
from orrery.apps.catalog.modes import BASIC_MODES, blank_config, check_creatable
from orrery.apps.catalog.searched import NoKnowledge, SearchedDatasets
from orrery.apps.catalog.tables import ApiKey, App, AppModelConfig, Site, Tag
from orrery.apps.runs.basic_knowledge import knowledge_ids
from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam, NotFound
from orrery.security.tokens import api_key, random_code

MOST_KEYS = 10


class Actor(msgspec.Struct, frozen=True):
    """Who does something in which workspace."""

    workspace_id: str
    account_id: str


class AppDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a new app is made from."""

    name: str
    mode: str
    description: str = ""
    icon_type: str | None = "emoji"
    icon: str | None = None
    icon_background: str | None = None
    use_icon_as_answer_icon: bool = False


class AppView(msgspec.Struct, frozen=True):
    """An app with what its pages show beside it."""

    app: App
    site: Site | None
    config: AppModelConfig | None
    tags: Sequence[Tag] = ()
    has_draft_trigger: bool = False


async def add_app(session: AsyncSession, who: Actor, draft: AppDraft) -> App:
    """Makes the app with its site, and a blank configuration for basic modes. The caller's transaction commits."""
    icon_type = draft.icon_type if draft.icon_type in {"emoji", "image", "link"} else "emoji"
    app = App(
        tenant_id=who.workspace_id,
        name=draft.name,
        mode=check_creatable(draft.mode),
        description=draft.description,
        icon_type=icon_type,
        icon=draft.icon,
        icon_background=draft.icon_background,
        use_icon_as_answer_icon=draft.use_icon_as_answer_icon,
        created_by=who.account_id,
        updated_by=who.account_id,
    )
    session.add(app)
    await session.flush()
    session.add(
        Site(
            app_id=app.id,
            code=random_code(),
            title=app.name,
            icon_type=icon_type,
            icon=draft.icon,
            icon_background=draft.icon_background,
            created_by=who.account_id,
            updated_by=who.account_id,
        )
    )
    if app.mode in BASIC_MODES:
        await add_config(session, app, blank_config(app.mode), who.account_id)
    return app


async def add_config(session: AsyncSession, app: App, configs: Mapping[str, object], account_id: str) -> AppModelConfig:
    """Saves a configuration of a basic app and puts it in use."""
    config = AppModelConfig(app_id=app.id, configs=dict(configs), created_by=account_id)
    session.add(config)
    await session.flush()
    app.app_model_config_id = config.id
    app.updated_by, app.updated_at = account_id, utc_now()
    return config


class AppService:
    """Use cases on apps. Each is one transaction."""

    def __init__(self, database: Database, access: AppAccess, searched: SearchedDatasets | None = None) -> None:
        self._database = database
        self._access = access
        self._searched = searched or NoKnowledge()

    async def page(
        self,
        who: Actor,
        *,
        page: int,
        limit: int,
        mode: str | None,
        name: str | None,
        tag_ids: Sequence[str],
        mine: bool,
    ) -> tuple[list[AppView], int]:
        """One page of apps, newest first, and how many there are in all."""
        async with self._database.read() as session:
            apps, total = await store.page_of_apps(
                session,
                who.workspace_id,
                page=page,
                limit=limit,
                mode=mode,
                name=name,
                tag_ids=tag_ids,
                created_by=who.account_id if mine else None,
            )
            configs = await store.configs_of(session, apps)
            tags = await store.tags_on(session, who.workspace_id, [app.id for app in apps])
            triggered = await store.with_draft_triggers(session, apps)
        views = [
            AppView(app, None, configs.get(app.app_model_config_id or ""), tags.get(app.id, ()), app.id in triggered)
            for app in apps
        ]
        return views, total

    async def get(self, workspace_id: str, app_id: str, *, modes: frozenset[str] | None = None) -> AppView:
        """Raises `AppNotFound`, also when the app is of another mode than ``modes``."""
        async with self._database.read() as session:
            app = await store.find_app(session, workspace_id, app_id)
            if app is None or (modes is not None and app.mode not in modes):
                raise AppNotFound
            site = await store.find_site(session, app_id)
            config = await store.find_config(session, app.app_model_config_id)
            tags = await store.tags_on(session, workspace_id, [app_id])
        return AppView(app, site, config, tags.get(app_id, ()))

    async def create(self, who: Actor, draft: AppDraft) -> AppView:
        """Raises `InvalidParam` for a mode or name that can't be."""
        if not draft.name.strip():
            raise InvalidParam("name: must not be empty.", params="name")
        async with self._database.write() as session:
            app = await add_app(session, who, draft)
        return await self.get(who.workspace_id, app.id)

    async def change(self, who: Actor, app_id: str, changes: Mapping[str, object]) -> AppView:
        """Sets the given columns of the app. Raises `AppNotFound`."""
        async with self._database.write() as session:
            app = await self._for_edit(session, who, app_id)
            for name, value in changes.items():
                setattr(app, name, value)
            app.updated_by, app.updated_at = who.account_id, utc_now()
        self._access.forget(app_id)
        return await self.get(who.workspace_id, app_id)

    async def delete(self, who: Actor, app_id: str) -> None:
        """Removes the app and everything of it. Raises `AppNotFound`."""
        async with self._database.write() as session:
            await session.delete(await self._for_edit(session, who, app_id))
        self._access.forget(app_id)

    async def save_config(self, who: Actor, app_id: str, configs: Mapping[str, object]) -> None:
        """Saves and publishes a basic app's configuration. Raises `AppNotFound` for graph apps too."""
        async with self._database.write() as session:
            app = await self._for_edit(session, who, app_id)
            if app.mode not in BASIC_MODES:
                raise AppNotFound
            await add_config(session, app, configs, who.account_id)
            await self._searched.keep(session, who.workspace_id, app_id, knowledge_ids(configs))
        self._access.forget(app_id)

    async def change_site(self, who: Actor, app_id: str, changes: Mapping[str, object]) -> Site:
        """Raises `AppNotFound`."""
        async with self._database.write() as session:
            await self._for_edit(session, who, app_id)
            site = await store.find_site(session, app_id)
            if site is None:
                raise NotFound("Site not found.")
            for name, value in changes.items():
                setattr(site, name, value)
            site.updated_by, site.updated_at = who.account_id, utc_now()
        self._access.forget(app_id)
        return site

    async def reset_site_code(self, who: Actor, app_id: str) -> Site:
        """Gives the page a new address; the old one stops working."""
        return await self.change_site(who, app_id, {"code": random_code()})

    async def keys(self, who: Actor, app_id: str) -> list[ApiKey]:
        async with self._database.read() as session:
            await self._found(session, who, app_id)
            return await store.keys_of(session, who.workspace_id, app_id)

    async def add_key(self, who: Actor, app_id: str) -> ApiKey:
        """Raises `MaxKeysExceeded` beyond ten."""
        async with self._database.write() as session:
            if await store.find_app(session, who.workspace_id, app_id, locked=True) is None:
                raise AppNotFound
            if len(await store.keys_of(session, who.workspace_id, app_id)) >= MOST_KEYS:
                raise MaxKeysExceeded
            key = ApiKey(tenant_id=who.workspace_id, app_id=app_id, type="app", token=api_key("app"))
            session.add(key)
            await session.flush()
        return key

    async def delete_key(self, who: Actor, app_id: str, key_id: str) -> str:
        """The token that no longer works. Raises `NotFound`."""
        async with self._database.write() as session:
            await self._for_edit(session, who, app_id)
            token = await store.delete_key(session, who.workspace_id, app_id, key_id)
        if token is None:
            raise NotFound("API key not found")
        self._access.forget(app_id)
        return token

    async def _found(self, session: AsyncSession, who: Actor, app_id: str) -> App:
        app = await store.find_app(session, who.workspace_id, app_id)
        if app is None:
            raise AppNotFound
        return app

    _for_edit = _found
