"""Operators see which destinations were refused, and nothing else of the requests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from orrery.egress import GuardedHttpClient, untrusted_policy
from orrery.egress.protocol import EgressBlocked
from orrery.egress.proxy.rules import ProxyRules
from orrery.egress.proxy.server import ForwardProxy
from orrery.egress.refusals import Refusals

from .canary import Canary

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_refused_addresses_are_remembered_without_their_paths() -> None:
    refusals = Refusals()
    async with Canary() as server, GuardedHttpClient(untrusted_policy(), refusals=refusals) as http:
        for path in ("/a?key=secret", "/b"):
            with pytest.raises(EgressBlocked):
                await http.request("GET", server.url + path)
        with pytest.raises(EgressBlocked):
            async with http.stream("GET", "http://LOCALHOST:8080/x"):
                pass
        assert server.connects == 0
    local, first = refusals.latest()
    assert (local.host, local.port, local.times) == ("localhost", 8080, 1)
    assert (first.host, first.port, first.times) == ("127.0.0.1", server.port, 2)
    assert "secret" not in repr(refusals.latest())


async def test_what_the_proxy_refuses_is_remembered_too() -> None:
    refusals = Refusals()
    proxy = ForwardProxy(ProxyRules(untrusted_policy()), refusals=refusals)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.write(b"GET http://10.0.0.1/ HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n")
        assert b" 403 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
    assert [(found.host, found.port) for found in refusals.latest()] == [("10.0.0.1", 80)]


def test_the_list_is_bounded_and_the_latest_comes_first() -> None:
    now = [NOON]
    refusals = Refusals(lambda: now[0])
    for number in range(150):
        now[0] = NOON + timedelta(seconds=number)
        refusals.note(f"h{number}.test", 80)
    refusals.note("h60.test", 80)
    found = refusals.latest()
    assert len(found) == 100
    assert [one.host for one in found[:2]] == ["h60.test", "h149.test"]
    assert (found[0].times, found[0].first, found[0].last) == (2, NOON + timedelta(seconds=60), now[0])
    refusals.note("x" * 5000, 80)
    assert len(refusals.latest()[0].host) == 255
