from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from orrery.deploy.envfile.initial import Place, initial
from orrery.deploy.render.cluster.translation import CLUSTER_SECRETS, members, object_name
from orrery.deploy.render.kubernetes import kubernetes_files
from orrery.deploy.render.places import write_files
from orrery.settings import load_settings
from orrery.settings.dotenv import read_dotenv

FILES = kubernetes_files()
OBJECTS: list[dict[str, Any]] = [
    part
    for name, text in FILES.items()
    if name.endswith(".yaml") and name != "kustomization.yaml"
    for part in yaml.safe_load_all(text)
]


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {o["metadata"]["name"]: o for o in OBJECTS if o["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    return {
        name: o["spec"]["template"] for kind in ("Deployment", "StatefulSet", "Job") for name, o in of(kind).items()
    }


def test_no_object_is_there_twice() -> None:
    names = [(o["kind"], o["metadata"]["name"]) for o in OBJECTS]
    assert len(names) == len(set(names))
    assert all("_" not in name for _, name in names)


def test_every_member_has_its_objects() -> None:
    for service in members():
        name = object_name(service.name)
        workloads = of("StatefulSet") if service.name in {"db_postgres", "redis"} else of("Deployment")
        assert name in workloads
        assert (name in of("HorizontalPodAutoscaler")) == (service.scale.most > service.scale.least)
        assert (name in of("PodDisruptionBudget")) == (service.scale.least > 1)
        assert name in of("NetworkPolicy")
    assert set(of("Job")) == {"orrery-migrate"}


def test_an_autoscaled_workload_counts_no_replicas_itself() -> None:
    for name, deployment in of("Deployment").items():
        assert ("replicas" in deployment["spec"]) != (name in of("HorizontalPodAutoscaler"))


def test_services_select_pods_and_name_their_ports() -> None:
    for name, service in of("Service").items():
        labels = [pod["metadata"]["labels"] for pod in pods().values()]
        chosen = [p for p in pods().values() if service["spec"]["selector"].items() <= p["metadata"]["labels"].items()]
        assert len(chosen) == 1, (name, labels)
        names = {port["name"] for port in chosen[0]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


def test_every_reference_leads_somewhere() -> None:
    known = {"ConfigMap": of("ConfigMap"), "Claim": of("PersistentVolumeClaim")}
    for pod in pods().values():
        for volume in pod["spec"].get("volumes", []):
            if "configMap" in volume:
                assert volume["configMap"]["name"] in known["ConfigMap"]
                data = known["ConfigMap"][volume["configMap"]["name"]]["data"]
                assert {item["key"] for item in volume["configMap"]["items"]} <= set(data)
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in known["Claim"]
        for container in pod["spec"]["containers"]:
            for entry in container.get("env", []):
                if "valueFrom" in entry:
                    assert entry["valueFrom"]["secretKeyRef"]["key"] in CLUSTER_SECRETS
    rules = of("Ingress")["orrery"]["spec"]["rules"]
    for path in (path for rule in rules for path in rule["http"]["paths"]):
        target = path["backend"]["service"]
        assert target["port"]["number"] in {p["port"] for p in of("Service")[target["name"]]["spec"]["ports"]}


def test_no_secret_lies_open() -> None:
    data = of("ConfigMap")["orrery-config"]["data"]
    assert not set(CLUSTER_SECRETS) & set(data)
    assert not [name for name in data if name.endswith("PASSWORD")]
    for pod in pods().values():
        for container in pod["spec"]["containers"]:
            assert not [e for e in container.get("env", []) if e["name"].endswith("PASSWORD") and "value" in e]


def test_own_pods_are_confined() -> None:
    for name, pod in pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        if name in {"api", "web", "sandbox", "orrery-migrate", "ssrf-proxy", "plugin-daemon"}:
            assert spec["securityContext"]["runAsNonRoot"] is True
            security = spec["containers"][0]["securityContext"]
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["readOnlyRootFilesystem"] is True


def test_the_plugin_daemon_keeps_its_packages_and_has_its_modes_name() -> None:
    [container] = pods()["plugin-daemon"]["spec"]["containers"]
    assert {"name": "MODE", "value": "plugin_daemon"} in container["env"]
    assert "envFrom" not in container
    kept = next(mount for mount in container["volumeMounts"] if mount["mountPath"] == "/app/storage")
    assert kept["subPath"] == "plugin_daemon"
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready/check"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/check"


def ingress_peers(name: str) -> set[str]:
    rules = of("NetworkPolicy")[name]["spec"]["ingress"]
    assert all("from" in rule for rule in rules)
    return {p["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for rule in rules for p in rule["from"]}


def test_databases_are_reached_by_the_product_alone() -> None:
    product = {"api", "worker", "worker-beat", "plugin-daemon", "migrate"}
    assert {"api", "migrate"} <= ingress_peers("db-postgres") <= product
    assert {"api"} <= ingress_peers("redis") <= product


def test_the_sandbox_reaches_the_proxy_and_names_alone() -> None:
    assert "api" in ingress_peers("sandbox")
    egress = of("NetworkPolicy")["sandbox"]["spec"]["egress"]
    targets = [target for rule in egress for target in rule["to"]]
    assert not [target for target in targets if "ipBlock" in target]
    names = {t["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for t in targets if "podSelector" in t}
    assert names == {"ssrf-proxy"}
    assert [rule["ports"] for rule in egress if any("namespaceSelector" in t for t in rule["to"])] == [
        [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    ]


def test_nothing_is_open_that_no_policy_speaks_of() -> None:
    closed = of("NetworkPolicy")["orrery-closed"]["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in closed
    assert "egress" not in closed
    for pod in pods().values():
        assert closed["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_the_api_starts_with_what_its_pod_is_given(tmp_path: Path) -> None:
    secrets = read_dotenv(initial(Place.KUBERNETES), {})
    environ = {**of("ConfigMap")["orrery-config"]["data"], **secrets, "ORRERY_SECRETS_DIR": str(tmp_path)}
    for entry in pods()["api"]["spec"]["containers"][0]["env"]:
        environ[entry["name"]] = entry.get("value") or secrets[entry["valueFrom"]["secretKeyRef"]["key"]]
    settings = load_settings(environ, shape="fleet")
    assert settings.database.host == "db-postgres"
    assert settings.database.password == secrets["DB_PASSWORD"]
    assert settings.egress.proxy_http == "http://ssrf-proxy:3128"
    assert settings.server.application_name == "orrery"
    assert settings.server.migration_enabled is False


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="needs kubectl")
def test_kubectl_builds_the_kustomization(tmp_path: Path) -> None:
    write_files(FILES, tmp_path)
    (tmp_path / "secrets.env").write_text(initial(Place.KUBERNETES))
    done = subprocess.run(["kubectl", "kustomize", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    assert len(built) == len(OBJECTS) + 1
    assert [set(o["data"]) for o in built if o["kind"] == "Secret"] == [set(CLUSTER_SECRETS)]
