"""The chart in the hands of Helm itself: checked, installed into a cluster's API, changed by values, upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.cluster import Cluster, cluster
from tests.support.helm import RELEASE, Helm, library
from tests.unit.deploy.kubernetes_schemas import faults_of

from orrery.deploy.render.cluster.slots import fixed
from orrery.deploy.render.cluster.translation import CLUSTER_SECRETS
from orrery.deploy.render.helm import helm_files
from orrery.deploy.render.kubernetes import manifests
from orrery.deploy.render.places import write_files

pytestmark = pytest.mark.skipif(library() is None, reason="needs Helm: pip install helm-sdkpy (Python 3.12)")

Objects = dict[tuple[str, str], Any]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    write_files(helm_files(), tmp_path / "chart")
    return tmp_path / "chart"


@pytest.fixture
def empty() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def helm(empty: Cluster, tmp_path: Path) -> Helm:
    return Helm(empty.access, tmp_path)


def plain(revision: int) -> Objects:
    files = manifests(fixed, job_name=f"orrery-migrate-{revision}")
    return {(str(one["kind"]), name_of(one)): one for parts in files.values() for one in parts}


def name_of(one: dict[str, Any]) -> str:
    return str(one["metadata"]["name"])


def without_marks(made: Objects) -> Objects:
    """Objects as the chart has them: Helm writes on each that it is its own."""
    assert made
    for key, one in made.items():
        metadata = one["metadata"]
        assert metadata["labels"].pop("app.kubernetes.io/managed-by") == "Helm", key
        assert metadata["annotations"].pop("meta.helm.sh/release-name") == RELEASE
        assert metadata.pop("namespace") == metadata["annotations"].pop("meta.helm.sh/release-namespace")
        if not metadata["annotations"]:
            del metadata["annotations"]
    return made


def test_helm_minds_nothing(helm: Helm, chart: Path) -> None:
    assert helm.lint(chart) == []


def test_what_is_installed_is_the_plain_manifests(helm: Helm, chart: Path, empty: Cluster) -> None:
    helm.change(("install", chart, {}))
    assert [fault for made in empty.objects.values() for fault in faults_of(made)] == []
    assert without_marks(empty.objects) == plain(1)


def test_values_reach_what_they_name(helm: Helm, chart: Path, empty: Cluster) -> None:
    values = {
        "images": {"orrery": "registry.example/orrery:2"},
        # Of a cluster that chooses the user itself.
        "podSecurity": {"orrery": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
        "api": {"resources": {"limits": {"memory": "9Gi"}}},
        "dbPostgres": {"enabled": False},
        "redis": {"enabled": False},
        "secrets": {**dict.fromkeys(CLUSTER_SECRETS, "x"), "DB_PASSWORD": 'quotes " and {{ braces }}'},
        "ingress": {"host": "ai.example", "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}},
    }
    helm.change(("install", chart, values))
    made = empty.objects
    assert [fault for one in made.values() for fault in faults_of(one)] == []
    pod = made["Deployment", "api"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry.example/orrery:2"
    assert pod["containers"][0]["resources"]["limits"] == {"memory": "9Gi"}
    assert pod["securityContext"] == {"seccompProfile": {"type": "RuntimeDefault"}, "runAsNonRoot": True}
    assert ("StatefulSet", "redis") not in made
    assert made["Secret", "orrery-secrets"]["stringData"] == values["secrets"]
    ingress = made["Ingress", "orrery"]
    assert ingress["spec"]["rules"][0]["host"] == "ai.example"
    assert ingress["spec"]["tls"] == [{"hosts": ["ai.example"], "secretName": "orrery-tls"}]
    assert ingress["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"


def test_an_upgrade_migrates_once_more_and_changes_the_rest(helm: Helm, chart: Path, empty: Cluster) -> None:
    helm.change(("install", chart, {}), ("upgrade", chart, {"images": {"orrery": "orrery:2"}}))
    made = empty.objects
    assert [name for kind, name in made if kind == "Job"] == ["orrery-migrate-2"]
    pods = [cast("dict[str, Any]", made[kind, name]["spec"]["template"]["spec"])
            for kind, name in (("Job", "orrery-migrate-2"), ("Deployment", "api"), ("Deployment", "worker"))]  # fmt: skip
    assert {pod["containers"][0]["image"] for pod in pods} == {"orrery:2"}
    assert set(made) == set(plain(2))
