"""What a Compose service's words become in a cluster: host names, environment, commands."""

from __future__ import annotations

import re
from collections.abc import Mapping

from orrery.deploy.environment import secret_settings, shared_environment
from orrery.deploy.interpolation import interpolate, names_in
from orrery.deploy.roles import has_role
from orrery.deploy.secrets import SECRETS
from orrery.deploy.topology.model import SANDBOX_INSIDE, Service
from orrery.deploy.topology.stacks import whole

CONFIG = "orrery-config"
SECRET = "orrery-secrets"  # noqa: S105  (the name of the object)
MEMBERS = ("api", "worker", "worker_beat", "plugin_daemon", "web", "sandbox", "ssrf_proxy", "db_postgres", "redis")
STATEFUL = frozenset({"db_postgres", "redis"})
CLUSTER_SECRETS = (
    "SECRET_KEY",
    "ORRERY_MASTER_KEY",
    "DB_PASSWORD",
    "REDIS_PASSWORD",
    "CELERY_BROKER_URL",
    "CODE_EXECUTION_API_KEY",
    "SANDBOX_API_KEY",
    "PLUGIN_DAEMON_KEY",
    "PLUGIN_DIFY_INNER_API_KEY",
)
"""What the cluster's secret has to hold."""

_DATABASE = {"POSTGRES_MAX_CONNECTIONS": "200"}
"""Where services grow: the contract's 100 are for a process of each."""
_ALONE = {
    "MIGRATION_ENABLED": "false",  # the job does it, once
    # With as many processes as may be, all connections together stay below those of the database.
    "SQLALCHEMY_POOL_SIZE": "6",
    "SQLALCHEMY_MAX_OVERFLOW": "2",
    "ORRERY_FLEET_APIS": str(whole().service("api").scale.most),
    "ORRERY_FLEET_WORKERS": str(whole().service("worker").scale.most),
    # While it is replaced there is a second one.
    "ORRERY_FLEET_BEATS": "2",
}
_HOSTS = re.compile(r"\b(?:" + "|".join(s.name for s in whole().services if "_" in s.name) + r")\b")


def members() -> tuple[Service, ...]:
    """The services of a cluster: no edge (that is the cluster's own), no vector store (bring one), no missing role."""
    topology = whole()
    services = (topology.service(name) for name in MEMBERS)
    return tuple(service for service in services if service.role is None or has_role(service.role))


def object_name(service: str) -> str:
    """Names of a cluster's objects have no underscore."""
    return service.replace("_", "-")


def resolved(text: str) -> str:
    """``text`` with our defaults in place of expressions and the cluster's host names. Raises `MissingValue`."""
    # A cluster's service has one name; its policies say who may come there.
    return _hosts(interpolate(text, {}).replace(SANDBOX_INSIDE, "sandbox"))


def configuration() -> dict[str, str]:
    """The shared settings that are no secrets and not empty."""
    hidden = secret_settings() | SECRETS
    values = {name: resolved(text) for name, text in shared_environment().items() if name not in hidden}
    return {name: value for name, value in {**values, **_ALONE}.items() if value}


def environment(own: Mapping[str, str]) -> list[dict[str, object]]:
    """The entries of a container: secrets by reference, everything else as it is; empty values are left out."""
    entries: list[dict[str, object]] = []
    for name, text in own.items():
        secrets = names_in(text) & SECRETS
        if secrets:
            key = secrets.pop()
            if key in CLUSTER_SECRETS:
                entries.append({"name": name, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": key}}})
            continue
        # A role has the name of its service: that is no host here.
        value = str(text) if name == "MODE" else resolved(text)
        if value:
            entries.append({"name": name, "value": value})
    return entries


def words(texts: tuple[str, ...], own: Mapping[str, str]) -> list[str]:
    """A command. A secret in it becomes a reference to the variable of the container that holds it."""
    known = _DATABASE | {key: f"$({name})" for name, text in own.items() for key in names_in(text) & SECRETS}
    return [_hosts(interpolate(text, known)) for text in texts]


def _hosts(text: str) -> str:
    return _HOSTS.sub(lambda match: object_name(match[0]), text)
