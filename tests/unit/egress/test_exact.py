"""Requests to the letter: the spelling of a URL arrives as it was, and the guard is the same."""

from __future__ import annotations

import pytest
from aiohttp import web
from tests.support.object_stores.serving import serving

from orrery.egress.exact import ExactHttpClient, PlatformRules
from orrery.egress.policy import AddressRules, operator_policy
from orrery.egress.protocol import EgressBlocked, EgressConnectionFailed, EgressInvalidRequest, Timeouts

PATIENT = Timeouts(connect=60.0, read=60.0)


async def test_the_spelling_of_a_url_is_kept() -> None:
    seen: list[tuple[str, bytes, str | None]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append((request.raw_path, await request.read(), request.headers.get("content-type")))
        return web.Response(status=302, headers={"Location": "/elsewhere", "X-Mixed": "y"}, body=b"there")

    client = ExactHttpClient(timeouts=PATIENT)
    async with serving(handler) as url:
        path = "/a%2Bb/it%27s%3B%28x%29?uploads&prefix=a%2F%2B"
        async with client.send("PUT", url + path, headers={}, content=b"x" * 600_000) as answer:
            assert (answer.status, answer.headers["x-mixed"]) == (302, "y")
            assert (await answer.read(2), await answer.read()) == (b"th", b"ere")
    assert seen == [(path, b"x" * 600_000, None)]
    await client.close()


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200"])
async def test_metadata_services_are_shut(host: str) -> None:
    client = ExactHttpClient(timeouts=PATIENT)
    with pytest.raises(EgressBlocked):
        async with client.send("GET", f"http://{host}/latest", headers={}):
            pass
    await client.close()


def test_metadata_services_are_open_to_those_who_ask_for_the_machine() -> None:
    policy = operator_policy(allow_private=True)
    assert not AddressRules(policy).allows("169.254.169.254", 80)
    assert PlatformRules(policy).allows("169.254.169.254", 80)
    assert PlatformRules(policy).allows("10.1.2.3", 9200)
    assert not PlatformRules(policy).allows("no address", 80)


async def test_names_are_checked_where_they_lead() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["169.254.169.254"]

    client = ExactHttpClient(timeouts=PATIENT, lookup=lookup)
    with pytest.raises(EgressBlocked):
        async with client.send("GET", "http://bucket.example.com/a", headers={}):
            pass
    await client.close()


async def test_what_can_not_be_sent_or_reached_is_told() -> None:
    client = ExactHttpClient(timeouts=PATIENT)
    with pytest.raises(EgressConnectionFailed):
        async with client.send("GET", "http://127.0.0.1:9/secret?sig=hidden", headers={}):
            pass
    with pytest.raises(EgressInvalidRequest):
        async with client.send("GET", "http://127.0.0.1:9/", headers={"x": "a\r\nb: c"}):
            pass
    await client.close()
