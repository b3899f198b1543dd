"""What a workspace has set about models, kept in memory until it changes.

Model calls ask for this again and again. A mark in the shared cache changes with every change of the rows, so that
all processes read them anew; the rows kept here are sealed as they are in the database. While the cache is away, or
answers slowly, they are read for each call.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from orrery.cache.protocol import Cache, CacheUnavailable
from orrery.database import Database
from orrery.security.tokens import random_code
from orrery.workspaces.models import store
from orrery.workspaces.models.store import ModelKey, Rows
from orrery.workspaces.models.tables import ModelCredential, ProviderCredential

_log = logging.getLogger(__name__)

MOST_KEPT = 256
PATIENCE = 0.1
"""Seconds to wait for the mark: the rows themselves are sooner there."""
MOST_SECONDS = 60
"""Rows are read anew after so long, whatever the mark says: it can't be moved while the cache is away."""


class Snapshot:
    """The rows of one workspace with the look-ups that calls and lists need."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._disabled = {
            ModelKey(row.provider_name, row.model_name, row.model_type) for row in rows.settings if not row.enabled
        }
        self._active_provider = {row.provider_name: row for row in rows.provider_credentials if row.active}
        self._active_model = {
            ModelKey(row.provider_name, row.model_name, row.model_type): row
            for row in rows.model_credentials
            if row.active
        }

    def is_enabled(self, key: ModelKey) -> bool:
        """Whether the model was not switched off."""
        return key not in self._disabled

    def provider_credential(self, provider: str) -> ProviderCredential | None:
        """The credential that the provider's own models are called with."""
        return self._active_provider.get(provider)

    def model_credential(self, key: ModelKey) -> ModelCredential | None:
        """The credential that this model of the workspace's own is called with."""
        return self._active_model.get(key)

    def named_credentials(self, provider: str) -> list[ProviderCredential]:
        """All credentials of a provider, oldest first."""
        return [row for row in self.rows.provider_credentials if row.provider_name == provider]

    def own_models(self, provider: str) -> dict[ModelKey, list[ModelCredential]]:
        """The workspace's own models of a provider with their credentials, the first added first."""
        found: dict[ModelKey, list[ModelCredential]] = {}
        for row in self.rows.model_credentials:
            if row.provider_name == provider:
                found.setdefault(ModelKey(provider, row.model_name, row.model_type), []).append(row)
        return found

    def default(self, kind: str) -> ModelKey | None:
        """The default model of a kind, where one was chosen."""
        for row in self.rows.defaults:
            if row.model_type == kind:
                return ModelKey(row.provider_name, row.model_name, kind)
        return None


class _Kept(msgspec.Struct, frozen=True):
    mark: bytes
    until: float
    snapshot: Snapshot


class Snapshots:
    """Gives the current snapshot of a workspace, least recently used ones forgotten. ``clock``: monotonic seconds."""

    def __init__(self, database: Database, cache: Cache, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._cache = cache
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def of(self, workspace_id: str) -> Snapshot:
        """The rows as they are now; from memory while the mark stands."""
        try:
            mark = await self._mark(workspace_id)
        except CacheUnavailable:
            self._kept.pop(workspace_id, None)
            return await self._read(workspace_id)
        kept = self._kept.get(workspace_id)
        if kept is not None and kept.mark == mark and self._clock() < kept.until:
            self._kept.move_to_end(workspace_id)
            return kept.snapshot
        snapshot = await self._read(workspace_id)
        # The mark was read before the rows: a change in between moves the mark on, and the next call reads again.
        self._kept[workspace_id] = _Kept(mark, self._clock() + MOST_SECONDS, snapshot)
        self._kept.move_to_end(workspace_id)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return snapshot

    async def changed(self, workspace_id: str) -> None:
        """To be called after the commit of every change."""
        self._kept.pop(workspace_id, None)
        try:
            await self._cache.set(_key(workspace_id), random_code().encode())
        except CacheUnavailable as error:
            _log.warning("other processes learn of changed model settings within %d s: %s", MOST_SECONDS, error)

    async def _read(self, workspace_id: str) -> Snapshot:
        async with self._database.read() as session:
            return Snapshot(await store.load(session, workspace_id))

    async def _mark(self, workspace_id: str) -> bytes:
        mark = await self._cache.get(_key(workspace_id), within=PATIENCE)
        if mark is None:
            await self._cache.add(_key(workspace_id), random_code().encode())
            mark = await self._cache.get(_key(workspace_id), within=PATIENCE)
        return mark or b""


def _key(workspace_id: str) -> str:
    return f"workspace_models:{workspace_id}"
