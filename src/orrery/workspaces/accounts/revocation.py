"""Access tokens that stopped counting before they ran out.

Signed tokens can't be taken back one by one. A mark in the cache says that those of one account which were issued
before a moment no longer count; it lives as long as such a token could.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from orrery.cache.protocol import Cache


class Revocation:
    """Sets and reads the marks. ``minutes`` is the life of an access token."""

    def __init__(self, cache: Cache, *, minutes: int, now: Callable[[], datetime]) -> None:
        self._cache = cache
        self._seconds = minutes * 60
        self._now = now

    async def revoke(self, account_id: str) -> None:
        """From now on only tokens issued from this second on count."""
        moment = int(self._now().timestamp())
        await self._cache.set(_key(account_id), str(moment).encode(), ttl=self._seconds + 60)

    async def covers(self, account_id: str, expiry: float) -> bool:
        """Whether a token with this expiry (Unix seconds) was issued before the account's mark."""
        mark = await self._cache.get(_key(account_id))
        return mark is not None and expiry - self._seconds < int(mark)


def _key(account_id: str) -> str:
    return f"account_tokens_revoked:{account_id}"
