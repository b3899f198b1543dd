"""What every cache must do. An implementation's test class inherits this and gives ``cache`` and ``advance``.

``advance`` lets seconds pass for what the cache holds without waiting for them; lives are long beside what a test takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from orrery.cache.protocol import Cache, LockTimeout

Advance = Callable[[float], Awaitable[None]]


class CacheConformance:
    async def test_a_value_comes_back_as_it_was(self, cache: Cache) -> None:
        await cache.set("key", b"\x00\xff value")
        assert await cache.get("key") == b"\x00\xff value"
        assert await cache.get("other") is None

    async def test_a_value_expires(self, cache: Cache, advance: Advance) -> None:
        await cache.set("key", b"1", ttl=500)
        assert await cache.get("key") == b"1"
        await advance(600)
        assert await cache.get("key") is None

    async def test_setting_again_replaces_value_and_life(self, cache: Cache, advance: Advance) -> None:
        await cache.set("key", b"1", ttl=300)
        await cache.set("key", b"2")
        await advance(500)
        assert await cache.get("key") == b"2"

    async def test_add_keeps_the_first(self, cache: Cache, advance: Advance) -> None:
        assert await cache.add("key", b"1", ttl=500)
        assert not await cache.add("key", b"2", ttl=500)
        assert await cache.get("key") == b"1"
        await advance(600)
        assert await cache.add("key", b"3")
        assert await cache.get("key") == b"3"

    async def test_delete_counts_what_was_there(self, cache: Cache) -> None:
        await cache.set("a", b"1")
        await cache.set("b", b"2")
        assert await cache.delete("a", "b", "c") == 2
        assert await cache.get("a") is None
        assert await cache.delete() == 0

    async def test_take_gives_a_value_to_one_caller_only(self, cache: Cache) -> None:
        await cache.set("token", b"account")
        taken = await asyncio.gather(*(cache.take("token") for _ in range(5)))
        assert sorted(taken, key=str) == sorted([b"account", None, None, None, None], key=str)

    async def test_counters_count(self, cache: Cache) -> None:
        assert await cache.increment("n") == 1
        assert await cache.increment("n", by=5) == 6
        assert await cache.increment("n", by=-2) == 4
        assert await cache.get("n") == b"4"

    async def test_a_counter_lives_from_its_making(self, cache: Cache, advance: Advance) -> None:
        await cache.increment("n", ttl=800)
        await advance(500)
        assert await cache.increment("n", ttl=800) == 2
        await advance(400)
        assert await cache.increment("n", ttl=800) == 1

    async def test_a_renewed_counter_lives_from_the_last_call(self, cache: Cache, advance: Advance) -> None:
        await cache.increment("n", ttl=800, renew=True)
        await advance(500)
        await cache.increment("n", ttl=800, renew=True)
        await advance(500)
        assert await cache.increment("n", ttl=800, renew=True) == 3

    async def test_a_limit_holds_and_frees_itself(self, cache: Cache, advance: Advance) -> None:
        hits = [await cache.hit("who", limit=2, window=800) for _ in range(3)]
        assert [hit.allowed for hit in hits] == [True, True, False]
        assert [hit.remaining for hit in hits] == [1, 0, 0]
        assert 0 < hits[2].retry_after <= 800.1  # room for rounding
        await advance(900)
        assert (await cache.hit("who", limit=2, window=800)).allowed

    async def test_the_window_slides(self, cache: Cache, advance: Advance) -> None:
        await cache.hit("who", limit=2, window=1000)
        await advance(600)
        await cache.hit("who", limit=2, window=1000)
        await advance(600)
        # The first use is out of the window, the second is not.
        assert (await cache.hit("who", limit=2, window=1000)).allowed
        assert not (await cache.hit("who", limit=2, window=1000)).allowed

    async def test_refused_uses_do_not_count(self, cache: Cache, advance: Advance) -> None:
        await cache.hit("who", limit=1, window=800)
        await advance(500)
        assert not (await cache.hit("who", limit=1, window=800)).allowed
        await advance(400)
        assert (await cache.hit("who", limit=1, window=800)).allowed

    async def test_a_limit_of_zero_refuses_all(self, cache: Cache) -> None:
        hit = await cache.hit("who", limit=0, window=10_000)
        assert not hit.allowed
        assert hit.retry_after == pytest.approx(10_000)

    async def test_simultaneous_uses_never_pass_the_limit(self, cache: Cache) -> None:
        hits = await asyncio.gather(*(cache.hit("who", limit=7, window=10_000) for _ in range(30)))
        assert sum(hit.allowed for hit in hits) == 7

    async def test_a_lock_excludes(self, cache: Cache) -> None:
        async with cache.lock("job", ttl=10_000):
            with pytest.raises(LockTimeout):
                async with cache.lock("job", ttl=10_000):
                    pytest.fail("two holders")
        async with cache.lock("job", ttl=10_000):
            pass

    async def test_waiters_get_the_lock_in_turn(self, cache: Cache) -> None:
        inside = 0
        most = 0

        async def work() -> None:
            nonlocal inside, most
            async with cache.lock("job", ttl=10_000, wait=600):
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1

        await asyncio.gather(*(work() for _ in range(4)))
        assert most == 1

    async def test_a_lock_that_outlived_itself_can_be_taken(self, cache: Cache, advance: Advance) -> None:
        async with cache.lock("job", ttl=500) as late:
            await advance(600)
            async with cache.lock("job", ttl=10_000) as current:
                assert current.token != late.token
                assert not await late.extend(10_000)
                assert await current.extend(10_000)

    async def test_a_late_holder_does_not_free_the_next_ones_lock(self, cache: Cache, advance: Advance) -> None:
        late = cache.lock("job", ttl=500)
        await late.__aenter__()
        await advance(600)
        async with cache.lock("job", ttl=10_000):
            await late.__aexit__(None, None, None)
            with pytest.raises(LockTimeout):
                async with cache.lock("job", ttl=10_000):
                    pytest.fail("two holders")

    async def test_an_extended_lock_lives_on(self, cache: Cache, advance: Advance) -> None:
        async with cache.lock("job", ttl=500) as held:
            assert await held.extend(10_000)
            await advance(600)
            with pytest.raises(LockTimeout):
                async with cache.lock("job", ttl=10_000):
                    pytest.fail("two holders")

    async def test_a_failing_block_frees_the_lock(self, cache: Cache) -> None:
        with pytest.raises(KeyError):
            async with cache.lock("job", ttl=10_000):
                raise KeyError
        async with cache.lock("job", ttl=10_000):
            pass

    async def test_subscribers_hear_their_channels(self, cache: Cache) -> None:
        async with cache.subscribe("a", "b") as first, cache.subscribe("b") as second:
            await cache.publish("a", b"1")
            await cache.publish("c", b"nobody")
            await cache.publish("b", b"2")
            heard = [await anext(first), await anext(first)]
            assert [(message.channel, message.data) for message in heard] == [("a", b"1"), ("b", b"2")]
            assert (await anext(second)).data == b"2"

    async def test_nothing_from_before_the_subscription_is_heard(self, cache: Cache) -> None:
        await cache.publish("a", b"early")
        async with cache.subscribe("a") as messages:
            await cache.publish("a", b"late")
            assert (await anext(messages)).data == b"late"
