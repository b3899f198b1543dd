"""What may be reached: schemes, ports, addresses, exemptions, and the proxy to go through.

Two policies stand side by side: `untrusted_policy` for addresses that come from users or files, `operator_policy`
for model endpoints that an administrator configured, which may stand on this machine or in the LAN.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

import msgspec

from orrery.egress.addresses import METADATA_RANGES, NEVER_RANGES, PRIVATE_RANGES, AddressSet, pack

HostPort: TypeAlias = tuple[str, int | None]

DENIED_PORTS = frozenset({
    22, 25, 53, 110, 143, 445, 465, 587, 993, 995, 2375, 2376, 2379, 3306, 5432, 6379, 6443, 9200, 10250, 11211, 27017,
})  # fmt: skip
"""Ports of services that do not speak HTTP to strangers, or that rule the machine when they do."""

_WILDCARDS = frozenset({"0.0.0.0", "::", "*", ""})  # noqa: S104 - names of listeners to refuse, nothing binds here
_LOCAL = AddressSet(("127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128"))
_METADATA = AddressSet(METADATA_RANGES)
_NEVER = AddressSet(NEVER_RANGES)
_INSIDE = AddressSet(NEVER_RANGES + PRIVATE_RANGES)


class ProxyRoutes(msgspec.Struct, frozen=True):
    """Forward proxy URLs by scheme; None means direct, behind the guard."""

    http: str | None = None
    https: str | None = None

    @classmethod
    def from_settings(cls, *, all_url: str = "", http_url: str = "", https_url: str = "") -> ProxyRoutes:
        """``SSRF_PROXY_ALL_URL`` wins; the other two count only together (sandbox-and-security.md 5.3)."""
        if all_url:
            return cls(http=all_url, https=all_url)
        if http_url and https_url:
            return cls(http=http_url, https=https_url)
        return cls()

    def for_scheme(self, scheme: str) -> str | None:
        return self.https if scheme == "https" else self.http


class EgressPolicy(msgspec.Struct, frozen=True):
    """One set of rules; build it with `untrusted_policy` or `operator_policy`.

    ``refused`` are (host or address, port or None for every port) of our own listeners and of the services behind
    us; a wildcard listener stands for this machine's loopback addresses.
    """

    allow_private: bool = False
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    allowed_domains: tuple[str, ...] = ()
    denied_ports: frozenset[int] = DENIED_PORTS
    allowed_ports: frozenset[int] = frozenset()
    refused: tuple[HostPort, ...] = ()
    proxies: ProxyRoutes = ProxyRoutes()

    def port_allowed(self, port: int) -> bool:
        return port in self.allowed_ports or (port not in self.denied_ports and 0 < port < 65536)

    def is_exempt(self, host: str) -> bool:
        """Whether an administrator named this domain, or one above it, as reachable though private."""
        name = host.rstrip(".").lower()
        return any(name == d or name.endswith("." + d) for d in self.allowed_domains)


class AddressRules:
    """A policy's verdict on addresses, precomputed; one per client."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy
        self._blocked = _NEVER if policy.allow_private else _INSIDE
        self._allowed = AddressSet(policy.allowed_networks)
        self._refused_names = {(h.rstrip(".").lower(), p) for h, p in policy.refused if pack(h) is None}
        self._refused_addresses = {(a, p) for h, p in policy.refused if (a := pack(h)) is not None}
        self._wildcard_ports = {p for h, p in policy.refused if h in _WILDCARDS}

    def allows_name(self, host: str, port: int) -> bool:
        """Whether the name itself is not one of the refused services."""
        name = host.rstrip(".").lower()
        return (name, port) not in self._refused_names and (name, None) not in self._refused_names

    def allows(self, address: str, port: int, *, exempt: bool = False) -> bool:
        """The verdict on one literal address; ``exempt`` when it was reached through an allowed domain."""
        packed = pack(address)
        if packed is None or packed in _METADATA:
            return False
        if (packed, port) in self._refused_addresses or (packed, None) in self._refused_addresses:
            return False
        if port in self._wildcard_ports and packed in _LOCAL:
            return False
        return exempt or packed not in self._blocked or packed in self._allowed


def untrusted_policy(
    *,
    allow_private_ips: str = "",
    allow_private_domains: str = "",
    refused: Iterable[HostPort] = (),
    proxies: ProxyRoutes | None = None,
    allowed_ports: Iterable[int] = (),
) -> EgressPolicy:
    """For URLs out of users' hands. The two lists are ``SSRF_PROXY_ALLOW_PRIVATE_IPS`` and ``_DOMAINS`` as written.

    Raises `ValueError` naming the entry that is neither an address nor a network.
    """
    return EgressPolicy(
        allowed_networks=tuple(_network(e) for e in _entries(allow_private_ips)),
        allowed_domains=tuple(e.lower().strip(".").removeprefix("*.") for e in _entries(allow_private_domains)),
        refused=tuple(refused),
        proxies=proxies or ProxyRoutes(),
        allowed_ports=frozenset(allowed_ports),
    )


def operator_policy(
    *,
    allow_private: bool,
    allow_private_ips: str = "",
    allow_private_domains: str = "",
    refused: Iterable[HostPort] = (),
    proxies: ProxyRoutes | None = None,
) -> EgressPolicy:
    """For endpoints an administrator configured; link-local and metadata addresses stay shut either way.

    Without ``allow_private`` the two lists say which inner addresses may be reached, as in `untrusted_policy`.
    """
    listed = untrusted_policy(
        allow_private_ips=allow_private_ips,
        allow_private_domains=allow_private_domains,
        refused=refused,
        proxies=proxies,
    )
    return msgspec.structs.replace(listed, allow_private=allow_private)


def _entries(text: str) -> list[str]:
    return [e for e in re.split(r"[,\s]+", text) if e]


def _network(entry: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(entry, strict=False)
    except ValueError as exc:
        raise ValueError(f"SSRF_PROXY_ALLOW_PRIVATE_IPS: {entry!r} is neither an address nor a network") from exc
