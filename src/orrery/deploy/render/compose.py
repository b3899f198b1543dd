"""``docker-compose.yaml`` and ``docker-compose.middleware.yaml``."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.deploy.environment import shared_environment
from orrery.deploy.interpolation import interpolate
from orrery.deploy.render.yaml_text import MERGE, Shared, yaml_text
from orrery.deploy.topology.model import DEFAULT_NETWORK, Dependency, Health, Mount, Network, Service, Topology
from orrery.deploy.topology.stacks import middleware, whole

ANCHOR = "shared-api-worker-env"
_BANNER = """# Written by: orrery stack render compose
# Change the topology or your .env, not this file.
"""
_BUILD_CONTEXT = "../.."
_FOLDERS = "./volumes/"
_VOLUMES_HEAD = """# Data in volumes of the engine's own instead of folders beside this file. In .env:
#
#   COMPOSE_FILE=docker-compose.yaml:docker-compose.volumes.yaml
"""


def compose_files() -> dict[str, str]:
    """The texts by file name."""
    return {
        "docker-compose.yaml": _BANNER + yaml_text(_document(whole())),
        "docker-compose.middleware.yaml": _BANNER + yaml_text(_document(middleware())),
        "docker-compose.volumes.yaml": _BANNER + _VOLUMES_HEAD + yaml_text(_in_volumes(whole())),
    }


def _in_volumes(topology: Topology) -> dict[str, object]:
    """An overlay: what it mounts takes the place of what the first file mounts at the same path of a container."""
    services: dict[str, object] = {}
    volumes: dict[str, None] = {}
    for service in topology.services:
        mounts = [(interpolate(mount.source, {}), mount) for mount in service.mounts]
        kept = [(_volume_name(folder), mount) for folder, mount in mounts if folder.startswith(_FOLDERS)]
        if kept:
            services[service.name] = {"volumes": [_mounted(name, mount) for name, mount in kept]}
            volumes |= dict.fromkeys(name for name, _ in kept)
    return {"services": services, "volumes": volumes}


def _volume_name(folder: str) -> str:
    return folder.removeprefix(_FOLDERS).replace("/", "_")


def _mounted(source: str, mount: Mount) -> str:
    return f"{source}:{mount.target}{':ro' if mount.read_only else ''}"


def _document(topology: Topology) -> dict[str, object]:
    document: dict[str, object] = {}
    shared: Shared | None = None
    if any(service.shared_environment for service in topology.services):
        shared = Shared(ANCHOR, shared_environment())
        document["x-shared-env"] = shared
    document["services"] = {service.name: _service(service, shared) for service in topology.services}
    document["networks"] = {network.name: _network(network) for network in topology.networks}
    if topology.volumes:
        document["volumes"] = dict.fromkeys(topology.volumes)
    return document


def _network(network: Network) -> dict[str, object]:
    return {"driver": "bridge", "internal": True} if network.internal else {"driver": "bridge"}


def _service(service: Service, shared: Shared | None) -> dict[str, object]:
    entries: dict[str, object] = {
        "image": service.image,
        "build": _build(service) if service.build else None,
        "container_name": service.container_name,
        "profiles": list(service.profiles),
        "restart": service.restart,
        "user": service.user,
        "privileged": service.privileged,
        "entrypoint": list(service.entrypoint),
        "command": list(service.command),
        "env_file": service.env_file,
        "environment": _environment(service, shared),
        "ports": [f"{port.published}:{port.number}" for port in service.ports if port.published],
        "expose": [str(port.number) for port in service.ports if not port.published],
        "volumes": [_mounted(mount.source, mount) for mount in service.mounts],
        "tmpfs": list(service.tmpfs),
        "read_only": service.read_only,
        "cap_drop": ["ALL"] if service.drop_capabilities else None,
        "security_opt": ["no-new-privileges:true"] if service.drop_capabilities else None,
        "extra_hosts": list(service.extra_hosts),
        "ulimits": {name: {"soft": soft, "hard": hard} for name, (soft, hard) in service.ulimits.items()},
        "mem_limit": _memory(service.resources.memory_limit),
        "pids_limit": service.resources.processes,
        "depends_on": {d.service: _dependency(d) for d in service.depends_on},
        "healthcheck": _health(service.health),
        "networks": _memberships(service),
    }
    return {key: value for key, value in entries.items() if value}


def _memberships(service: Service) -> object:
    if service.aliases:
        names = {network: service.aliases.get(network) for network in service.networks}
        return {network: {"aliases": [name]} if name else None for network, name in names.items()}
    return [] if service.networks == (DEFAULT_NETWORK,) else list(service.networks)


def _build(service: Service) -> dict[str, object]:
    return {
        "context": _BUILD_CONTEXT,
        "dockerfile": "docker/Dockerfile",
        "target": service.build,
        "args": {"COMMIT_SHA": "${COMMIT_SHA:-}"},
    }


def _environment(service: Service, shared: Shared | None) -> Mapping[str, object]:
    own = {name: str(value) for name, value in service.environment.items()}
    return {MERGE: shared, **own} if service.shared_environment and shared is not None else own


def _dependency(dependency: Dependency) -> dict[str, object]:
    condition: dict[str, object] = {"condition": dependency.condition}
    return condition if dependency.required else {**condition, "required": False}


def _health(health: Health | None) -> dict[str, object] | None:
    if health is None:
        return None
    entries = {
        "test": list(health.test),
        "interval": health.interval,
        "timeout": health.timeout,
        "retries": health.retries,
        "start_period": health.start_period,
        "disable": health.disable,
    }
    return {key: value for key, value in entries.items() if value}


def _memory(text: str) -> str:
    """``2Gi`` of a cluster is ``2g`` of Compose."""
    return text.removesuffix("i").lower()
