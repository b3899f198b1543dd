"""The rules beside the hostile addresses, row by row (reliability.md 2.1): ranges, ports, names that move, no way around."""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.egress.policy import DENIED_PORTS, AddressRules
from orrery.egress.protocol import EgressBlocked, EgressError

from .canary import Canary, answer
from .test_hostile_urls import BLOCKED, REFUSED

RANGES = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
PORTS = {
    22, 25, 53, 110, 143, 445, 465, 587, 993, 995, 2375, 2376, 2379, 3306, 5432, 6379, 6443, 9200, 10250, 11211, 27017,
}  # fmt: skip

_connects: list[object] = []
_listening = [False]


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if _listening[0] and event == "socket.connect":
        _connects.append(arguments[1])


@cache
def _hook() -> None:
    # for good: a hook can't be taken away again
    sys.addaudithook(_hear)


@contextmanager
def connects() -> Iterator[list[object]]:
    """Addresses that any code of this process asks a socket to connect to meanwhile, however it does it."""
    _hook()
    _connects.clear()
    _listening[0] = True
    try:
        yield _connects
    finally:
        _listening[0] = False


@pytest.mark.parametrize("text", RANGES)
def test_both_edges_of_each_range_are_shut(text: str) -> None:
    rules = AddressRules(untrusted_policy())
    network = ipaddress.ip_network(text)
    for address in (network.network_address, network.broadcast_address):
        assert not rules.allows(str(address), 443)


@pytest.mark.parametrize("text", [text for text in RANGES if ":" not in text])
def test_each_range_is_shut_in_the_clothes_of_ipv6(text: str) -> None:
    rules = AddressRules(untrusted_policy())
    address = ipaddress.ip_network(text).network_address
    for prefix in ("::ffff:", "64:ff9b::", "::ffff:0:"):
        assert not rules.allows(f"{prefix}{address}", 443)


async def test_ports_are_shut_by_the_list_and_open_by_an_override() -> None:
    assert DENIED_PORTS == PORTS
    shut = untrusted_policy(allow_private_ips="127.0.0.9")
    opened = untrusted_policy(allow_private_ips="127.0.0.9", allowed_ports=PORTS)
    async with GuardedHttpClient(shut) as client:
        for port in sorted(PORTS):
            with connects() as made, pytest.raises(EgressBlocked):
                await client.request("GET", f"http://127.0.0.9:{port}/")
            assert made == []
            assert opened.port_allowed(port)
    assert not opened.port_allowed(0)
    assert not opened.port_allowed(65536)


async def test_nothing_of_the_matrix_touches_a_socket() -> None:
    async with GuardedHttpClient(untrusted_policy()) as client:
        with connects() as made:
            for url in [*BLOCKED, *REFUSED]:
                with pytest.raises(EgressError):
                    await client.request("GET", url.format(port=9))
    # a resolver may be asked for a name; nothing else
    assert [address for address in made if not _is_resolver(address)] == []
    async with Canary() as canary, GuardedHttpClient(untrusted_policy(allow_private_ips="127.0.0.1")) as client:
        with connects() as made:
            await client.request("GET", canary.url)
        assert ("127.0.0.1", canary.port) in made


def _is_resolver(address: object) -> bool:
    return isinstance(address, str) or (isinstance(address, tuple) and address[1] in {53, 0})


async def test_a_name_that_moves_inside_is_followed_once_only() -> None:
    answers = iter([["127.0.0.9"], ["127.0.0.1"], ["127.0.0.9", "127.0.0.1"], ["127.0.0.9"]])

    async def lookup(host: str, port: int) -> list[str]:
        return next(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(headers={"Connection": "close"}))
        await writer.drain()
        writer.close()

    public = await asyncio.start_server(serve, "127.0.0.9", 0)
    url = f"http://rebind.test:{public.sockets[0].getsockname()[1]}/"
    async with GuardedHttpClient(untrusted_policy(allow_private_ips="127.0.0.9"), lookup=lookup) as client:
        assert (await client.request("GET", url)).status == 200
        for _ in range(2):
            with connects() as made, pytest.raises(EgressBlocked):
                await client.request("GET", url)
            assert made == []
        assert (await client.request("GET", url)).status == 200
    public.close()
    await public.wait_closed()


async def test_services_behind_us_are_shut_though_their_addresses_are_public() -> None:
    refused = [("93.184.216.34", 8443), ("2606:4700:4700::1111", None), ("db.public.test", 80)]

    async def lookup(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    async with GuardedHttpClient(untrusted_policy(refused=refused), lookup=lookup) as client:
        for url in (
            "http://93.184.216.34:8443/", "http://elsewhere.test:8443/", "http://[2606:4700:4700::1111]/",
            "http://db.public.test/", "http://DB.public.test./",
        ):  # fmt: skip
            with connects() as made, pytest.raises(EgressBlocked):
                await client.request("GET", url)
            assert made == []


async def test_nothing_of_the_surroundings_leads_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("default login stolen password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    async with Canary() as proxy, Canary() as canary:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        async with GuardedHttpClient(untrusted_policy(allow_private_ips="127.0.0.1")) as client:
            await client.request("GET", canary.url)
            assert "authorization" not in canary.seen[0][1]
            for url in ("http+unix://%2Frun%2Fdocker.sock/info", "unix:/run/docker.sock", "unix:///run/docker.sock"):
                with connects() as made, pytest.raises(EgressError):
                    await client.request("GET", url)
                assert made == []
        assert (proxy.connects, canary.connects) == (0, 1)
