"""Our client behind our own forward proxy: the same matrix, the same words, and never around the proxy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from orrery.egress import GuardedHttpClient, ProxyRoutes, untrusted_policy
from orrery.egress.policy import DENIED_PORTS
from orrery.egress.protocol import EgressBlocked, EgressConnectionFailed, EgressError
from orrery.egress.proxy.configuration import read_settings
from orrery.egress.proxy.role import listening

from .canary import Canary, answer
from .test_hostile_urls import BLOCKED, REFUSED

NAMES = {
    "public.test": ["127.0.0.9"],
    "inside.test": ["127.0.0.1"],
    "mixed.test": ["127.0.0.9", "127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "localhost": ["127.0.0.1", "::1"],
}


@asynccontextmanager
async def behind_proxy(*answers: list[str]) -> AsyncIterator[GuardedHttpClient]:
    """A client whose only way is a proxy that may reach 127.0.0.9 inside; ``answers`` replace what a name gives."""
    left = iter(answers)

    async def lookup(host: str, port: int) -> list[str]:
        name = host.rstrip(".").lower()
        if name not in NAMES:
            raise OSError(host)
        return next(left, NAMES[name])

    settings = read_settings({"SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.9"})
    async with listening(msgspec.structs.replace(settings, host="127.0.0.1", port=0, door=0), lookup) as (port, _):
        routes = ProxyRoutes.from_settings(all_url=f"http://127.0.0.1:{port}")
        async with GuardedHttpClient(untrusted_policy(proxies=routes)) as client:
            yield client


@pytest.mark.parametrize("url", [*BLOCKED, *REFUSED])
async def test_the_matrix_is_refused_without_a_single_connect(url: str) -> None:
    async with Canary() as canary, behind_proxy() as client:
        with pytest.raises(EgressError):
            await client.request("GET", url.format(port=canary.port))
        assert canary.connects == 0


@pytest.mark.parametrize("host", ["inside.test", "mixed.test", "metadata.test"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_names_are_judged_by_the_proxy_and_refused_in_our_words(host: str, scheme: str) -> None:
    async with Canary() as canary, behind_proxy() as client:
        port = 443 if scheme == "https" else canary.port
        with pytest.raises(EgressBlocked, match="was blocked by SSRF protection") as caught:
            await client.request("GET", f"{scheme}://{host}:{port}/")
        assert host in str(caught.value)
        assert canary.connects == 0


async def test_a_rebinding_name_reaches_nothing_of_the_inside() -> None:
    async with Canary() as canary, behind_proxy(["127.0.0.9"], ["127.0.0.1"]) as client:
        with pytest.raises(EgressConnectionFailed):  # nobody listens at the first address, and it is not asked again
            await _ask(client, f"http://public.test:{canary.port}/")
        with pytest.raises(EgressBlocked):
            await _ask(client, f"http://public.test:{canary.port}/")
        assert canary.connects == 0


async def _ask(client: GuardedHttpClient, url: str) -> None:
    response = await client.request("GET", url)
    if response.status == 503:
        raise EgressConnectionFailed("unavailable", url=url)


@pytest.mark.parametrize("port", sorted(DENIED_PORTS))
async def test_ports_are_refused_before_the_proxy_hears_of_them(port: int) -> None:
    async with Canary() as proxy:
        routes = ProxyRoutes.from_settings(all_url=proxy.url)
        async with GuardedHttpClient(untrusted_policy(proxies=routes)) as client:
            with pytest.raises(EgressBlocked):
                await client.request("GET", f"http://93.184.216.34:{port}/")
        assert proxy.connects == 0


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "http://inside.test:{port}/", "http://[::1]:{port}/", "file:///x"]
)
async def test_a_redirect_inside_is_refused_at_the_second_hop(target: str) -> None:
    async with Canary() as inside, outside(target.format(port=inside.port)) as port, behind_proxy() as client:
        with pytest.raises(EgressBlocked):
            await client.request("GET", f"http://public.test:{port}/", follow_redirects=True)
        assert inside.connects == 0


@asynccontextmanager
async def outside(location: str) -> AsyncIterator[int]:
    """A server at the one address that the proxy may reach, which sends everybody to ``location``."""

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(status="302 Found", headers={"Location": location, "Connection": "close"}))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(redirect, "127.0.0.9", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_proxy_that_is_down_is_not_gone_around() -> None:
    async with Canary() as canary:
        routes = ProxyRoutes.from_settings(all_url="http://127.0.0.1:1")
        policy = untrusted_policy(proxies=routes, allow_private_ips="127.0.0.1")
        async with GuardedHttpClient(policy) as client:
            with pytest.raises(EgressConnectionFailed, match="proxy can't be reached"):
                await client.request("GET", canary.url)
        assert canary.connects == 0


async def test_one_proxy_setting_alone_counts_for_nothing() -> None:
    assert ProxyRoutes.from_settings(http_url="http://p:1") == ProxyRoutes()
    assert ProxyRoutes.from_settings(https_url="http://p:1") == ProxyRoutes()
    both = ProxyRoutes.from_settings(http_url="http://a:1", https_url="http://b:2")
    assert (both.for_scheme("http"), both.for_scheme("https")) == ("http://a:1", "http://b:2")
    assert ProxyRoutes.from_settings(all_url="http://c:3", http_url="http://a:1").for_scheme("https") == "http://c:3"
