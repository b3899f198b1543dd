"""Requests that two servers could read in two ways are refused; what is passed on is written anew."""

import pytest

from orrery.egress.proxy.head import parse_request
from orrery.egress.proxy.refusal import Refusal


def head(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


GET = "GET http://a.test/x HTTP/1.1"
POST = "POST http://a.test/x HTTP/1.1"


@pytest.mark.parametrize(
    "lines",
    [
        (POST, "Content-Length: 3", "Transfer-Encoding: chunked"),
        (POST, "Content-Length: 3", "Content-Length: 4"),
        (POST, "Content-Length: +3"),
        (POST, "Content-Length: 3, 3"),
        (POST, "Content-Length: 0x3"),
        (POST, "Content-Length: "),
        (POST, "Transfer-Encoding: gzip, chunked"),
        (POST, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        (POST, "Transfer-Encoding: identity"),
        (GET, "X: a\nHost: b"),
        (GET, "X : a"),
        (GET, " folded: a"),
        (GET, "X: a\x00b"),
        (GET, "no colon"),
        ("GET  http://a.test/ HTTP/1.1",),
        ("GET http://a.test/ HTTP/1.1 x",),
        ("GET http://a.test/ HTTP/2.0",),
        ("GET http://a.test/\x01 HTTP/1.1",),
        ("G(T http://a.test/ HTTP/1.1",),
        ("GET https://a.test/ HTTP/1.1",),
        ("GET //a.test/ HTTP/1.1",),
        ("GET http:///a.test/ HTTP/1.1",),
        ("GET http://a.test:99999/ HTTP/1.1",),
        ("GET http://a.test\\@b.test/ HTTP/1.1",),
        ("CONNECT a.test HTTP/1.1",),
        ("CONNECT a.test: HTTP/1.1",),
        ("CONNECT u@a.test:443 HTTP/1.1",),
        ("CONNECT http://a.test:443 HTTP/1.1",),
        ("CONNECT a.test:443/x HTTP/1.1",),
        ("CONNECT [::1:443 HTTP/1.1",),
    ],
)
def test_ambiguous_heads_are_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(Refusal) as caught:
        parse_request(head(*lines))
    assert caught.value.status == 400


def test_a_request_is_written_anew() -> None:
    lines = (
        "POST http://u:p@A.test:8080/p%2Fq?x=1#f HTTP/1.0", "Host: other", "Connection: X-Hop, close", "X-Hop: 1",
        "TE: trailers", "Upgrade: h2c", "Via: 1.0 x", "Accept:  a/b ", "Cookie: a=1", "Cookie: b=2", "Content-Length: 3",
    )  # fmt: skip
    request = parse_request(head(*lines))
    assert (request.host, request.port, request.length) == ("a.test", 8080, 3)
    assert request.head().decode().split("\r\n") == [
        "POST /p%2Fq?x=1 HTTP/1.1", "Host: a.test:8080", "Accept: a/b", "Cookie: a=1", "Cookie: b=2",
        "Content-Length: 3", "Connection: close", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://a.test", "/", "a.test"),
        ("http://a.test?q", "/?q", "a.test"),
        ("HTTP://a.test:80/x", "/x", "a.test"),
        ("http://[2600::1]:81/", "/", "[2600::1]:81"),
        ("http://b\u00fccher.test/".encode().decode("latin-1"), None, None),
    ],
)
def test_the_target_and_host(url: str, target: str | None, host: str | None) -> None:
    if target is None:
        parse_request(head(f"GET {url} HTTP/1.1"))  # whatever name it is, it is looked up as one
        return
    text = parse_request(head(f"GET {url} HTTP/1.1")).head().decode()
    assert text.startswith(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n")


def test_a_chunked_body_stays_chunked() -> None:
    request = parse_request(head(POST, "Transfer-Encoding: Chunked"))
    assert request.length is None
    assert b"Transfer-Encoding: chunked\r\n" in request.head()
