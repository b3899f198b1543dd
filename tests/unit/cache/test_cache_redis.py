from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.ports import free_port
from tests.support.redis_server import redis_server

from orrery.cache.opening import CacheConfigurationError, open_cache
from orrery.cache.protocol import Cache, CacheUnavailable
from orrery.settings.groups.cache import CacheSettings

from .conformance import Advance, CacheConformance

pytest.importorskip("redis", reason="the redis extra is not installed")
needs_server = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


# A life that is over ends at once; the uses that a limit counts are sets of microseconds.
_PASS_BY = """
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'zset' then
    for _, use in ipairs(redis.call('ZRANGE', key, 0, -1)) do
      redis.call('ZINCRBY', key, -ARGV[1] * 1000, use)
    end
  end
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1]) end
end
"""


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with redis_server(port, *options, "--requirepass", "open sesame", folder=folder):
        yield port


def settings_for(port: int) -> CacheSettings:
    return CacheSettings(backend="redis", host="127.0.0.1", port=port, password="open sesame", key_prefix="test:")


@pytest.fixture
async def cache(redis_port: int) -> AsyncIterator[Cache]:
    from redis.asyncio import Redis

    async with Redis(port=redis_port, password="open sesame") as client:
        await client.flushall()
    cache = open_cache(settings_for(redis_port))
    yield cache
    await cache.close()


@pytest.fixture
def advance(redis_port: int) -> Advance:
    """Moves what the server holds into the past, so that no test waits, or hurries to be in time."""

    async def pass_by(seconds: float) -> None:
        from redis.asyncio import Redis

        async with Redis(port=redis_port, password="open sesame") as client:
            await client.eval(_PASS_BY, 0, int(seconds * 1000))

    return pass_by


@pytest.mark.redis
@needs_server
class TestRedisCache(CacheConformance):
    async def test_keys_carry_the_prefix(self, cache: Cache, redis_port: int) -> None:
        from redis.asyncio import Redis

        await cache.set("key", b"1")
        await cache.hit("who", limit=1, window=10)
        async with cache.lock("job", ttl=10), Redis(port=redis_port, password="open sesame") as client:
            keys = await client.keys("*")
        assert sorted(keys) == [b"test:key", b"test:lock:job", b"test:who"]

    async def test_limits_clean_up_after_themselves(self, cache: Cache, redis_port: int) -> None:
        from redis.asyncio import Redis

        await cache.hit("who", limit=1, window=10)
        async with Redis(port=redis_port, password="open sesame") as client:
            assert 0 < await client.pttl("test:who") <= 10_000

    async def test_a_new_connection_asks_for_nothing_but_to_be_let_in(self, redis_port: int) -> None:
        from redis.asyncio import Redis

        async with Redis(port=redis_port, password="open sesame") as client:
            await client.config_resetstat()
            cache = open_cache(settings_for(redis_port))
            assert await cache.get("key") is None
            await cache.close()
            asked = await client.info("commandstats")
        assert {name for name in asked if not name.startswith(("cmdstat_config", "cmdstat_info"))} == {
            "cmdstat_auth",
            "cmdstat_get",
        }


async def test_a_missing_server_is_said_so() -> None:
    cache = open_cache(CacheSettings(backend="redis", host="127.0.0.1", port=free_port()))
    with pytest.raises(CacheUnavailable):
        await cache.get("key")
    with pytest.raises(CacheUnavailable):
        await cache.increment("key")
    with pytest.raises(CacheUnavailable):
        async with cache.subscribe("a"):
            pytest.fail("subscribed to nobody")
    await cache.close()


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        (CacheSettings(backend="redis", use_sentinel=True), "REDIS_SENTINELS"),
        (CacheSettings(backend="redis", use_cluster=True), "REDIS_CLUSTERS"),
        (CacheSettings(backend="redis", use_cluster=True, cluster_nodes=("a:b",)), "REDIS_CLUSTERS"),
    ],
)
def test_contradictions_name_their_variable(settings: CacheSettings, variable: str) -> None:
    with pytest.raises(CacheConfigurationError, match=variable):
        open_cache(settings)
