import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.egress.addresses import NEVER_RANGES, PRIVATE_RANGES, AddressSet, looks_numeric, pack

INSIDE = AddressSet(NEVER_RANGES + PRIVATE_RANGES)
NETWORKS = [ipaddress.ip_network(n) for n in NEVER_RANGES + PRIVATE_RANGES]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_bisection_agrees_with_the_plain_list(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    packed = pack(str(address))
    assert packed is not None
    plain = ipaddress.ip_address(packed)
    expected = any(plain in n for n in NETWORKS if n.version == plain.version)
    assert (packed in INSIDE) is expected


@pytest.mark.parametrize("network", NETWORKS, ids=str)
def test_both_edges_of_each_range_are_inside(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    for edge in (network.network_address, network.broadcast_address):
        assert edge.packed in INSIDE


def test_everything_not_global_is_inside() -> None:
    """The standard library's opinion, as a second source."""
    for text in ("10.1.2.3", "100.64.1.1", "192.0.2.7", "240.0.0.1", "::1", "fd12::1", "fe80::1", "2001:db8::1"):
        assert not ipaddress.ip_address(text).is_global
        packed = pack(text)
        assert packed is not None and packed in INSIDE


@pytest.mark.parametrize("text", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_outside(text: str) -> None:
    packed = pack(text)
    assert packed is not None and packed not in INSIDE


def test_mapped_addresses_become_ipv4() -> None:
    assert pack("::ffff:127.0.0.1") == pack("::ffff:7f00:1") == pack("127.0.0.1") == b"\x7f\x00\x00\x01"


@pytest.mark.parametrize("text", ["127.1", "0x7f000001", "2130706433", "example.com", "", "1.2.3.4.5"])
def test_only_canonical_literals_are_packed(text: str) -> None:
    assert pack(text) is None


@pytest.mark.parametrize(
    ("host", "numeric"),
    [("127.1", True), ("0x7f.1", True), ("2130706433", True), ("a.0x1f", True), ("example.com", False), ("x1", False)],
)
def test_looks_numeric(host: str, numeric: bool) -> None:
    assert looks_numeric(host) is numeric
