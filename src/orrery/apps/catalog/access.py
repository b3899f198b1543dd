"""Finding an app by what its callers hold: an API key or a site code. Looked up often, changed seldom.

Answers are kept for a moment; changes made in this process are seen at once, those of other processes after
`KEPT_SECONDS`.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog import store
from orrery.apps.catalog.tables import App, Site
from orrery.database.engine import Database
from orrery.errors import Forbidden, NotFound, Unauthorized
from orrery.workspaces.members.tables import Workspace

KEPT_SECONDS = 3.0
_TOUCH_SECONDS = 60.0
_MOST = 4096


class AppRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An app as its callers need it."""

    app_id: str
    workspace_id: str
    name: str
    description: str
    mode: str
    status: str
    enable_api: bool
    enable_site: bool
    workflow_id: str | None
    config_id: str | None
    max_active_requests: int | None
    created_by: str | None
    workspace_status: str
    key_id: str = ""
    site_code: str = ""


class AppAccess:
    """Looks apps up by key or code."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, AppRecord]] = OrderedDict()
        self._touched: dict[str, float] = {}
        self._changes = 0

    async def by_key(self, token: str) -> AppRecord:
        """Raises `Unauthorized` for unknown keys, `Forbidden` for apps that take no calls (workflow.md 5.1)."""
        record = self._fresh(token)
        if record is None:
            seen = self._changes
            record = await self._find_by_key(token)
            self._keep(token, record, seen)
        if record.status != "normal":
            raise Forbidden("The app's status is abnormal.")
        if not record.enable_api:
            raise Forbidden("The app's API service has been disabled.")
        if record.workspace_status == "archive":
            raise Forbidden("The workspace's status is archived.")
        await self._touch(record.key_id)
        return record

    async def by_code(self, code: str) -> AppRecord:
        """Raises `NotFound` for an unknown address; whether the page is on is the caller's to check."""
        record = self._fresh(f"site:{code}")
        if record is None:
            seen = self._changes
            async with self._database.read() as session:
                row = (
                    await session.execute(
                        select(Site, App)
                        .join(App, App.id == Site.app_id)
                        .where(Site.code == code, Site.status == "normal")
                    )
                ).first()
                if row is None:
                    raise NotFound
                record = await _record(session, row[1], site_code=code)
            self._keep(f"site:{code}", record, seen)
        return record

    def forget(self, app_id: str) -> None:
        """Drops what is kept of an app, after a change in this process."""
        self._changes += 1
        for key in [key for key, (_, record) in self._kept.items() if record.app_id == app_id]:
            del self._kept[key]

    def _fresh(self, key: str) -> AppRecord | None:
        found = self._kept.get(key)
        if found is None or self._clock() - found[0] > KEPT_SECONDS:
            return None
        return found[1]

    def _keep(self, key: str, record: AppRecord, seen: int) -> None:
        if seen != self._changes:
            # Something changed while this was read: it may be older than the change.
            return
        self._kept[key] = (self._clock(), record)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    async def _find_by_key(self, token: str) -> AppRecord:
        async with self._database.read() as session:
            found = await store.find_key_app(session, token)
            if found is None:
                raise Unauthorized("Access token is invalid")
            key, app = found
            if app is None:
                raise Forbidden("The app no longer exists.")
            return await _record(session, app, key_id=key.id)

    async def _touch(self, key_id: str) -> None:
        """Notes the use of a key, at most once a minute."""
        now = self._clock()
        if now - self._touched.get(key_id, -_TOUCH_SECONDS) < _TOUCH_SECONDS:
            return
        self._touched[key_id] = now
        async with self._database.write() as session:
            await store.touch_key(session, key_id)


async def _record(session: AsyncSession, app: App, *, key_id: str = "", site_code: str = "") -> AppRecord:
    workspace = await session.get(Workspace, app.tenant_id)
    return AppRecord(
        app_id=app.id,
        workspace_id=app.tenant_id,
        name=app.name,
        description=app.description,
        mode=app.mode,
        status=app.status,
        enable_api=app.enable_api,
        enable_site=app.enable_site,
        workflow_id=app.workflow_id,
        config_id=app.app_model_config_id,
        max_active_requests=app.max_active_requests,
        created_by=app.created_by,
        workspace_status=workspace.status if workspace is not None else "archive",
        key_id=key_id,
        site_code=site_code,
    )
