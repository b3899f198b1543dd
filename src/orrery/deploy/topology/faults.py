"""What a topology must not be: names that lead nowhere, doors that should be walls."""

from __future__ import annotations

from collections.abc import Iterator

from orrery.deploy.topology.model import ISOLATED_NETWORK, Service, Topology
from orrery.deploy.topology.stacks import published

_MAY_BE_PUBLISHED = frozenset({"nginx", "plugin_daemon"})
_PROXY = "ssrf_proxy"
_NO_WAY_OUT = "sandbox"


def faults(topology: Topology) -> list[str]:
    """One line for each rule that is broken."""
    names = [service.name for service in topology.services]
    found = [f"{name} is declared twice" for name in set(names) if names.count(name) > 1]
    for service in topology.services:
        found += [f"{service.name}: {fault}" for fault in _of(service, topology)]
    return found


def _of(service: Service, topology: Topology) -> Iterator[str]:
    services = {other.name: other for other in topology.services}
    networks = {network.name: network for network in topology.networks}
    for dependency in service.depends_on:
        other = services.get(dependency.service)
        if other is None:
            if dependency.required:
                yield f"depends on {dependency.service}, which is not there"
            continue
        if dependency.condition == "service_healthy" and other.health is None:
            yield f"waits for the health of {other.name}, which has no check"
        if dependency.required and other.profiles and not set(service.profiles) & set(other.profiles):
            yield f"needs {other.name}, which a profile may leave out"
    for network in service.networks:
        if network not in networks:
            yield f"is on the network {network}, which is not there"
    for call in service.calls:
        other = services.get(call.service)
        if other is None:
            continue
        if not set(service.networks) & (set(other.networks) | _where_it_is_known(other.name, topology)):
            yield f"calls {other.name}, but shares no network with it"
        if call.port not in {port.number for port in other.ports}:
            yield f"calls port {call.port} of {other.name}, which does not listen there"
    if service.name not in _MAY_BE_PUBLISHED and any(published(port) for port in service.ports):
        yield "is reachable from other machines"
    for mount in service.mounts:
        named = not mount.source.startswith((".", "/", "$"))
        if named and mount.source not in topology.volumes:
            yield f"mounts the volume {mount.source}, which is not there"
    yield from _isolation(service, topology)


def _where_it_is_known(name: str, topology: Topology) -> set[str]:
    """The networks on which another service answers to the name."""
    return {network for other in topology.services for network, alias in other.aliases.items() if alias == name}


def _isolation(service: Service, topology: Topology) -> Iterator[str]:
    internal = {network.name for network in topology.networks if network.internal}
    if service.name == _NO_WAY_OUT:
        if not set(service.networks) <= internal or not service.networks:
            yield "has a way out of its network"
        if service.internet:
            yield "is declared to reach the internet"
    elif ISOLATED_NETWORK in service.networks and service.name != _PROXY:
        yield f"has no business on {ISOLATED_NETWORK}"
    if service.internet and set(service.networks) <= internal:
        yield "is declared to reach the internet, but has no way out"
