"""Who reaches whom under network policies, as a cluster's network plugin reads them, and on networks of Compose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec

OWN = "orrery"


class Place(msgspec.Struct, frozen=True):
    """A pod (its labels and namespace), or an address of somewhere else (``labels`` None)."""

    labels: Mapping[str, str] | None = None
    namespace: str = OWN
    address: str = "10.9.9.9"


class Way(msgspec.Struct, frozen=True):
    """From a place to a port of another one."""

    source: Place
    target: Place
    port: int
    protocol: str = "TCP"


def allows(policies: Sequence[dict[str, Any]], way: Way) -> bool:
    """Whether the sender may send and the receiver may receive."""
    return _side(policies, way, "Egress", way.source, way.target, "to") and _side(
        policies, way, "Ingress", way.target, way.source, "from"
    )


def _side(policies: Sequence[dict[str, Any]], way: Way, kind: str, own: Place, other: Place, key: str) -> bool:
    speaking = [p["spec"] for p in policies if kind in p["spec"]["policyTypes"] and _selects(p["spec"], own)]
    rules = [rule for spec in speaking for rule in spec.get(kind.lower()) or ()]
    # Where no policy speaks of a pod, everything is allowed.
    return not speaking or any(_port_fits(rule, way) and _peer_fits(rule.get(key), other) for rule in rules)


def _selects(spec: Mapping[str, Any], place: Place) -> bool:
    return place.namespace == OWN and _labelled(spec["podSelector"], place.labels)


def _labelled(selector: Mapping[str, Any], labels: Mapping[str, str] | None) -> bool:
    assert set(selector) <= {"matchLabels"}, "the evaluator knows no other form"
    return labels is not None and dict(selector.get("matchLabels", {})).items() <= labels.items()


def _port_fits(rule: Mapping[str, Any], way: Way) -> bool:
    ports = rule.get("ports")
    return not ports or any((p.get("protocol", "TCP"), p["port"]) == (way.protocol, way.port) for p in ports)


def _peer_fits(peers: Sequence[Mapping[str, Any]] | None, other: Place) -> bool:
    return not peers or any(_is_peer(peer, other) for peer in peers)


def _is_peer(peer: Mapping[str, Any], other: Place) -> bool:
    if "ipBlock" in peer:
        address, block = ip_address(other.address), peer["ipBlock"]
        inside = address in ip_network(block["cidr"])
        return inside and not any(address in ip_network(part) for part in block.get("except", ()))
    if other.labels is None:
        return False
    spaces = peer.get("namespaceSelector")
    named = {"kubernetes.io/metadata.name": other.namespace}
    in_space = other.namespace == OWN if spaces is None else _labelled(spaces, named)
    return in_space and _labelled(peer.get("podSelector", {}), other.labels)


def neighbours(document: Mapping[str, Any], service: str) -> Iterator[str]:
    """The services that share a network with one, in a Compose file."""
    networks = {name: set(entry.get("networks") or ["default"]) for name, entry in document["services"].items()}
    return (name for name, joined in networks.items() if name != service and joined & networks[service])
