"""What the rendered policies and networks let through, worked out for every pair of services."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.unit.deploy.reachability import Place, Way, allows, neighbours

from orrery.deploy.render.cluster.network import policies
from orrery.deploy.render.cluster.translation import members
from orrery.deploy.render.cluster.workloads import labels
from orrery.deploy.render.compose import compose_files
from orrery.deploy.topology.model import Call, Service

POLICIES: list[Any] = list(policies())
COMPOSE: dict[str, Any] = yaml.safe_load(compose_files()["docker-compose.yaml"])
SERVICES = members()
NAMES = [service.name for service in SERVICES]
PORTS = [(s.name, port.number) for s in SERVICES for port in s.ports if isinstance(port.number, int)]
STRANGER = Place({"app": "ingress-nginx"}, "ingress-nginx")
NAMES_SERVER = Place({"k8s-app": "kube-dns"}, "kube-system")
PUBLIC, METADATA, NEIGHBOUR = (
    Place(address="93.184.216.34"),
    Place(address="169.254.169.254"),
    Place(address="10.0.0.7"),
)


def pod(service: str) -> Place:
    return Place(labels(service))


def reached(source: Place) -> set[tuple[str, int]]:
    return {(name, port) for name, port in PORTS if allows(POLICIES, Way(source, pod(name), port))}


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_each_service_reaches_what_it_calls_and_nothing_else(service: Service) -> None:
    calls = {(c.service, c.port) for c in service.calls if c.service in NAMES}
    own = {(name, port) for name, port in PORTS if name == service.name}
    doors = {(s.name, port) for s in SERVICES for port in s.doors}
    # A door is open to whoever may go out at all: an address of the cluster is one of the world's.
    most = calls | doors if service.internet else calls
    assert calls <= reached(pod(service.name)) - own <= most


def test_the_job_of_migrations_reaches_the_database_and_no_other_service_inside() -> None:
    assert {name for name, _ in reached(pod("migrate"))} <= {"db_postgres", "api", "web"}
    assert ("db_postgres", 5432) in reached(pod("migrate"))


def test_from_other_namespaces_only_doors_are_reached() -> None:
    assert reached(STRANGER) == {("api", 5001), ("web", 3000)}


def test_an_unknown_pod_beside_them_reaches_only_doors() -> None:
    assert reached(Place({"app": "somebody"})) == {("api", 5001), ("web", 3000)}


def test_the_sandbox_reaches_the_proxy_and_names_in_both_worlds() -> None:
    sandbox = pod("sandbox")
    assert reached(sandbox) == {("ssrf_proxy", 3128)}
    assert allows(POLICIES, Way(sandbox, NAMES_SERVER, 53, "UDP"))
    for place in (PUBLIC, METADATA, NEIGHBOUR, NAMES_SERVER, STRANGER):
        assert not allows(POLICIES, Way(sandbox, place, 443))
    assert list(neighbours(COMPOSE, "sandbox")) == ["ssrf_proxy"]
    assert COMPOSE["networks"]["ssrf_proxy_network"]["internal"] is True


@pytest.mark.parametrize("service", SERVICES, ids=NAMES)
def test_only_those_who_should_get_out_of_the_cluster(service: Service) -> None:
    source = pod(service.name)
    assert allows(POLICIES, Way(source, PUBLIC, 443)) == service.internet
    # Who asks for others (the proxy) is kept from what is private by the cluster, too.
    private = service.internet and service.name != "ssrf_proxy"
    for place in (METADATA, NEIGHBOUR):
        assert allows(POLICIES, Way(source, place, 443)) == private


def test_databases_are_reached_by_callers_alone() -> None:
    for database, port in (("db_postgres", 5432), ("redis", 6379)):
        callers = {s.name for s in SERVICES if Call(database, port) in s.calls}
        reaching = {name for name in NAMES if allows(POLICIES, Way(pod(name), pod(database), port))}
        assert reaching == callers != set()
        for place in (STRANGER, PUBLIC, NEIGHBOUR):
            assert not allows(POLICIES, Way(place, pod(database), port))
        assert "ports" not in COMPOSE["services"][database]


def test_what_the_cluster_lets_through_compose_lets_through_too() -> None:
    """But for the sandbox: in Compose its callers meet the proxy, under its name."""
    for service in SERVICES:
        near = set(neighbours(COMPOSE, service.name))
        called = {call.service for call in service.calls if call.service in NAMES}
        behind_the_proxy = {"sandbox"} if "ssrf_proxy" in near else set[str]()
        assert called <= near | behind_the_proxy, service.name


def test_the_evaluator_reads_policies_as_clusters_do() -> None:
    def policy(**spec: Any) -> dict[str, Any]:
        return {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], **spec}}

    way = Way(Place({"a": "1"}), Place({"b": "1"}), 80)
    assert allows([], way)
    assert not allows([policy()], way)
    assert allows([policy(), policy(ingress=[{}])], way)
    assert not allows([policy(ingress=[{"ports": [{"port": 81}]}])], way)
    assert allows([policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"a": "1"}}}]}])], way)
    assert not allows([policy(ingress=[{"from": [{"podSelector": {"matchLabels": {"a": "2"}}}]}])], way)
    assert allows([policy(podSelector={"matchLabels": {"c": "1"}})], way)
    assert not allows([policy(policyTypes=["Egress"])], way)
    world = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    assert not allows([policy(policyTypes=["Egress"], egress=[{"to": [world]}])], way)
