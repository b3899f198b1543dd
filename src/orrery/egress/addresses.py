"""Which IP addresses lead inside: precomputed integer ranges, looked up by bisection.

Ranges are the special-purpose registries of IANA plus the metadata addresses of clouds (reliability.md 2.1).
"""

from __future__ import annotations

import socket
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

PRIVATE_RANGES = (
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7",
)  # fmt: skip
"""Loopback, LAN, carrier-grade NAT and unique-local: inside, yet where an operator may run a model server."""

NEVER_RANGES = (
    "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    "5f00::/16", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128",
)  # fmt: skip
"""Link-local, metadata services, documentation, tunnels, multicast, reserved: no policy opens these as a group."""

METADATA_RANGES = ("169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "fe80::/10", "fd00:ec2::254/128")
"""Not even an exemption by name or address opens these."""

_MAPPED_PREFIX = b"\x00" * 10 + b"\xff\xff"
_COMPATIBLE_PREFIX = b"\x00" * 12


class AddressSet:
    """A set of networks; asking costs one bisection, below a microsecond."""

    __slots__ = ("_v4_ends", "_v4_starts", "_v6_ends", "_v6_starts")

    def __init__(self, networks: Iterable[str | Network]) -> None:
        parsed = [ip_network(n, strict=False) if isinstance(n, str) else n for n in networks]
        self._v4_starts, self._v4_ends = _merged(n for n in parsed if n.version == 4)
        self._v6_starts, self._v6_ends = _merged(n for n in parsed if n.version == 6)

    def __contains__(self, packed: bytes) -> bool:
        """``packed`` is 4 or 16 bytes, as `pack` gives them."""
        number = int.from_bytes(packed, "big")
        starts, ends = (self._v4_starts, self._v4_ends) if len(packed) == 4 else (self._v6_starts, self._v6_ends)
        place = bisect_right(starts, number) - 1
        return place >= 0 and number <= ends[place]


def pack(text: str) -> bytes | None:
    """An address literal as 4 or 16 bytes; None when it is not one.

    IPv4-mapped and IPv4-compatible IPv6 become the IPv4 address they stand for; a scope (``%eth0``) is dropped. Only the canonical
    dotted form counts as IPv4: shorthands such as ``127.1`` are left to `looks_numeric`.
    """
    try:
        if ":" not in text:
            return socket.inet_pton(socket.AF_INET, text)
        packed = socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):
        return None
    mapped = packed.startswith(_MAPPED_PREFIX)
    compatible = packed.startswith(_COMPATIBLE_PREFIX) and packed[12:] > b"\0\0\0\x01"
    return packed[12:] if mapped or compatible else packed


def looks_numeric(host: str) -> bool:
    """Whether some resolver could read ``host`` as an IPv4 number (``2130706433``, ``0x7f.1``, ``0177.0.0.1``)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    if last.isdigit():
        return True
    return last.startswith("0x") and all(c in "0123456789abcdef" for c in last[2:])


def _merged(networks: Iterable[Network]) -> tuple[list[int], list[int]]:
    spans = sorted((int(n.network_address), int(n.broadcast_address)) for n in networks)
    starts: list[int] = []
    ends: list[int] = []
    for start, end in spans:
        if ends and start <= ends[-1] + 1:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends
