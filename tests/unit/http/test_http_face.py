"""One request through the whole face: bodies and queries, errors by face, headers of every answer, origins."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import msgspec
import pytest
from starlette.requests import Request
from tests.support.app import browser

from orrery.errors import InvalidParam, OrreryError, TooManyRequests, Unauthorized
from orrery.http.app import HttpFace, OrreryApp
from orrery.http.call import Call, ConsoleCaller
from orrery.http.cors import CorsPolicy
from orrery.http.endpoint import Endpoint, RouteGroup, route
from orrery.http.responses import EventStream
from orrery.http.router import Router
from orrery.security.permissions import Permission

CONSOLE, WEB, HOSTILE = "https://console.test", "https://web.test", "https://evil.test"
ID = "01900000-0000-7000-8000-0000000000aB"


class Body(msgspec.Struct):
    query: str
    count: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    tags: list[str] = []


class Query(msgspec.Struct):
    page: Annotated[int, msgspec.Meta(ge=1)] = 1
    tag: list[str] = []
    deep: bool = False


class Things(RouteGroup):
    """What the face is tried with."""

    @route("POST", "/things", auth="public", scope="none", body=Body, body_limit=200, status=201)
    async def make(self, call: Call, body: Body) -> object:
        """Gives the body back."""
        return {"query": body.query, "count": body.count, "ip": call.ip}

    @route("GET", "/things", auth="public", scope="none", query=Query)
    async def find(self, call: Call, query: Query) -> object:
        """Gives the query back."""
        return {"page": query.page, "tag": query.tag, "deep": query.deep}

    @route("GET", "/things/{thing_id}", auth="public", scope="none")
    async def one(self, call: Call) -> object:
        """Gives the id back."""
        return {"id": call.id("thing_id"), "trace": call.trace_id}

    @route("DELETE", "/things/{thing_id}", auth="public", scope="none")
    async def remove(self, call: Call) -> None:
        """Gives nothing back."""

    @route("GET", "/fails/{how}", auth="public", scope="none")
    async def fail(self, call: Call) -> object:
        """Fails."""
        errors = {
            "limit": TooManyRequests("slowly", retry_after=1.2),
            "soon": TooManyRequests("slowly", retry_after=0.01),
            "field": InvalidParam("bad", params="query"),
            "who": Unauthorized("no"),
        }
        raise errors.get(call.path["how"]) or RuntimeError("a secret of the inside")

    @route("GET", "/owned", auth="console", scope="workspace", permission=Permission.APP_EDIT)
    async def owned(self, call: Call) -> object:
        """Shows who."""
        return {"role": call.account.role}


async def nobody(request: Request, endpoint: Endpoint, path: object) -> None:
    """Everybody is let in as nobody."""


async def somebody(request: Request, endpoint: Endpoint, path: object) -> ConsoleCaller:
    role = request.headers.get("x-role", "normal")
    return ConsoleCaller(account_id="a", account_name="A", email="a@x", workspace_id="w", role=role)


def face(*, trust_forwarded: bool = False) -> OrreryApp:
    group = Things()
    prefixes = ("/v1", "/console/api", "/api", "/files")
    return OrreryApp(
        Router([endpoint for prefix in prefixes for endpoint in group.endpoints(prefix)]),
        {"public": nobody, "console": somebody},
        CorsPolicy([CONSOLE], [WEB, "null"]),
        HttpFace(version="1.2.3", environment="TESTING", trust_forwarded=trust_forwarded),
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with browser(face()) as made:
        yield made


async def test_a_body_comes_and_goes(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/things", json={"query": "é", "unknown": 1})
    assert (answer.status_code, answer.json()) == (201, {"query": "é", "count": 0, "ip": "192.0.2.1"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert (answer.headers["x-version"], answer.headers["x-env"]) == ("1.2.3", "TESTING")


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        (b"{}", "query", "query"),
        (b"", "query", "query"),
        (b'{"query": 5}', "query", "query: Expected `str`, got `int`"),
        (b'{"query": "a", "count": 11}', "count", "count: "),
        (b'{"query": "a", "tags": ["x", 1]}', "tags[1]", "tags[1]: "),
        (b"[]", None, "Expected `object`, got `array`"),
        (b'{"query": ', None, "The body is not valid JSON"),
        (b'{"query": "\xff"}', None, "The body is not valid JSON"),
        (b'{"query": "\\ud800"}', None, "The body is not valid JSON"),
        (b"\xef\xbb\xbf{}", None, "The body is not valid JSON"),
    ],
)
async def test_bodies_that_do_not_fit(client: httpx.AsyncClient, body: bytes, field: str | None, text: str) -> None:
    answer = await client.post("/v1/things", content=body)
    found = answer.json()
    assert (answer.status_code, found["code"], found["status"]) == (400, "invalid_param", 400)
    assert found.get("params") == field
    assert text in found["message"]


async def test_large_bodies_are_refused_before_and_while_they_come(client: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 50

    for content in (b"x" * 201, pieces()):
        answer = await client.post("/v1/things", content=content)
        assert (answer.status_code, answer.json()["code"]) == (413, "request_entity_too_large")
    assert (await client.post("/v1/things", content=b'{"query": "%s"}' % (b"x" * 187))).status_code == 201


async def test_deep_bodies_are_refused(client: httpx.AsyncClient) -> None:
    class Any_(msgspec.Struct):
        a: object

    from orrery.http.call import decode_body, decode_object

    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for decode in (lambda: decode_body(deep, Any_), lambda: decode_object(deep)):
        with pytest.raises(InvalidParam, match="nested too deeply"):
            decode()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"page": 1, "tag": [], "deep": False}),
        ("page=3&tag=a&tag=b&deep=true&other=1", {"page": 3, "tag": ["a", "b"], "deep": True}),
        ("page=1&page=2", {"page": 2, "tag": [], "deep": False}),
        ("page=0", None),
        ("page=x", None),
        ("page=", None),
        ("deep=maybe", None),
    ],
)
async def test_queries(client: httpx.AsyncClient, query: str, expected: object) -> None:
    answer = await client.get(f"/v1/things?{query}")
    if expected is None:
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_param")
        assert answer.json()["params"] in {"page", "deep"}
    else:
        assert answer.json() == expected


async def test_ids(client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v1/things/{ID}")).json()["id"] == ID.lower()
    for wrong in ("1", ID + "0", ID.replace("-", "0"), ID[:-1] + "g", "%00" * 36, "-" * 36):
        assert (await client.get(f"/v1/things/{wrong}")).status_code == 404


async def test_nothing_is_an_empty_204(client: httpx.AsyncClient) -> None:
    answer = await client.delete(f"/v1/things/{ID}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers


async def test_errors_say_when_and_how(client: httpx.AsyncClient) -> None:
    limit = await client.get("/v1/fails/limit")
    assert (limit.status_code, limit.headers["retry-after"]) == (429, "2")
    assert (await client.get("/v1/fails/soon")).headers["retry-after"] == "1"
    who = await client.get("/v1/fails/who")
    assert (who.status_code, who.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    field = await client.get("/v1/fails/field")
    assert field.json() == {"code": "invalid_param", "message": "bad", "status": 400, "params": "query"}


@pytest.mark.parametrize(
    ("prefix", "code", "message"),
    [
        ("/v1", "internal_server_error", OrreryError.default_message),
        ("/api", "internal_server_error", OrreryError.default_message),
        ("/console/api", "unknown", "Internal Server Error"),
    ],
)
async def test_faults_keep_the_inside_inside(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, prefix: str, code: str, message: str
) -> None:
    answer = await client.get(f"{prefix}/fails/badly")
    assert answer.json() == {"code": code, "message": message, "status": 500}
    assert answer.headers["x-trace-id"]
    assert "a secret of the inside" not in answer.text
    assert "a secret of the inside" in caplog.text


async def test_unknown_paths_and_methods(client: httpx.AsyncClient) -> None:
    gone = await client.get("/v1/nothing")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    wrong = await client.put("/v1/things")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, POST")
    assert (await client.head("/v1/things")).status_code == 200


async def test_roles(client: httpx.AsyncClient) -> None:
    assert (await client.get("/console/api/owned", headers={"x-role": "owner"})).json() == {"role": "owner"}
    refused = await client.get("/console/api/owned", headers={"x-role": "normal"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_traces_go_on(client: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    sent = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = await client.get(f"/v1/things/{ID}", headers=sent)
    assert answer.headers["x-trace-id"] == answer.json()["trace"] == trace
    other = await client.get(f"/v1/things/{ID}", headers={"traceparent": "junk\x7f"})
    assert len(other.headers["x-trace-id"]) == 32


@pytest.mark.parametrize(("trusted", "ip"), [(False, "192.0.2.1"), (True, "203.0.113.9")])
async def test_addresses_are_the_proxys_word_if_anybodys(trusted: bool, ip: str) -> None:
    async with browser(face(trust_forwarded=trusted)) as client:
        sent = {"x-forwarded-for": "10.0.0.1, 203.0.113.9"}
        answer = await client.post("/v1/things", json={"query": ""}, headers=sent)
        assert answer.json()["ip"] == ip
        assert (await client.post("/v1/things", json={"query": ""})).json()["ip"] == "192.0.2.1"


MATRIX = [
    ("/console/api/things", CONSOLE, CONSOLE, True),
    ("/console/api/things", WEB, None, False),
    ("/console/api/things", HOSTILE, None, False),
    ("/console/api/things", "null", None, False),
    ("/console/api/things", CONSOLE + ".evil.test", None, False),
    ("/console/api/things", CONSOLE.upper(), None, False),
    ("/api/things", WEB, WEB, True),
    ("/api/things", HOSTILE, None, False),
    ("/api/chat-messages", WEB, WEB, False),
    ("/v1/things", HOSTILE, "*", False),
    ("/files/things", HOSTILE, "*", False),
    ("/nothing", CONSOLE, None, False),
]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize(("path", "origin", "allowed", "credentials"), MATRIX)
async def test_origins(
    client: httpx.AsyncClient, method: str, path: str, origin: str, allowed: str | None, credentials: bool
) -> None:
    answer = await client.request(method, path, headers={"Origin": origin})
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert answer.headers.get("access-control-allow-credentials") == ("true" if credentials else None)
    if allowed != "*" and path != "/nothing":
        assert answer.headers["vary"] == "Origin"
    if method == "OPTIONS":
        assert answer.status_code == 204
        assert ("access-control-allow-methods" in answer.headers) is (path != "/nothing")


async def test_any_origin_never_comes_with_credentials() -> None:
    app = OrreryApp(Router([]), {}, CorsPolicy(["*"], ["*"]), HttpFace(version="1", environment="T"))
    async with browser(app) as client:
        for path in ("/console/api/x", "/api/x", "/v1/x"):
            answer = await client.get(path, headers={"Origin": HOSTILE})
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers


async def test_a_stream_lets_go_of_its_source_when_the_client_leaves() -> None:
    let_go: list[str] = []

    async def source() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"data: x\n\n"
        finally:
            let_go.append("closed")

    sent: list[dict[str, object]] = []
    left = {"value": False}

    async def send(message: object) -> None:
        sent.append(message)  # type: ignore[arg-type]  # a mapping of the ASGI protocol
        if len(sent) > 3:
            left["value"] = True

    async def receive() -> dict[str, object]:
        import asyncio

        while not left["value"]:
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def slow_send(message: object) -> None:
        import asyncio

        await send(message)
        await asyncio.sleep(0)

    await EventStream(source())({"type": "http"}, receive, slow_send)  # type: ignore[arg-type]  # doubles of ASGI
    assert let_go == ["closed"]
    assert sent[0]["status"] == 200
    headers = dict(sent[0]["headers"])  # type: ignore[call-overload]  # pairs of bytes
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert b"content-length" not in headers
    assert headers[b"x-accel-buffering"] == b"no"


async def test_a_stream_that_ends_says_so() -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"

    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        sent.append(message)  # type: ignore[arg-type]  # a mapping of the ASGI protocol

    async def receive() -> dict[str, object]:
        import asyncio

        await asyncio.Event().wait()
        raise AssertionError

    await EventStream(source())({"type": "http"}, receive, send)  # type: ignore[arg-type]  # doubles of ASGI
    assert [message.get("body") for message in sent[1:]] == [b"data: 1\n\n", b""]
    assert json.dumps(sent[-1]["more_body"]) == "false"
