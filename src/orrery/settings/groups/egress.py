"""The one way out: proxy, exemptions, timeouts of outbound HTTP."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Egress(Group, frozen=True, kw_only=True):
    """The one way out: proxy, exemptions, timeouts of outbound HTTP."""

    proxy_all: Annotated[str, Env("SSRF_PROXY_ALL_URL", "proxy for all outbound requests")] = ""
    proxy_http: Annotated[str, Env("SSRF_PROXY_HTTP_URL", "proxy for http requests (needs the https one too)")] = ""
    proxy_https: Annotated[str, Env("SSRF_PROXY_HTTPS_URL", "proxy for https requests")] = ""
    allow_private_ips: Annotated[
        tuple[str, ...],
        Env("SSRF_PROXY_ALLOW_PRIVATE_IPS", "private addresses or ranges that may be reached, comma separated"),
    ] = ()
    allow_private_domains: Annotated[
        tuple[str, ...],
        Env("SSRF_PROXY_ALLOW_PRIVATE_DOMAINS", "internal domains that may be reached, comma separated"),
    ] = ()
    timeout: Annotated[float, Env("SSRF_DEFAULT_TIME_OUT", "wait for one of those connections, seconds", above=0)] = 5.0
    connect_timeout: Annotated[
        float,
        Env("SSRF_DEFAULT_CONNECT_TIME_OUT", "connect timeout where a request has none of its own, seconds", above=0),
    ] = 5.0
    read_timeout: Annotated[
        float, Env("SSRF_DEFAULT_READ_TIME_OUT", "read timeout where a request has none of its own, seconds", above=0)
    ] = 5.0
    write_timeout: Annotated[
        float, Env("SSRF_DEFAULT_WRITE_TIME_OUT", "write timeout where a request has none of its own, seconds", above=0)
    ] = 5.0
    max_connections: Annotated[
        int, Env("SSRF_POOL_MAX_CONNECTIONS", "connections of a process to addresses that users name", at_least=1)
    ] = 100
    idle_seconds: Annotated[
        float, Env("SSRF_POOL_KEEPALIVE_EXPIRY", "idle time after which a connection is closed, seconds", above=0)
    ] = 5.0
    max_retries: Annotated[
        int, Env("SSRF_DEFAULT_MAX_RETRIES", "repetitions when a file or description can't be fetched", at_least=0)
    ] = 3
