"""Keys of a workspace's knowledge (``dataset-…``): making, listing, deleting, and finding who holds one."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog import store
from orrery.apps.catalog.access import KEPT_SECONDS
from orrery.apps.catalog.errors import MaxKeysExceeded
from orrery.apps.catalog.service import MOST_KEYS, Actor
from orrery.apps.catalog.tables import ApiKey
from orrery.database.engine import Database
from orrery.errors import Forbidden, NotFound, Unauthorized
from orrery.security.tokens import api_key
from orrery.workspaces.members.tables import Membership, Workspace

DATASET_KEY = "dataset"
_TOUCH_SECONDS = 60.0
_MOST_KEPT = 1024


class KeyHolder(msgspec.Struct, frozen=True):
    """What a key opens: the knowledge of a workspace, as its owner sees it (knowledge.md 1.6)."""

    key_id: str
    workspace_id: str
    owner_id: str
    workspace_status: str


class DatasetKeys:
    """Use cases on the keys of a workspace. Each is one transaction.

    Holders are kept for a moment: deleting a key works at once in this process, elsewhere after `KEPT_SECONDS`.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, KeyHolder]] = OrderedDict()
        self._touched: dict[str, float] = {}
        self._deleted = 0

    async def all(self, who: Actor) -> list[ApiKey]:
        """The workspace's keys, the oldest first."""
        async with self._database.read() as session:
            return await _keys_of(session, who.workspace_id)

    async def add(self, who: Actor) -> ApiKey:
        """Raises `MaxKeysExceeded` beyond ten."""
        async with self._database.write() as session:
            # Locked, so that two that come together are counted one after the other.
            await session.scalar(select(Workspace.id).where(Workspace.id == who.workspace_id).with_for_update())
            if len(await _keys_of(session, who.workspace_id)) >= MOST_KEYS:
                raise MaxKeysExceeded
            key = ApiKey(tenant_id=who.workspace_id, type=DATASET_KEY, token=api_key(DATASET_KEY))
            session.add(key)
            await session.flush()
        return key

    async def delete(self, who: Actor, key_id: str) -> None:
        """The key stops working. Raises `NotFound`."""
        async with self._database.write() as session:
            key = await session.scalar(
                select(ApiKey).where(
                    ApiKey.tenant_id == who.workspace_id, ApiKey.type == DATASET_KEY, ApiKey.id == key_id
                )
            )
            if key is None:
                raise NotFound("API key not found")
            await session.delete(key)
        self._deleted += 1
        self._kept.pop(key.token, None)

    async def holder(self, token: str) -> KeyHolder:
        """Raises `Unauthorized` for keys of nothing or of apps, `Forbidden` where the workspace is archived."""
        kept = self._kept.get(token)
        if kept is not None and self._clock() - kept[0] <= KEPT_SECONDS:
            found = kept[1]
        else:
            deleted = self._deleted
            found = await self._find(token)
            if deleted == self._deleted:  # else what was read may be older than the deletion
                self._keep(token, found)
        if found.workspace_status == "archive":
            raise Forbidden("The workspace's status is archived.")
        await self._touch(found.key_id)
        return found

    def _keep(self, token: str, holder: KeyHolder) -> None:
        self._kept[token] = (self._clock(), holder)
        self._kept.move_to_end(token)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)

    async def _find(self, token: str) -> KeyHolder:
        query = (
            select(ApiKey.id, ApiKey.tenant_id, Membership.account_id, Workspace.status)
            .join(Workspace, Workspace.id == ApiKey.tenant_id)
            .join(Membership, (Membership.tenant_id == ApiKey.tenant_id) & (Membership.role == "owner"))
            .where(ApiKey.token == token, ApiKey.type == DATASET_KEY)
            .order_by(Membership.id)
            .limit(1)
        )
        async with self._database.read() as session:
            row = (await session.execute(query)).first()
        if row is None:
            raise Unauthorized("Access token is invalid")
        return KeyHolder(row[0], row[1], row[2], row[3])

    async def _touch(self, key_id: str) -> None:
        """Notes the use of a key, at most once a minute."""
        now = self._clock()
        if now - self._touched.get(key_id, -_TOUCH_SECONDS) < _TOUCH_SECONDS:
            return
        self._touched[key_id] = now
        async with self._database.write() as session:
            await store.touch_key(session, key_id)


async def _keys_of(session: AsyncSession, workspace_id: str) -> list[ApiKey]:
    rows = await session.scalars(
        select(ApiKey)
        .where(ApiKey.tenant_id == workspace_id, ApiKey.type == DATASET_KEY)
        .order_by(ApiKey.created_at, ApiKey.id)
    )
    return list(rows)
