"""How the broker is reached, from the settings (deployment.md 3.4)."""

from __future__ import annotations

import ssl
from urllib.parse import quote, urlsplit

import msgspec

from orrery.jobs.errors import JobsConfigurationError
from orrery.jobs.fleet.fair_order import FairOrder
from orrery.settings.groups.cache import CacheSettings
from orrery.settings.groups.jobs import Jobs

_DATABASE_INDEX = 1
_CHECKS = {"CERT_NONE": "none", "CERT_OPTIONAL": "optional", "CERT_REQUIRED": "required"}


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """``url`` (secret: it may hold a password), and what goes with it in Celery's words."""

    url: str
    transport_options: dict[str, object]
    tls: dict[str, object] | None = None

    def __repr__(self) -> str:
        return f"Broker({self.url.partition('://')[0]}://***)"


def broker_of(jobs: Jobs, cache: CacheSettings) -> Broker:
    """The broker of these settings: ``CELERY_BROKER_URL``, or database 1 of the cache's Redis.

    Raises `JobsConfigurationError` when they contradict each other.
    """
    url = jobs.broker_url or _beside_the_cache(cache)
    scheme = url.partition("://")[0]
    options: dict[str, object] = {}
    if scheme in {"redis", "rediss", "sentinel"}:
        options = {"socket_keepalive": True, "queue_order_strategy": FairOrder}
    if scheme in {"amqp", "amqps", "pyamqp"}:
        # A message on a connection that is already dead is noticed, and sent again on another one.
        options = {"confirm_publish": True}
    if scheme == "sentinel":
        master = jobs.sentinel_master or cache.sentinel_service
        if not master:
            raise JobsConfigurationError(
                "CELERY_BROKER_URL names sentinels, but CELERY_SENTINEL_MASTER_NAME is empty. Set it."
            )
        kwargs: dict[str, object] = {"socket_timeout": jobs.sentinel_timeout}
        password = jobs.sentinel_password or cache.sentinel_password
        options |= {"master_name": master, "sentinel_kwargs": kwargs | ({"password": password} if password else {})}
    return Broker(url=url, transport_options=options, tls=_tls(url, cache))


def _beside_the_cache(cache: CacheSettings) -> str:
    if cache.backend != "redis" or cache.use_cluster or cache.use_sentinel:
        raise JobsConfigurationError(
            "ORRERY_JOBS is celery, but CELERY_BROKER_URL is empty. Set it, or set ORRERY_JOBS=process."
        )
    login = f"{quote(cache.username, safe='')}:{quote(cache.password, safe='')}@" if cache.password else ""
    scheme = "rediss" if cache.tls else "redis"
    return f"{scheme}://{login}{cache.host}:{cache.port}/{_DATABASE_INDEX}"


def _tls(url: str, cache: CacheSettings) -> dict[str, object] | None:
    """The certificates are those of REDIS_SSL_*, as in the contract; each client has names of its own for them."""
    scheme = url.partition("://")[0]
    files = {"ca_certs": cache.tls_ca, "certfile": cache.tls_cert, "keyfile": cache.tls_key}
    given: dict[str, object] = {name: str(path) for name, path in files.items() if path is not None}
    if scheme == "amqps":
        # Of several brokers each has a name of its own: then only the authority is checked.
        host = urlsplit(url).hostname if ";" not in url else None
        return {"cert_reqs": ssl.CERT_REQUIRED, **({"server_hostname": host} if host else {}), **given}
    if scheme != "rediss":
        return None
    return {
        "ssl_cert_reqs": _CHECKS[cache.tls_check],
        "ssl_check_hostname": cache.tls_check == "CERT_REQUIRED",
        **{f"ssl_{name}": path for name, path in given.items()},
    }
