"""The variables of outbound requests reach the client that addresses of users go through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.unit.egress.canary import Canary, answer

from orrery.egress.policy import AddressRules
from orrery.egress.protocol import EgressTimeout, Timeouts
from orrery.wiring import settings_of
from orrery.wiring.outside import Clients, open_clients

LOCAL = {"SSRF_PROXY_ALLOW_PRIVATE_IPS": "127.0.0.1"}


@asynccontextmanager
async def clients(home: Path, **variables: str) -> AsyncGenerator[Clients]:
    opened = open_clients(settings_of({**LOCAL, **variables}, home=home))
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def silent() -> AsyncGenerator[tuple[str, asyncio.Semaphore]]:
    """A server that takes connections and says nothing; the semaphore counts them."""
    connects, ended = asyncio.Semaphore(0), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connects.release()
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connects
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def test_the_read_timeout_holds_where_a_request_has_none(tmp_path: Path) -> None:
    async with clients(tmp_path, SSRF_DEFAULT_READ_TIME_OUT="0.2") as opened, silent() as (url, _):
        with pytest.raises(EgressTimeout):
            await opened.untrusted.request("GET", url)


async def test_who_finds_no_free_connection_waits_no_longer_than_said(tmp_path: Path) -> None:
    given = {
        "SSRF_POOL_MAX_CONNECTIONS": "1",
        "SSRF_DEFAULT_TIME_OUT": "0.2",
        "SSRF_DEFAULT_CONNECT_TIME_OUT": "0.2",
        "SSRF_DEFAULT_READ_TIME_OUT": "600",
    }
    async with clients(tmp_path, **given) as opened, silent() as (url, connects):
        patient = Timeouts(connect=600, read=600, write=600)
        first = asyncio.create_task(opened.untrusted.request("GET", url, timeouts=patient))
        await connects.acquire()
        with pytest.raises(EgressTimeout, match="Connecting took too long"):
            await opened.untrusted.request("GET", url)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    assert connects.locked()


@pytest.mark.parametrize(("retries", "asked"), [("0", 1), ("1", 2)])
async def test_fetches_are_repeated_as_often_as_said(tmp_path: Path, retries: str, asked: int) -> None:
    async with (
        clients(tmp_path, SSRF_DEFAULT_MAX_RETRIES=retries) as opened,
        Canary(lambda _line, _headers, _body: answer(b"", status="503 Away")) as server,
    ):
        assert (await opened.fetching.request("GET", server.url)).status == 503
        assert len(server.seen) == asked
        assert (await opened.untrusted.request("GET", server.url)).status == 503
        assert len(server.seen) == asked + 1


async def test_services_behind_a_fleet_are_shut_even_where_they_are_public(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORRERY_SHAPE", "fleet")
    fleet = {
        "SECRET_KEY": "k" * 64, "INNER_API_KEY_FOR_PLUGIN": "k" * 40, "PLUGIN_DAEMON_KEY": "k" * 40,
        "DB_TYPE": "postgresql", "DB_HOST": "93.184.216.34", "DB_PORT": "15432", "DB_PASSWORD": "p" * 30,
        "REDIS_HOST": "93.184.216.35", "REDIS_PORT": "16379", "REDIS_PASSWORD": "p" * 30,
        "CODE_EXECUTION_ENDPOINT": "http://93.184.216.36:8194", "CODE_EXECUTION_API_KEY": "k" * 40,
        "PLUGIN_DAEMON_URL": "https://93.184.216.37", "SANDBOX_API_KEY": "k" * 40,
    }  # fmt: skip
    places = (("93.184.216.34", 15432), ("93.184.216.35", 16379), ("93.184.216.36", 8194), ("93.184.216.37", 443))
    settings = settings_of(fleet, home=tmp_path)
    assert settings.shape == "fleet"
    opened = open_clients(settings)
    rules = AddressRules(opened.untrusted.policy)
    assert [place for place in places if rules.allows(*place)] == []
    # others on the same machines are not ours
    assert all(rules.allows(host, 8080) for host, _ in places)
    await opened.close()
