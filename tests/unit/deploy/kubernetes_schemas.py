"""What a cluster takes: the fields, types and obligations of the kinds that we render (API of Kubernetes 1.33 and later).

``kubernetes-schemas.json`` beside this file has them as JSON Schema, from the types of the project's own Python client
(release 37), by ``model_json_schema()``, without descriptions and with no field allowed that is not declared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS: dict[str, Any] = json.loads(Path(__file__).with_name("kubernetes-schemas.json").read_text("utf-8"))
_TYPES = {
    ("v1", "ConfigMap"): "V1ConfigMap",
    ("v1", "Secret"): "V1Secret",
    ("v1", "Service"): "V1Service",
    ("v1", "PersistentVolumeClaim"): "V1PersistentVolumeClaim",
    ("apps/v1", "Deployment"): "V1Deployment",
    ("apps/v1", "StatefulSet"): "V1StatefulSet",
    ("batch/v1", "Job"): "V1Job",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "V2HorizontalPodAutoscaler",
    ("policy/v1", "PodDisruptionBudget"): "V1PodDisruptionBudget",
    ("networking.k8s.io/v1", "Ingress"): "V1Ingress",
    ("networking.k8s.io/v1", "NetworkPolicy"): "V1NetworkPolicy",
}


def faults_of(thing: Mapping[str, Any]) -> list[str]:
    """Where an object is not what a cluster takes, and why."""
    kind = _TYPES.get((thing["apiVersion"], thing["kind"]))
    if kind is None:
        return [f"{thing['apiVersion']} {thing['kind']}: no such kind"]
    schema = {"$defs": SCHEMAS, "$ref": f"#/$defs/{kind}"}
    found = Draft202012Validator(schema).iter_errors(thing)
    name = thing["metadata"]["name"]
    return [f"{thing['kind']} {name}: {'/'.join(map(str, error.path))}: {error.message}" for error in found]
