"""The cache inside one process. Everything happens on one event loop; no operation waits except locks.

Bounded: values are dropped least recently used first once their number or their bytes exceed the bounds. Locks and
rate limits are never dropped before their time.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

from orrery.cache.protocol import Hit, LockTimeout, Message, SubscriberLagged

MAX_ENTRIES = 100_000
MAX_BYTES = 64 * 1024 * 1024
MAX_QUEUED_MESSAGES = 10_000
_ENTRY_OVERHEAD = 200  # bytes of bookkeeping beside key and value, roughly
_SWEEP_EVERY = 1024  # windows are swept once in so many new ones


class _Entry:
    __slots__ = ("expires", "value")

    def __init__(self, value: bytes, expires: float | None) -> None:
        self.value = value
        self.expires = expires


class MemoryCache:
    """`Cache` in the process. ``clock`` gives monotonic seconds."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0
        self._windows: dict[str, tuple[float, deque[float]]] = {}
        self._windows_made = 0
        self._locks: dict[str, _MemoryLock] = {}
        self._subscribers: dict[str, set[_Subscriber]] = {}

    async def get(self, key: str, *, within: float | None = None) -> bytes | None:
        entry = self._live(key)
        return entry.value if entry else None

    async def take(self, key: str) -> bytes | None:
        entry = self._live(key)
        if entry is None:
            return None
        self._drop(key)
        return entry.value

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        self._put(key, value, self._expiry(ttl))

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        if self._live(key):
            return False
        self._put(key, value, self._expiry(ttl))
        return True

    async def delete(self, *keys: str) -> int:
        return sum(1 for key in keys if self._live(key) and self._drop(key))

    async def increment(self, key: str, *, by: int = 1, ttl: float | None = None, renew: bool = False) -> int:
        entry = self._live(key)
        count = int(entry.value) + by if entry else by
        expires = entry.expires if entry and not renew else self._expiry(ttl)
        self._put(key, b"%d" % count, expires)
        return count

    async def hit(self, key: str, *, limit: int, window: float) -> Hit:
        now = self._clock()
        uses = self._window(key, now, window)
        while uses and uses[0] <= now - window:
            uses.popleft()
        if len(uses) >= limit:
            return Hit(allowed=False, remaining=0, retry_after=uses[0] + window - now if uses else window)
        uses.append(now)
        return Hit(allowed=True, remaining=limit - len(uses), retry_after=0.0)

    @asynccontextmanager
    async def lock(self, name: str, *, ttl: float, wait: float = 0.0) -> AsyncGenerator[_MemoryLock, None]:
        held = await self._acquire(name, ttl, wait)
        try:
            yield held
        finally:
            if self._locks.get(name) is held:
                del self._locks[name]
            held.freed.set()

    async def publish(self, channel: str, data: bytes) -> None:
        message = Message(channel, data)
        for subscriber in self._subscribers.get(channel, ()):
            subscriber.offer(message)

    @asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncGenerator[AsyncIterator[Message], None]:
        subscriber = _Subscriber()
        for channel in channels:
            self._subscribers.setdefault(channel, set()).add(subscriber)
        try:
            yield subscriber.messages()
        finally:
            for channel in channels:
                present = self._subscribers.get(channel, set())
                present.discard(subscriber)
                if not present:
                    self._subscribers.pop(channel, None)

    async def close(self) -> None:
        for subscribers in self._subscribers.values():
            for subscriber in subscribers:
                subscriber.end()
        self._subscribers.clear()

    def _expiry(self, ttl: float | None) -> float | None:
        return None if ttl is None else self._clock() + ttl

    def _live(self, key: str) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires is not None and entry.expires <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def _put(self, key: str, value: bytes, expires: float | None) -> None:
        self._drop(key)
        self._entries[key] = _Entry(value, expires)
        self._bytes += _size(key, value)
        if len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._shrink(key)

    def _drop(self, key: str) -> bool:
        entry = self._entries.pop(key, None)
        if entry is None:
            return False
        self._bytes -= _size(key, entry.value)
        return True

    def _shrink(self, newest: str) -> None:
        """Down to nine tenths of the bounds: expired values first, then the least recently used."""
        now = self._clock()
        for key in [key for key, entry in self._entries.items() if entry.expires is not None and entry.expires <= now]:
            self._drop(key)
        while len(self._entries) > self._max_entries * 0.9 or self._bytes > self._max_bytes * 0.9:
            oldest = next(iter(self._entries))
            if oldest == newest:
                break
            self._drop(oldest)

    def _window(self, key: str, now: float, window: float) -> deque[float]:
        found = self._windows.get(key)
        if found is None:
            self._windows_made += 1
            if self._windows_made % _SWEEP_EVERY == 0:
                idle = [name for name, (span, uses) in self._windows.items() if not uses or uses[-1] + span <= now]
                for name in idle:
                    del self._windows[name]
        uses = found[1] if found else deque[float]()
        self._windows[key] = (window, uses)
        return uses

    async def _acquire(self, name: str, ttl: float, wait: float) -> _MemoryLock:
        deadline = self._clock() + wait
        while True:
            now = self._clock()
            holder = self._locks.get(name)
            if holder is None or holder.expires <= now:
                held = self._locks[name] = _MemoryLock(self._locks, name, now + ttl, self._clock)
                return held
            if now >= deadline:
                raise LockTimeout(retry_after=max(holder.expires - now, 0.0))
            try:
                await asyncio.wait_for(holder.freed.wait(), timeout=min(deadline, holder.expires) - now)
            except TimeoutError:
                continue


class _MemoryLock:
    def __init__(self, locks: dict[str, _MemoryLock], name: str, expires: float, clock: Callable[[], float]) -> None:
        self._locks = locks
        self._name = name
        self._clock = clock
        self._token = secrets.token_hex(16)
        self.expires = expires
        self.freed = asyncio.Event()

    @property
    def token(self) -> str:
        return self._token

    async def extend(self, ttl: float) -> bool:
        now = self._clock()
        if self._locks.get(self._name) is not self or self.expires <= now:
            return False
        self.expires = now + ttl
        return True


class _Subscriber:
    """A bounded mailbox; None in the queue ends the iteration."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._lagged = False

    def offer(self, message: Message) -> None:
        if self._queue.qsize() >= MAX_QUEUED_MESSAGES:
            self._lagged = True
        if not self._lagged:
            self._queue.put_nowait(message)

    def end(self) -> None:
        self._queue.put_nowait(None)

    async def messages(self) -> AsyncGenerator[Message, None]:
        while True:
            if self._lagged and self._queue.empty():
                raise SubscriberLagged
            message = await self._queue.get()
            if message is None:
                return
            yield message


def _size(key: str, value: bytes) -> int:
    return len(key) + len(value) + _ENTRY_OVERHEAD
