"""Requests that a short-lived token vouches for, and keeping such a token until shortly before its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

import msgspec

from orrery.storage.transport import Call

T = TypeVar("T")

EARLY_SECONDS = 120.0


class Lent(msgspec.Struct, Generic[T], frozen=True):
    """Something that ends at ``until``, in seconds since the epoch."""

    value: T
    until: float


class Kept(Generic[T]):
    """Asks ``fetch`` for a new value shortly before the old one ends; callers that come together share one request."""

    def __init__(self, fetch: Callable[[], Awaitable[Lent[T]]], clock: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lent: Lent[T] | None = None
        self._lock = asyncio.Lock()

    async def __call__(self) -> T:
        async with self._lock:
            if self._lent is None or self._clock() > self._lent.until - EARLY_SECONDS:
                self._lent = await self._fetch()
            return self._lent.value


class BearerSigner:
    """``extra`` are headers that every request carries besides."""

    def __init__(self, token: Callable[[], Awaitable[str]], extra: Mapping[str, str] | None = None) -> None:
        self._token = token
        self._extra = extra or {}

    async def sign(self, call: Call) -> Mapping[str, str]:
        return {**call.headers, **self._extra, "authorization": f"Bearer {await self._token()}"}
