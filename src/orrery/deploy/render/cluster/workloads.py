"""Deployments, stateful sets, the migration job, and what belongs to each: service, autoscaler, disruption budget."""

from __future__ import annotations

from orrery.deploy.render.cluster.slots import Object, Slots
from orrery.deploy.render.cluster.translation import (
    CONFIG,
    SECRET,
    STATEFUL,
    environment,
    object_name,
    resolved,
    words,
)
from orrery.deploy.roles import Mode
from orrery.deploy.topology.model import Port, Service
from orrery.deploy.topology.product import DATABASES

PART_OF = {"app.kubernetes.io/part-of": "orrery"}
CLAIM = "orrery-storage"
PROXY_FILES = "ssrf-proxy-files"
_SHARED_STORAGE = {"/app/api/storage": "", "/app/storage": "plugin_daemon"}
"""Folders on the claim of uploaded files, and their paths there."""
_READINESS = {"api": "/ready", "plugin_daemon": "/ready/check"}
"""Where these say whether they can work, too, and not only that they are alive."""
_PROXY_TEMPLATES = "/etc/squid/templates"
_CPU_TARGET = 70
_STATE_SIZES = {"db_postgres": "20Gi", "redis": "2Gi"}
_OWN_FILES = {"/conf"}  # a file that nobody needs in a cluster: the environment says it all


def labels(service: str) -> dict[str, str]:
    """What tells the pods of a service from others."""
    return {"app.kubernetes.io/name": object_name(service), **PART_OF}


def workload(service: Service, slots: Slots) -> Object:
    """The deployment or stateful set of a service."""
    name = object_name(service.name)
    stateful = service.name in STATEFUL
    selector = labels(service.name)
    grows = service.scale.most > service.scale.least
    # Where an autoscaler counts the replicas, a manifest that counted them too would set them back at every apply.
    spec: Object = {} if grows else {"replicas": slots(f"{_path(service)}.replicas", service.scale.least)}
    spec |= {
        "selector": {"matchLabels": selector},
        "template": {"metadata": {"labels": selector}, "spec": _pod(service, slots)},
    }
    if stateful:
        spec["serviceName"] = name
        spec["volumeClaimTemplates"] = [_claim("data", "ReadWriteOnce", _STATE_SIZES[service.name], slots, service)]
    else:
        spec["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    kind = "StatefulSet" if stateful else "Deployment"
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": _metadata(service.name), "spec": spec}


def network_service(service: Service) -> Object | None:
    """The name and ports under which others find a service; None if it listens nowhere."""
    ports = [_service_port(port) for port in service.ports if isinstance(port.number, int)]
    if not ports:
        return None
    spec: Object = {"selector": labels(service.name), "ports": ports}
    if service.name in STATEFUL:
        spec["clusterIP"] = "None"
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(service.name), "spec": spec}


def autoscaler(service: Service, slots: Slots) -> Object | None:
    """Grows a service with its CPU use; None for one of fixed size."""
    if service.scale.most <= service.scale.least:
        return None
    path = _path(service)
    target = {"type": "Utilization", "averageUtilization": _CPU_TARGET}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _metadata(service.name),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": object_name(service.name)},
            "minReplicas": slots(f"{path}.minReplicas", service.scale.least),
            "maxReplicas": slots(f"{path}.maxReplicas", service.scale.most),
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


def disruption_budget(service: Service) -> Object | None:
    """Keeps all but one replica while machines are emptied; None for a service of one."""
    if service.scale.least < 2:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(service.name),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels(service.name)}},
    }


def migration_job(api: Service, slots: Slots, *, name: str) -> Object:
    """Brings the schema up to date once; API pods refuse to serve until it is."""
    container: Object = {
        "name": "migrate",
        "image": _image(api, slots),
        "envFrom": _env_from(),
        "env": [{"name": "MODE", "value": str(Mode.MIGRATION)}],
        "securityContext": _confined(api),
        "volumeMounts": [{"name": "scratch-0", "mountPath": "/tmp"}],  # noqa: S108  (a container's own)
    }
    pod: Object = {
        "restartPolicy": "OnFailure",
        "automountServiceAccountToken": False,
        "securityContext": _pod_security(api, slots),
        "containers": [container],
        "volumes": [{"name": "scratch-0", "emptyDir": {}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels("migrate")},
        "spec": {
            "backoffLimit": 10,
            "ttlSecondsAfterFinished": 86400,
            "template": {"metadata": {"labels": labels("migrate")}, "spec": pod},
        },
    }


def storage_claim(slots: Slots) -> Object:
    """The folder of uploaded files; with object storage nothing is written there."""
    claim = _claim(CLAIM, "ReadWriteMany", "20Gi", slots, None)
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **claim}


def _pod(service: Service, slots: Slots) -> Object:
    volumes, mounts = _volumes(service)
    container: Object = {"name": object_name(service.name), "image": _image(service, slots)}
    if service.entrypoint:
        container["command"] = words(service.entrypoint, service.environment)
    if service.command:
        args = words(service.command, service.environment)
        # A database's are its tuning, which people change.
        container["args"] = slots(f"{_path(service)}.args", args) if service.name in DATABASES else args
    if service.shared_environment:
        container["envFrom"] = _env_from()
    entries = environment(service.environment)
    if entries:
        container["env"] = entries
    ports = [
        {"name": port.name, "containerPort": port.number} for port in service.ports if isinstance(port.number, int)
    ]
    if ports:
        container["ports"] = ports
    container |= _probes(service)
    container["resources"] = slots(f"{_path(service)}.resources", _resources(service))
    if service.drop_capabilities:
        container["securityContext"] = _confined(service)
    if mounts:
        container["volumeMounts"] = mounts
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": _pod_security(service, slots),
        "containers": [container],
        **({"volumes": volumes} if volumes else {}),
    }


