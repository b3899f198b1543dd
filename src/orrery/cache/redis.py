"""The cache on Redis: standalone, behind Sentinel, or Cluster, by redis-py's asyncio client (extra ``redis``).

Every operation is one command or one script on one key, so that all of them hold on a cluster and between processes.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from orrery.cache.breaker import Breaker, Resting
from orrery.cache.overdue import Late, Overdue
from orrery.cache.protocol import CacheUnavailable, Hit, LockTimeout, Message

_INCREMENT = """
local had = redis.call('EXISTS', KEYS[1])
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if ARGV[2] ~= '' and (had == 0 or ARGV[3] == '1') then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return count
"""

# The server's clock decides, so that processes with different clocks agree. Scores are microseconds.
_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local used = redis.call('ZCARD', KEYS[1])
if used >= limit then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  local left = window
  if oldest[2] then left = tonumber(oldest[2]) + window - now end
  return {0, 0, left}
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
return {1, limit - used - 1, 0}
"""

_FREE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_EXTEND = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0"

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.25
_POLL_SECONDS = 1.0
_REST_SECONDS = 1.0
"""How long nobody asks a server that did not answer; then one caller does."""
_AWAY = (RedisConnectionError, RedisTimeout, OSError)


class PubSub(Protocol):
    """What is used of redis-py's subscription."""

    async def subscribe(self, *channels: str) -> object: ...
    async def get_message(
        self,
        *,
        ignore_subscribe_messages: bool = False,
        timeout: float = 0.0,  # noqa: ASYNC109 - the library's word
    ) -> dict[str, object] | None: ...
    async def aclose(self) -> None: ...


class Client(Protocol):
    """What is used of redis-py's clients, standalone and cluster alike. Answers must be left as bytes."""

    def execute_command(self, *args: str | bytes | int) -> Awaitable[object]: ...
    async def aclose(self) -> None: ...


class SubscribingClient(Client, Protocol):
    """A client of one node, which can subscribe."""

    def pubsub(self) -> PubSub: ...


