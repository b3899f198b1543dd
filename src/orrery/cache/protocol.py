"""What the rest of the house knows of the cache."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from orrery.errors import Unavailable


class CacheUnavailable(Unavailable):
    """The cache can't be reached, or answered with an error."""

    default_message = "The cache can't be reached. Please try again later."


class LockTimeout(Unavailable):
    """Somebody else kept the lock for longer than the caller was willing to wait."""

    default_message = "The operation is already in progress. Please try again later."


class SubscriberLagged(Unavailable):
    """The subscriber read too slowly and lost messages; it must read the state anew."""

    default_message = "The subscriber fell behind and lost messages."


class Hit(msgspec.Struct, frozen=True):
    """One use of a limited thing. ``retry_after`` is seconds until the next use is allowed, 0 if this one was."""

    allowed: bool
    remaining: int
    retry_after: float


class Message(msgspec.Struct, frozen=True):
    """Something that was published."""

    channel: str
    data: bytes


class HeldLock(Protocol):
    """A lock while it is held. ``token`` is this holder's alone."""

    @property
    def token(self) -> str:
        """What tells this holder from earlier and later ones."""
        ...

    async def extend(self, ttl: float) -> bool:
        """Lets the lock live ``ttl`` seconds from now; False if it was lost meanwhile."""
        ...


class Cache(Protocol):
    """Keys are text, values are bytes, lives (``ttl``) are seconds. All methods may raise `CacheUnavailable`."""

    async def get(self, key: str, *, within: float | None = None) -> bytes | None:
        """The value, or None if there is none (any more).

        ``within``: seconds after which the caller rather does without: then it raises `CacheUnavailable`, and at once
        after an answer that was late, until one comes in time.
        """
        ...

    async def take(self, key: str) -> bytes | None:
        """Like `get`, and removes the value: of many callers exactly one gets it."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        """Keeps ``value``, for ever if ``ttl`` is None; an earlier value and its life are replaced."""
        ...

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        """Keeps ``value`` only if there is none; whether it did."""
        ...

    async def delete(self, *keys: str) -> int:
        """Removes values; how many there were."""
        ...

    async def increment(self, key: str, *, by: int = 1, ttl: float | None = None, renew: bool = False) -> int:
        """Adds to a counter that starts at 0, and gives its new value.

        ``ttl`` is the life of a counter made by this call, or with ``renew`` from this call on.
        """
        ...

    async def hit(self, key: str, *, limit: int, window: float) -> Hit:
        """Counts one use if fewer than ``limit`` happened in the last ``window`` seconds. Refused uses don't count."""
        ...

    def lock(self, name: str, *, ttl: float, wait: float = 0.0) -> AbstractAsyncContextManager[HeldLock]:
        """Mutual exclusion: waits up to ``wait`` seconds, then raises `LockTimeout`.

        The lock frees itself ``ttl`` seconds after it was taken or extended. Leaving the block frees it only if it is
        still this holder's. Not re-entrant.
        """
        ...

    async def publish(self, channel: str, data: bytes) -> None:
        """Sends to all present subscribers of ``channel``."""
        ...

    def subscribe(self, *channels: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Messages published from the moment the block is entered. Iterating may raise `SubscriberLagged`."""
        ...

    async def close(self) -> None:
        """Lets go of connections; subscribers' iterations end."""
        ...
