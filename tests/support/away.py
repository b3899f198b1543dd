"""A cache that can be away, as Redis can."""

from __future__ import annotations

from orrery.cache.memory import MemoryCache
from orrery.cache.protocol import CacheUnavailable


class AwayCache(MemoryCache):
    """A cache in memory that refuses keys and messages while ``away`` is set."""

    away = False

    def _answer(self) -> None:
        if self.away:
            raise CacheUnavailable

    async def get(self, key: str, *, within: float | None = None) -> bytes | None:
        self._answer()
        return await super().get(key, within=within)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        self._answer()
        await super().set(key, value, ttl=ttl)

    async def increment(self, key: str, *, by: int = 1, ttl: float | None = None, renew: bool = False) -> int:
        self._answer()
        return await super().increment(key, by=by, ttl=ttl, renew=renew)

    async def publish(self, channel: str, data: bytes) -> None:
        self._answer()
        await super().publish(channel, data)