class RedisCache:
    """`Cache` on Redis. ``prefix`` is written before every key and channel.

    ``node`` is a client of one node for publish and subscribe, which a cluster passes on to all its nodes;
    ``client`` serves all else and is the same object when there is no cluster. ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        client: Client,
        node: SubscribingClient,
        *,
        prefix: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._node = node
        self._prefix = prefix
        self._clock = clock
        # One lost node of a cluster says nothing of the others.
        self._breaker = Breaker(_REST_SECONDS if node is client else 0.0, clock)
        self._overdue = Overdue()

    async def get(self, key: str, *, within: float | None = None) -> bytes | None:
        if within is None:
            return _bytes(await self._command("GET", self._prefix + key))
        try:
            return await self._overdue.within(within, lambda: self.get(key))
        except Late as error:
            raise CacheUnavailable from error

    async def take(self, key: str) -> bytes | None:
        return _bytes(await self._command("GETDEL", self._prefix + key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self._command("SET", self._prefix + key, value, *_life(ttl))

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        return bool(await self._command("SET", self._prefix + key, value, *_life(ttl), "NX"))

    async def delete(self, *keys: str) -> int:
        # One by one: the keys may live on different nodes.
        return sum([_int(await self._command("DEL", self._prefix + key)) for key in keys])

    async def increment(self, key: str, *, by: int = 1, ttl: float | None = None, renew: bool = False) -> int:
        life = "" if ttl is None else _milliseconds(ttl)
        return _int(await self._script(_INCREMENT, key, by, life, 1 if renew else 0))

    async def hit(self, key: str, *, limit: int, window: float) -> Hit:
        # The member must be unique: two uses in one microsecond are two uses.
        answer = await self._script(_HIT, key, limit, int(window * 1_000_000), secrets.token_hex(8))
        allowed, remaining, left = msgspec.convert(answer, tuple[int, int, int])
        return Hit(allowed=bool(allowed), remaining=remaining, retry_after=left / 1_000_000)

    @asynccontextmanager
    async def lock(self, name: str, *, ttl: float, wait: float = 0.0) -> AsyncGenerator[_RedisLock, None]:
        held = _RedisLock(self, f"lock:{name}", secrets.token_hex(16))
        deadline = self._clock() + wait
        pause = _FIRST_PAUSE
        while not await self.add(held.key, held.token.encode(), ttl=ttl):
            left = deadline - self._clock()
            if left <= 0:
                raise LockTimeout(retry_after=await self._life_left(held.key))
            await asyncio.sleep(min(left, pause * (0.5 + random.random())))
            pause = min(pause * 2, _LONGEST_PAUSE)
        try:
            yield held
        finally:
            await asyncio.shield(self._script(_FREE, held.key, held.token))

    async def extend(self, key: str, token: str, ttl: float) -> bool:
        """Lets a lock of ``token`` live on; False if it is somebody else's or gone."""
        return _int(await self._script(_EXTEND, key, token, _milliseconds(ttl))) == 1

    async def publish(self, channel: str, data: bytes) -> None:
        await self._guard(lambda: self._node.execute_command("PUBLISH", self._prefix + channel, data))

    @asynccontextmanager
    async def subscribe(self, *channels: str) -> AsyncGenerator[AsyncIterator[Message], None]:
        pubsub = self._node.pubsub()
        try:
            try:
                await pubsub.subscribe(*(self._prefix + channel for channel in channels))
                confirmed = 0
                while confirmed < len(channels):
                    answer = await pubsub.get_message(timeout=_POLL_SECONDS)
                    confirmed += 1 if answer and answer.get("type") == "subscribe" else 0
            except (RedisError, OSError) as error:
                raise CacheUnavailable from error
            yield self._messages(pubsub)
        finally:
            await pubsub.aclose()

    async def close(self) -> None:
        await self._overdue.close()
        await self._client.aclose()
        if self._node is not self._client:
            await self._node.aclose()

    async def _messages(self, pubsub: PubSub) -> AsyncGenerator[Message, None]:
        while True:
            try:
                answer = await pubsub.get_message(ignore_subscribe_messages=True, timeout=_POLL_SECONDS)
            except (RedisError, OSError) as error:
                raise CacheUnavailable from error
            if answer is None:
                continue
            channel, data = answer.get("channel"), answer.get("data")
            if isinstance(channel, bytes) and isinstance(data, bytes):
                yield Message(channel.decode().removeprefix(self._prefix), data)

    async def _life_left(self, key: str) -> float:
        return max(_int(await self._command("PTTL", self._prefix + key)), 0) / 1000

    async def _command(self, *args: str | bytes | int) -> object:
        return await self._guard(lambda: self._client.execute_command(*args))

    async def _script(self, script: str, key: str, *args: str | int) -> object:
        digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        full_key = self._prefix + key

        async def send() -> object:
            try:
                return await self._client.execute_command("EVALSHA", digest, 1, full_key, *args)
            except NoScriptError:
                return await self._client.execute_command("EVAL", script, 1, full_key, *args)

        return await self._guard(send)

    async def _guard(self, send: Callable[[], Awaitable[object]]) -> object:
        try:
            async with self._breaker.passing(_AWAY):
                try:
                    return await send()
                except RuntimeError:
                    # The event loop's word for writing to a connection that was lost: nothing was sent, and the
                    # client has dropped the connection by now.
                    return await send()
        except (Resting, RedisError, OSError, RuntimeError) as error:
            raise CacheUnavailable from error


class _RedisLock:
    def __init__(self, cache: RedisCache, key: str, token: str) -> None:
        self._cache = cache
        self._token = token
        self.key = key

    @property
    def token(self) -> str:
        return self._token

    async def extend(self, ttl: float) -> bool:
        return await self._cache.extend(self.key, self._token, ttl)


def _bytes(answer: object) -> bytes | None:
    assert answer is None or isinstance(answer, bytes)
    return answer


def _int(answer: object) -> int:
    assert isinstance(answer, int)
    return answer


def _life(ttl: float | None) -> tuple[str | int, ...]:
    return () if ttl is None else ("PX", _milliseconds(ttl))


def _milliseconds(seconds: float) -> int:
    return max(int(seconds * 1000), 1)
