"""The two sets of services: a whole installation, and only what stands around a product run from a checkout."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from orrery.deploy.topology.edge import EDGE, SSRF_PROXY
from orrery.deploy.topology.ground import DB_MYSQL, DB_POSTGRES, GROUND, REDIS
from orrery.deploy.topology.model import (
    DEFAULT_NETWORK,
    ISOLATED_NETWORK,
    Dependency,
    Mount,
    Network,
    Port,
    Service,
    Topology,
)
from orrery.deploy.topology.product import PLUGIN_DAEMON, PRODUCT, SANDBOX
from orrery.deploy.topology.vector_stores import VECTOR_STORES, WEAVIATE

_LOOPBACK = "127.0.0.1:"
_DAEMON_VOLUME = "plugin_daemon"


def whole() -> Topology:
    """Everything; profiles choose the database and the vector store."""
    return Topology(
        services=(*PRODUCT, *GROUND, *EDGE, *VECTOR_STORES),
        networks=(
            Network(DEFAULT_NETWORK),
            Network(ISOLATED_NETWORK, internal=True),
            Network("milvus"),
            Network("opensearch-net", internal=True),
        ),
        volumes=("oradata", "dify_es01_data"),
    )


def middleware() -> Topology:
    """What a product that runs on the machine itself needs, with ports on the machine's loopback."""
    services = (
        _published(replace(DB_POSTGRES, profiles=()), {5432: "EXPOSE_POSTGRES_PORT"}),
        _published(DB_MYSQL, {3306: "EXPOSE_MYSQL_PORT"}),
        _published(REDIS, {6379: "EXPOSE_REDIS_PORT"}),
        SANDBOX,
        _middleware_daemon(),
        _published(SSRF_PROXY, {3128: "EXPOSE_SSRF_PROXY_PORT", 8194: "EXPOSE_SANDBOX_PORT"}),
        _published(WEAVIATE, {8080: "EXPOSE_WEAVIATE_PORT", 50051: "EXPOSE_WEAVIATE_GRPC_PORT"}),
    )
    return Topology(
        services=tuple(replace(service, depends_on=_within(service, services)) for service in services),
        networks=(Network(DEFAULT_NETWORK), Network(ISOLATED_NETWORK, internal=True)),
        volumes=(_DAEMON_VOLUME,),
    )


def _middleware_daemon() -> Service:
    # Nobody gives folders away here; a new volume is its owner's in the image.
    mounts = (Mount(_DAEMON_VOLUME, PLUGIN_DAEMON.mounts[0].target),)
    daemon = replace(PLUGIN_DAEMON, env_file="./middleware.env", mounts=mounts)
    return _published(daemon, {5002: "EXPOSE_PLUGIN_DAEMON_PORT"})


def _published(service: Service, names: Mapping[int, str]) -> Service:
    """``service`` with its ports on the loopback, at the number that the variable of each names."""
    ports = tuple(
        replace(port, published=f"{_LOOPBACK}${{{names[port.number]}:-{port.number}}}")
        if isinstance(port.number, int) and port.number in names
        else port
        for port in service.ports
    )
    return replace(service, ports=ports)


def _within(service: Service, services: tuple[Service, ...]) -> tuple[Dependency, ...]:
    names = {other.name for other in services}
    return tuple(dependency for dependency in service.depends_on if dependency.service in names)


def published(port: Port) -> bool:
    """Whether other machines can reach the port."""
    return bool(port.published) and not port.published.startswith(_LOOPBACK)
