"""Plain manifests with a kustomization: ``kubectl apply -k deploy/kubernetes``."""

from __future__ import annotations

from orrery.deploy.render.cluster.network import ingress, policies
from orrery.deploy.render.cluster.slots import Object, Slots, fixed
from orrery.deploy.render.cluster.translation import CONFIG, SECRET, configuration, members, object_name
from orrery.deploy.render.cluster.workloads import (
    PART_OF,
    PROXY_FILES,
    autoscaler,
    disruption_budget,
    migration_job,
    network_service,
    proxy_keys,
    storage_claim,
    workload,
)
from orrery.deploy.render.edge_files import edge_files
from orrery.deploy.render.yaml_text import yaml_text

SECRETS_FILE = "secrets.env"
_BANNER = "# Written by: orrery stack render kubernetes\n"
_README = """# Orrery on Kubernetes

1. `orrery stack init --for kubernetes --out deploy/kubernetes` writes `secrets.env`. Keep it out of version control.
2. Set the images, the host of `ingress.yaml`, and a storage class that offers ReadWriteMany if you keep files in a
   volume (with object storage, set `STORAGE_TYPE` in `config.yaml` instead).
3. `kubectl create namespace orrery && kubectl apply -n orrery -k deploy/kubernetes`
4. At an upgrade: `kubectl delete job orrery-migrate --ignore-not-found` first; the job of the new version then brings
   the schema up to date, and API pods become ready when it has.

TLS: put a certificate into the secret `orrery-tls`, or let cert-manager fill and renew it:
`kubectl annotate -n orrery ingress orrery cert-manager.io/cluster-issuer=NAME`. On clusters that choose the users of
pods themselves (OpenShift), take `runAsUser`, `runAsGroup` and `fsGroup` out, or use the chart, where that is a value.

The policies let the sandbox reach the proxy and nothing else, and the databases be reached by the product alone. They
need a network plugin that enforces NetworkPolicy. Managed databases: leave the stateful sets out of
`kustomization.yaml` and set `DB_HOST` and `REDIS_HOST`.

These files are written by `orrery stack render kubernetes`; the Helm chart beside them comes from the same source.
"""


def kubernetes_files() -> dict[str, str]:
    """The texts by file name."""
    objects = manifests(fixed, job_name="orrery-migrate")
    texts = {name: _BANNER + yaml_text(*parts) for name, parts in objects.items()}
    kustomization: Object = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(texts),
        "secretGenerator": [{"name": SECRET, "envs": [SECRETS_FILE]}],
    }
    return {
        **texts,
        "kustomization.yaml": _BANNER + yaml_text(kustomization),
        ".gitignore": f"{SECRETS_FILE}\n",
        "README.md": _README,
    }


def manifests(slots: Slots, *, job_name: str) -> dict[str, list[Object]]:
    """The objects by file name; one file for each service."""
    services = {service.name: service for service in members()}
    files: dict[str, list[Object]] = {
        "config.yaml": [config_map(CONFIG, configuration()), proxy_files()],
        "storage.yaml": [storage_claim(slots)],
        "migration.yaml": [migration_job(services["api"], slots, name=job_name)],
    }
    for service in services.values():
        parts = (
            workload(service, slots),
            network_service(service),
            autoscaler(service, slots),
            disruption_budget(service),
        )
        files[f"{object_name(service.name)}.yaml"] = [part for part in parts if part is not None]
    files["ingress.yaml"] = [ingress(slots)]
    files["network-policies.yaml"] = policies()
    return files


def config_map(name: str, data: dict[str, str]) -> Object:
    """An object that holds texts."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": dict(PART_OF)}, "data": data}


def proxy_files() -> Object:
    """The files that the forward proxy is started with."""
    texts = edge_files()
    return config_map(PROXY_FILES, {key: texts[f"ssrf_proxy/{path}"] for key, path in proxy_keys().items()})
