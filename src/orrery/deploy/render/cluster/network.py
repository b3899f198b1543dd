"""Who may talk to whom: network policies derived from the calls of each service, and the way in."""

from __future__ import annotations

from orrery.deploy.render.cluster.slots import Object, Slots
from orrery.deploy.render.cluster.translation import members, object_name
from orrery.deploy.render.cluster.workloads import PART_OF, labels
from orrery.deploy.render.edge_files import ROUTES
from orrery.deploy.topology.model import Call, Service

PRIVATE_RANGES = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
_DNS: Object = {
    "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
    "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
}
_MIGRATES = "migrate"
_PUBLIC_ONLY = frozenset({"ssrf_proxy"})
_STREAMS = {
    "nginx.ingress.kubernetes.io/proxy-buffering": "off",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
    "nginx.ingress.kubernetes.io/proxy-send-timeout": "3600",
    "nginx.ingress.kubernetes.io/proxy-body-size": "100m",
}


def policies() -> list[Object]:
    """First nobody may do anything, then each service what it needs."""
    services = members()
    closed: Object = {"podSelector": {"matchLabels": PART_OF}, "policyTypes": ["Ingress", "Egress"]}
    found = [_policy("orrery-closed", closed)]
    found += [_policy(object_name(service.name), _spec(service, services)) for service in services]
    database = Call("db_postgres", 5432)
    job: Object = {
        "podSelector": {"matchLabels": labels(_MIGRATES)},
        "policyTypes": ["Egress"],
        "egress": [_DNS, _to(database), _world(public_only=False)],
    }
    return [*found, _policy(_MIGRATES, job)]


def ingress(slots: Slots) -> Object:
    """The routes of the edge; streams are passed on unbuffered."""
    known = {service.name for service in members()}
    host = slots("ingress.host", "orrery.example.com")
    paths = [
        {
            "path": route.prefix.rstrip("/") or "/",
            "pathType": "Prefix",
            "backend": {"service": {"name": object_name(route.service), "port": {"number": route.port}}},
        }
        for route in ROUTES
        if route.service in known
    ]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "orrery",
            "labels": dict(PART_OF),
            "annotations": slots("ingress.annotations", dict(_STREAMS)),
        },
        "spec": {
            "ingressClassName": slots("ingress.className", "nginx"),
            "tls": [{"hosts": [host], "secretName": slots("ingress.tlsSecret", "orrery-tls")}],
            "rules": [{"host": host, "http": {"paths": paths}}],
        },
    }


def _policy(name: str, spec: Object) -> Object:
    metadata = {"name": name, "labels": dict(PART_OF)}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _spec(service: Service, services: tuple[Service, ...]) -> Object:
    rules: list[Object] = []
    for port in service.ports:
        if not isinstance(port.number, int):
            continue
        ports = [{"protocol": "TCP", "port": port.number}]
        if port.number in service.doors:
            rules.append({"ports": ports})
            continue
        callers = [s.name for s in services if Call(service.name, port.number) in s.calls]
        if service.name == "db_postgres":
            callers.append(_MIGRATES)
        if callers:
            rules.append({"from": [{"podSelector": {"matchLabels": labels(c)}} for c in callers], "ports": ports})
    known = {other.name for other in services}
    egress = [_DNS, *(_to(call) for call in service.calls if call.service in known)]
    if service.internet:
        egress.append(_world(public_only=service.name in _PUBLIC_ONLY))
    return {
        "podSelector": {"matchLabels": labels(service.name)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": rules,
        "egress": egress if service.calls or service.internet else [],
    }


def _to(call: Call) -> Object:
    target = {"podSelector": {"matchLabels": labels(call.service)}}
    return {"to": [target], "ports": [{"protocol": "TCP", "port": call.port}]}


def _world(*, public_only: bool) -> Object:
    block: Object = {"cidr": "0.0.0.0/0"}
    if public_only:
        block["except"] = list(PRIVATE_RANGES)
    return {"to": [{"ipBlock": block}]}
