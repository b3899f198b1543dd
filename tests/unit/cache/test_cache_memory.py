from __future__ import annotations

import pytest

from orrery.cache.memory import MAX_QUEUED_MESSAGES, MemoryCache
from orrery.cache.opening import open_cache
from orrery.cache.protocol import SubscriberLagged
from orrery.settings.groups.cache import CacheSettings

from .conformance import Advance, CacheConformance


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def advance(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> MemoryCache:
    return MemoryCache(clock=clock)


@pytest.fixture
def advance(clock: Clock) -> Advance:
    return clock.advance


class TestMemoryCache(CacheConformance):
    pass


async def test_the_number_of_values_is_bounded_and_the_used_ones_stay() -> None:
    cache = MemoryCache(max_entries=10)
    for number in range(10):
        await cache.set(f"k{number}", b"x")
    assert await cache.get("k0") == b"x"
    await cache.set("new", b"y")
    assert await cache.get("new") == b"y"
    assert await cache.get("k0") == b"x"
    assert await cache.get("k1") is None


async def test_the_bytes_are_bounded() -> None:
    cache = MemoryCache(max_bytes=100_000)
    for number in range(100):
        await cache.set(f"k{number}", bytes(10_000))
    kept = [number for number in range(100) if await cache.get(f"k{number}")]
    assert 1 <= len(kept) <= 10
    assert kept[-1] == 99


async def test_expired_values_go_before_live_ones(clock: Clock) -> None:
    cache = MemoryCache(clock=clock, max_entries=4)
    await cache.set("live", b"1")
    for number in range(3):
        await cache.set(f"short{number}", b"x", ttl=1)
    await clock.advance(2)
    await cache.set("new", b"2")
    assert await cache.get("live") == b"1"


async def test_a_subscriber_that_falls_behind_is_told() -> None:
    cache = MemoryCache()
    async with cache.subscribe("a") as messages:
        for _ in range(MAX_QUEUED_MESSAGES + 1):
            await cache.publish("a", b"x")
        heard = 0
        with pytest.raises(SubscriberLagged):
            async for _ in messages:
                heard += 1
        assert heard == MAX_QUEUED_MESSAGES


async def test_closing_ends_subscriptions() -> None:
    cache = MemoryCache()
    async with cache.subscribe("a") as messages:
        await cache.close()
        assert [message async for message in messages] == []


async def test_idle_windows_are_forgotten(clock: Clock) -> None:
    cache = MemoryCache(clock=clock)
    for number in range(1000):
        await cache.hit(f"visitor{number}", limit=1, window=1)
    await clock.advance(2)
    for number in range(100):
        await cache.hit(f"later{number}", limit=1, window=1)
    assert len(cache._windows) < 200


def test_the_settings_choose_the_implementation() -> None:
    assert isinstance(open_cache(CacheSettings(backend="memory")), MemoryCache)
