"""Opens the cache that the settings name."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from orrery.cache.memory import MemoryCache
from orrery.cache.protocol import Cache

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

    from orrery.cache.redis import Client, SubscribingClient
    from orrery.settings.groups.cache import CacheSettings


class CacheConfigurationError(Exception):
    """The settings of the cache contradict each other; the message names the variable and the mend."""


def open_cache(settings: CacheSettings) -> Cache:
    """The cache of ``settings``; no connection is made before the first use. Raises `CacheConfigurationError`."""
    if settings.backend == "memory":
        return MemoryCache()
    try:
        from orrery.cache.redis import RedisCache  # Optional: redis-py is an extra, and its import costs 150 ms.
    except ModuleNotFoundError as error:
        raise CacheConfigurationError(
            "ORRERY_CACHE is redis, but the Redis client is not installed. "
            "Install it with: pip install 'orrery[redis]', or set ORRERY_CACHE=memory."
        ) from error
    if settings.use_sentinel:
        client = node = _through_sentinel(settings)
    elif settings.use_cluster:
        client, node = _cluster(settings)
    else:
        client = node = _standalone(settings)
    return RedisCache(client, node, prefix=settings.key_prefix)


def _options(settings: CacheSettings) -> dict[str, object]:
    from redis.asyncio.retry import Retry
    from redis.backoff import ExponentialWithJitterBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError

    return {
        **_unnamed(),
        # A caller waits for its answer: three quick attempts, then the truth. A server that took a command and did
        # not answer in time is not asked again: that would make the timeout four times as long as it was set.
        "retry": Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.25), 3, (RedisConnectionError,)),
        # The newer protocol costs each new connection two more round trips, and nothing here uses it.
        "protocol": 2,
        "username": settings.username or None,
        "password": settings.password or None,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.connect_timeout,
        "health_check_interval": settings.health_check_seconds,
        "max_connections": settings.max_connections,
    }


def _unnamed() -> dict[str, object]:
    """Connections do not introduce their library: callers who wait for a new one would wait for that answer too."""
    import redis

    return {"driver_info": None} if hasattr(redis, "DriverInfo") else {"lib_name": None, "lib_version": None}


async def _greet(connection: AbstractConnection) -> None:
    """Signs a new connection in. It is not tested first, as one is that was idle: that is another answer to wait for."""
    connection.next_health_check = asyncio.get_running_loop().time() + connection.health_check_interval
    await connection.on_connect()


def _standalone(settings: CacheSettings) -> SubscribingClient:
    from redis.asyncio import Redis

    options = {**_options(settings), "redis_connect_func": _greet}
    if settings.tls:
        checks = {"CERT_NONE": "none", "CERT_OPTIONAL": "optional", "CERT_REQUIRED": "required"}
        options |= {
            "ssl": True,
            "ssl_cert_reqs": checks[settings.tls_check],
            "ssl_check_hostname": settings.tls_check == "CERT_REQUIRED",
            "ssl_ca_certs": str(settings.tls_ca) if settings.tls_ca else None,
            "ssl_certfile": str(settings.tls_cert) if settings.tls_cert else None,
            "ssl_keyfile": str(settings.tls_key) if settings.tls_key else None,
        }
    return cast("SubscribingClient", Redis(host=settings.host, port=settings.port, db=settings.db, **options))  # pyright: ignore[reportArgumentType] - the options fit by name


def _through_sentinel(settings: CacheSettings) -> SubscribingClient:
    from redis.asyncio.sentinel import Sentinel

    if not settings.sentinels or not settings.sentinel_service:
        raise CacheConfigurationError(
            "REDIS_USE_SENTINEL is true, but REDIS_SENTINELS or REDIS_SENTINEL_SERVICE_NAME is empty. "
            "Set both, or set REDIS_USE_SENTINEL=false."
        )
    sentinel = Sentinel(
        _addresses("REDIS_SENTINELS", settings.sentinels, 26379),
        sentinel_kwargs={
            "username": settings.sentinel_username or None,
            "password": settings.sentinel_password or None,
            "socket_timeout": settings.sentinel_timeout,
        },
    )
    options = {**_options(settings), "redis_connect_func": _greet}
    master = sentinel.master_for(settings.sentinel_service, db=settings.db, **options)  # pyright: ignore[reportArgumentType] - the options fit by name
    return cast("SubscribingClient", master)


def _cluster(settings: CacheSettings) -> tuple[Client, SubscribingClient]:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import ClusterNode, RedisCluster

    nodes = _addresses("REDIS_CLUSTERS", settings.cluster_nodes, 6379)
    if not nodes:
        raise CacheConfigurationError(
            "REDIS_USE_CLUSTERS is true, but REDIS_CLUSTERS is empty. Set it, or set REDIS_USE_CLUSTERS=false."
        )
    options = {name: value for name, value in _options(settings).items() if value is not None}
    if settings.cluster_password:
        options["password"] = settings.cluster_password
    cluster = RedisCluster(startup_nodes=[ClusterNode(host, port) for host, port in nodes], **options)  # pyright: ignore[reportArgumentType] - the options fit by name
    host, port = nodes[0]
    node = Redis(host=host, port=port, **options)  # pyright: ignore[reportArgumentType] - the options fit by name
    return cast("Client", cluster), cast("SubscribingClient", node)


def _addresses(name: str, texts: tuple[str, ...], default_port: int) -> list[tuple[str, int]]:
    addresses: list[tuple[str, int]] = []
    for text in texts:
        host, _, port = text.rpartition(":") if ":" in text else (text, "", str(default_port))
        if not host or not port.isdigit():
            raise CacheConfigurationError(f"{name} holds {text!r}, which is not host:port.")
        addresses.append((host.strip("[]"), int(port)))
    return addresses
