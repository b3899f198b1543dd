"""Cache, locks, rate limits, publish and subscribe: in the process, or Redis."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class CacheSettings(Group, frozen=True, kw_only=True):
    """Cache, locks, rate limits, publish and subscribe: in the process, or Redis."""

    backend: Annotated[Literal["memory", "redis"], Env("ORRERY_CACHE", "memory (one process only) or redis")] = "redis"
    host: Annotated[str, Env("REDIS_HOST", "Redis host")] = "localhost"
    port: Annotated[int, Env("REDIS_PORT", "Redis port", at_least=1, at_most=65535)] = 6379
    username: Annotated[str, Env("REDIS_USERNAME", "Redis user")] = ""
    password: Annotated[str, Env("REDIS_PASSWORD", "Redis password", secret=True)] = ""
    db: Annotated[int, Env("REDIS_DB", "database index", at_least=0)] = 0
    tls: Annotated[bool, Env("REDIS_USE_SSL", "speak TLS")] = False
    tls_check: Annotated[
        Literal["CERT_NONE", "CERT_OPTIONAL", "CERT_REQUIRED"],
        Env("REDIS_SSL_CERT_REQS", "how the server's certificate is checked"),
    ] = "CERT_NONE"
    tls_ca: Annotated[Path | None, Env("REDIS_SSL_CA_CERTS", "file with the authorities to trust")] = None
    tls_cert: Annotated[Path | None, Env("REDIS_SSL_CERTFILE", "client certificate file")] = None
    tls_key: Annotated[Path | None, Env("REDIS_SSL_KEYFILE", "client key file")] = None
    use_sentinel: Annotated[bool, Env("REDIS_USE_SENTINEL", "find the master through Sentinel")] = False
    sentinels: Annotated[tuple[str, ...], Env("REDIS_SENTINELS", "sentinels as host:port, comma separated")] = ()
    sentinel_service: Annotated[str, Env("REDIS_SENTINEL_SERVICE_NAME", "name of the watched master")] = ""
    sentinel_username: Annotated[str, Env("REDIS_SENTINEL_USERNAME", "user at the sentinels")] = ""
    sentinel_password: Annotated[str, Env("REDIS_SENTINEL_PASSWORD", "password at the sentinels", secret=True)] = ""
    sentinel_timeout: Annotated[
        float, Env("REDIS_SENTINEL_SOCKET_TIMEOUT", "timeout at the sentinels, seconds", above=0)
    ] = 0.1
    use_cluster: Annotated[bool, Env("REDIS_USE_CLUSTERS", "speak to a Redis Cluster")] = False
    cluster_nodes: Annotated[tuple[str, ...], Env("REDIS_CLUSTERS", "cluster nodes as host:port, comma separated")] = ()
    cluster_password: Annotated[str, Env("REDIS_CLUSTERS_PASSWORD", "password of the cluster", secret=True)] = ""
    key_prefix: Annotated[str, Env("REDIS_KEY_PREFIX", "written before every key and channel")] = ""
    max_connections: Annotated[
        int | None, Env("REDIS_MAX_CONNECTIONS", "most connections of a process; empty sets no limit", at_least=1)
    ] = None
    timeout: Annotated[float, Env("REDIS_SOCKET_TIMEOUT", "read and write timeout, seconds", above=0)] = 5.0
    connect_timeout: Annotated[float, Env("REDIS_SOCKET_CONNECT_TIMEOUT", "connect timeout, seconds", above=0)] = 5.0
    health_check_seconds: Annotated[
        int, Env("REDIS_HEALTH_CHECK_INTERVAL", "idle time after which a connection is tested, seconds", at_least=0)
    ] = 30
