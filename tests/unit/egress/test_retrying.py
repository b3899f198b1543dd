"""A fetch is tried again while its server is away for a moment, and nothing else is."""

from __future__ import annotations

import pytest

from orrery.egress import GuardedHttpClient, operator_policy, untrusted_policy
from orrery.egress.protocol import EgressBlocked, EgressConnectionFailed
from orrery.egress.retrying import RetryingHttpClient

from .canary import Canary, answer

LOCAL = operator_policy(allow_private=True)


class Pauses:
    """Remembers how long it should have slept."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def failing(*statuses: str) -> Canary:
    """Answers with each status once, then with 200."""
    left = list(statuses)
    return Canary(lambda _line, _headers, _body: answer(b"", status=left.pop(0) if left else "200 OK"))


async def test_a_server_that_is_away_for_a_moment() -> None:
    pauses = Pauses()
    async with failing("503 Away", "429 Busy") as server, GuardedHttpClient(LOCAL) as http:
        found = await RetryingHttpClient(http, retries=3, sleep=pauses).request("GET", server.url)
        assert (found.status, len(server.seen), pauses.seconds) == (200, 3, [0.5, 1.0])


async def test_the_last_answer_counts() -> None:
    pauses = Pauses()
    async with failing(*["502 Bad"] * 9) as server, GuardedHttpClient(LOCAL) as http:
        found = await RetryingHttpClient(http, retries=2, sleep=pauses).request("get", server.url)
        assert (found.status, len(server.seen), pauses.seconds) == (502, 3, [0.5, 1.0])


@pytest.mark.parametrize(("method", "retries"), [("POST", 3), ("HEAD", 3), ("GET", 0)])
async def test_what_is_sent_once(method: str, retries: int) -> None:
    pauses = Pauses()
    async with failing("500 Oops") as server, GuardedHttpClient(LOCAL) as http:
        found = await RetryingHttpClient(http, retries=retries, sleep=pauses).request(method, server.url)
        assert (found.status, len(server.seen), pauses.seconds) == (500, 1, [])


async def test_other_answers_are_final() -> None:
    pauses = Pauses()
    async with failing("404 None") as server, GuardedHttpClient(LOCAL) as http:
        assert (await RetryingHttpClient(http, retries=3, sleep=pauses).request("GET", server.url)).status == 404
        assert len(server.seen) == 1


async def test_connections_that_fail_and_refusals() -> None:
    pauses = Pauses()
    async with Canary() as server:
        gone = server.url
    async with GuardedHttpClient(LOCAL) as http:
        with pytest.raises(EgressConnectionFailed):
            await RetryingHttpClient(http, retries=2, sleep=pauses).request("GET", gone)
    assert pauses.seconds == [0.5, 1.0]
    async with GuardedHttpClient(untrusted_policy()) as http:
        with pytest.raises(EgressBlocked):
            await RetryingHttpClient(http, retries=2, sleep=pauses).request("GET", gone)
    assert pauses.seconds == [0.5, 1.0]


async def test_streams_are_passed_on() -> None:
    async with Canary() as server, GuardedHttpClient(LOCAL) as http:
        async with RetryingHttpClient(http, retries=2).stream("GET", server.url) as stream:
            assert await stream.read(10) == b"ok"
        assert len(server.seen) == 1
