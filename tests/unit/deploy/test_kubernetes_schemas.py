from __future__ import annotations

from typing import Any

import pytest
from tests.unit.deploy.kubernetes_schemas import faults_of

from orrery.deploy.render.cluster.slots import fixed
from orrery.deploy.render.kubernetes import manifests

OBJECTS: list[Any] = [one for parts in manifests(fixed, job_name="orrery-migrate").values() for one in parts]


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_cluster_takes_what_is_rendered(thing: dict[str, Any]) -> None:
    assert faults_of(thing) == []


def test_the_schemas_refuse_what_a_cluster_refuses() -> None:
    def service(**spec: object) -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": spec}

    assert faults_of(service(ports=[{"port": 80}])) == []
    assert faults_of(service(ports=[{"port": "http"}])) == [
        "Service x: spec/ports/0/port: 'http' is not of type 'integer'"
    ]
    assert faults_of(service(ports=[dict[str, object]()])) == ["Service x: spec/ports/0: 'port' is a required property"]
    assert "'prots' was unexpected" in faults_of(service(prots=[]))[0]
    assert faults_of({**service(), "apiVersion": "v2"}) == ["v2 Service: no such kind"]
