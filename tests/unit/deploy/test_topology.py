from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from orrery.deploy.interpolation import interpolate
from orrery.deploy.roles import has_role
from orrery.deploy.topology.faults import faults
from orrery.deploy.topology.model import Call, Dependency, Mount, Port, Service, Topology
from orrery.deploy.topology.stacks import middleware, whole


@pytest.mark.parametrize("stack", [whole, middleware])
def test_the_stacks_have_no_fault(stack: Callable[[], Topology]) -> None:
    assert faults(stack()) == []


def broken(name: str, **changes: object) -> list[str]:
    topology = whole()
    services = tuple(replace(s, **changes) if s.name == name else s for s in topology.services)
    return faults(replace(topology, services=services))


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("sandbox", {"networks": ("ssrf_proxy_network", "default")}, "sandbox: has a way out of its network"),
        ("sandbox", {"networks": ()}, "sandbox: has a way out of its network"),
        ("sandbox", {"internet": True}, "sandbox: is declared to reach the internet"),
        ("db_postgres", {"ports": (Port(5432, "x", "5432"),)}, "db_postgres: is reachable from other machines"),
        ("redis", {"networks": ("ssrf_proxy_network", "default")}, "redis: has no business on ssrf_proxy_network"),
        ("api", {"depends_on": (Dependency("nobody"),)}, "api: depends on nobody, which is not there"),
        ("nginx", {"depends_on": (Dependency("certbot"),)}, "nginx: needs certbot, which a profile may leave out"),
        ("api", {"networks": ("lost",)}, "api: is on the network lost, which is not there"),
        ("web", {"calls": (Call("etcd", 2379),)}, "web: calls etcd, but shares no network with it"),
        ("web", {"calls": (Call("api", 99),)}, "web: calls port 99 of api, which does not listen there"),
        ("oracle", {"mounts": (Mount("lost", "/x"),)}, "oracle: mounts the volume lost, which is not there"),
        (
            "nginx",
            {"depends_on": (Dependency("ssrf_proxy", "service_healthy"),)},
            "nginx: waits for the health of ssrf_proxy, which has no check",
        ),
    ],
)
def test_a_fault_is_found(name: str, changes: dict[str, object], words: str) -> None:
    assert words in broken(name, **changes)


def test_a_name_used_twice_is_found() -> None:
    topology = whole()
    assert "api is declared twice" in faults(replace(topology, services=(*topology.services, topology.service("api"))))


def test_a_service_is_found_by_name() -> None:
    assert whole().service("redis").image.startswith("redis:")
    with pytest.raises(KeyError):
        whole().service("nobody")


def test_roles_that_do_not_exist_start_by_no_accident() -> None:
    for service in whole().services:
        if service.role is not None and not has_role(service.role):
            assert service.profiles, service.name


def test_own_containers_run_confined() -> None:
    own: list[Service] = [s for s in whole().services if s.build and (s.role is None or has_role(s.role))]
    assert len(own) >= 3
    for service in own:
        assert interpolate(service.user, {}) == "1001:1001"
        assert interpolate(service.user, {"ORRERY_USER": "1234:0"}) == "1234:0"
        assert service.read_only
        assert service.drop_capabilities
