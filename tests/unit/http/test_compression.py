"""Whole answers are packed where it is asked for, can be done and pays; streams and files never are."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from tests.support.app import asgi_app, browser

from orrery.http.app import HttpFace
from orrery.http.call import Call
from orrery.http.compression import packed
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import EventStream, json_response

LONG = {"text": "orbit " * 200}


def asking(accepted: str | None = "gzip, deflate, br") -> Request:
    headers = [] if accepted is None else [(b"accept-encoding", accepted.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1"])
async def test_a_long_answer_is_packed(accepted: str) -> None:
    plain = bytes(json_response(LONG).body)
    answer = await packed(asking(accepted), json_response(LONG))
    assert gzip.decompress(bytes(answer.body)) == plain
    assert len(answer.body) < len(plain)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", [None, "", "br", "gzip;q=0", "*;q=0, br", "gzip; q=0.0, *"])
async def test_who_does_not_take_it_gets_it_plain(accepted: str | None) -> None:
    answer = await packed(asking(accepted), json_response(LONG))
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.body == json_response(LONG).body


async def test_very_long_ones_are_the_same() -> None:
    body = {"text": "orbit " * 40_000}
    answer = await packed(asking(), json_response(body))
    assert gzip.decompress(bytes(answer.body)) == json_response(body).body


@pytest.mark.parametrize(
    "answer",
    [
        json_response({"short": True}),
        Response(b"\x89PNG" * 500, media_type="image/png"),
        Response(b"x" * 900, media_type="text/plain", headers={"Content-Encoding": "br"}),
        Response(b"x" * 900, 206, media_type="text/plain", headers={"Content-Range": "bytes 0-899/1000"}),
        Response(status_code=204),
    ],
)
async def test_what_stays_as_it_is(answer: Response) -> None:
    before, headers = bytes(answer.body), dict(answer.headers)
    assert await packed(asking(), answer) is answer
    assert (answer.body, dict(answer.headers)) == (before, headers)


async def test_streams_and_files_are_never_packed(tmp_path: Path) -> None:
    async def frames() -> AsyncIterator[bytes]:
        yield b"data: {}\n\n" * 100

    stream = EventStream(frames())
    assert await packed(asking(), stream) is stream
    (tmp_path / "a.txt").write_text("a" * 900)
    file = FileResponse(tmp_path / "a.txt")
    assert await packed(asking(), file) is file
    assert "content-encoding" not in stream.headers
    assert "content-encoding" not in file.headers


class Answers(RouteGroup):
    """A long answer and a stream."""

    @route("GET", "/long", auth="public", scope="none")
    async def long(self, call: Call) -> object:
        """A long answer."""
        return LONG

    @route("GET", "/stream", auth="public", scope="none")
    async def stream(self, call: Call) -> object:
        """A stream."""

        async def frames() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"data: " + b"x" * 900 + b"\n\n"

        return EventStream(frames())


async def anybody(*_: object) -> None:
    """Lets everybody in."""


@pytest.mark.parametrize("on", [True, False])
async def test_the_switch(on: bool) -> None:
    face = HttpFace(version="1", environment="TESTING", compress=on)
    async with browser(asgi_app([("/v1", Answers())], {"public": anybody}, face=face)) as client:
        long, stream = await client.get("/v1/long"), await client.get("/v1/stream")
    assert long.json() == LONG
    assert long.headers.get("content-encoding") == ("gzip" if on else None)
    assert "content-encoding" not in stream.headers
    assert stream.text.count("data: ") == 3