def _probes(service: Service) -> Object:
    if service.probe:
        port = service.ports[0].name
        request: Object = {"httpGet": {"path": service.probe, "port": port}}
        ready: Object = {"httpGet": {"path": _READINESS.get(service.name, service.probe), "port": port}}
        return {
            "startupProbe": {**request, "periodSeconds": 2, "failureThreshold": 60},
            "readinessProbe": {**ready, "periodSeconds": 5, "timeoutSeconds": 6},
            "livenessProbe": {**request, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6},
        }
    if service.health is not None:
        kind, *test = service.health.test
        command = words(tuple(test), service.environment)
        probe: Object = {"exec": {"command": command if kind == "CMD" else ["sh", "-c", *command]}}
        if not service.ports:
            # Nobody is sent there, so nobody asks whether it is ready: only whether it came up, and whether it hangs.
            return {
                "startupProbe": {**probe, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 24},
                "livenessProbe": {**probe, "periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 3},
            }
        return {
            "readinessProbe": {**probe, "periodSeconds": 5, "timeoutSeconds": 3},
            "livenessProbe": {**probe, "periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 6},
        }
    if service.ports:
        return {"readinessProbe": {"tcpSocket": {"port": service.ports[0].name}, "periodSeconds": 5}}
    return {}


def _volumes(service: Service) -> tuple[list[Object], list[Object]]:
    volumes: list[Object] = []
    mounts: list[Object] = []
    for index, mount in enumerate(service.mounts):
        if mount.target in _OWN_FILES:
            continue
        if service.name in STATEFUL:
            mounts.append({"name": "data", "mountPath": mount.target})
            continue
        name = f"files-{index}"
        source: Object = {"emptyDir": {}}
        if mount.target in _SHARED_STORAGE:
            source = {"persistentVolumeClaim": {"claimName": CLAIM}}
        elif mount.target == _PROXY_TEMPLATES:
            items = [{"key": key, "path": path} for key, path in proxy_keys().items()]
            source = {"configMap": {"name": PROXY_FILES, "items": items}}
        volumes.append({"name": name, **source})
        below = _SHARED_STORAGE.get(mount.target, "")
        mounts.append({"name": name, "mountPath": mount.target, **({"subPath": below} if below else {})})
    for index, path in enumerate(service.tmpfs):
        volumes.append({"name": f"scratch-{index}", "emptyDir": {}})
        mounts.append({"name": f"scratch-{index}", "mountPath": path.partition(":")[0]})
    return volumes, mounts


def proxy_keys() -> dict[str, str]:
    """The proxy's files: keys of the configuration object, and their paths below the mount."""
    paths = ("squid.conf.template", "docker-entrypoint.sh", "conf.d/local.conf")
    return {path.replace("/", "."): path for path in paths}


def _image(service: Service, slots: Slots) -> object:
    images = {"orrery": ("images.orrery", "orrery:latest"), "web": ("images.web", "orrery-web:latest")}
    if service.build in images:
        return slots(*images[service.build])
    return slots(f"images.{_path(service)}", service.image)


def _env_from() -> list[Object]:
    return [{"configMapRef": {"name": CONFIG}}, {"secretRef": {"name": SECRET}}]


def _pod_security(service: Service, slots: Slots) -> object:
    security: Object = {"seccompProfile": {"type": "RuntimeDefault"}}
    if not service.user:
        return security
    user, _, group = resolved(service.user).partition(":")
    security |= {"runAsNonRoot": True, "runAsUser": int(user), "runAsGroup": int(group), "fsGroup": int(group)}
    # A value of the chart: clusters that choose the user themselves refuse pods that name one.
    return slots(f"podSecurity.{'orrery' if service.build else _path(service)}", security)


def _confined(service: Service) -> Object:
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": service.read_only,
    }


def _resources(service: Service) -> Object:
    wanted = service.resources
    requests = {key: value for key, value in (("cpu", wanted.cpu), ("memory", wanted.memory)) if value}
    limits = {"memory": wanted.memory_limit} if wanted.memory_limit else {}
    return {key: value for key, value in (("requests", requests), ("limits", limits)) if value}


def _claim(name: str, mode: str, size: str, slots: Slots, owner: Service | None) -> Object:
    path = _path(owner) if owner else "storage"
    return {
        "metadata": {"name": name, "labels": PART_OF},
        "spec": {
            "accessModes": [mode],
            "resources": {"requests": {"storage": slots(f"{path}.size", size)}},
        },
    }


def _service_port(port: Port) -> Object:
    return {"name": port.name, "port": port.number, "targetPort": port.name}


def _metadata(service: str) -> Object:
    return {"name": object_name(service), "labels": labels(service)}


def _path(service: Service) -> str:
    """A key of the chart's values: ``db_postgres`` is ``dbPostgres``."""
    first, *others = service.name.split("_")
    return first + "".join(word.capitalize() for word in others)
