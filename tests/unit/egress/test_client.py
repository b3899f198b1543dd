import asyncio
import gzip
import zlib

import pytest

from orrery.egress import EgressLimits, GuardedHttpClient, ProxyRoutes, operator_policy, untrusted_policy
from orrery.egress.protocol import (
    EgressBlocked,
    EgressConnectionFailed,
    EgressError,
    EgressInvalidRequest,
    EgressTimeout,
    EgressTooLarge,
    FilePart,
    Timeouts,
)

from .canary import Canary, answer

LOCAL = operator_policy(allow_private=True)


async def test_sends_what_was_asked() -> None:
    async with Canary() as server, GuardedHttpClient(LOCAL) as client:
        response = await client.request(
            "post", server.url + "/p?x=1", params=[("a", "1 2"), ("a", "ü")], headers={"X-A": "b"}, json={"k": [1]}
        )
        line, headers, body = server.seen[0]
    assert (response.status, response.text()) == (200, "ok")
    assert line == "POST /p?x=1&a=1+2&a=%C3%BC HTTP/1.1"
    assert (headers["x-a"], headers["content-type"], body) == ("b", "application/json", b'{"k":[1]}')
    assert "cookie" not in headers


async def test_a_blank_in_the_path_is_encoded() -> None:
    async with Canary() as server, GuardedHttpClient(LOCAL) as client:
        await client.request("GET", server.url + "/a b\\c?q=x y")
        assert server.seen[0][0] == "GET /a%20b%5Cc?q=x+y HTTP/1.1"


async def test_credentials_in_the_url_become_a_header_and_are_not_shown() -> None:
    async with Canary() as server, GuardedHttpClient(LOCAL) as client:
        response = await client.request("GET", f"http://me:p%40ss@127.0.0.1:{server.port}/")
        assert server.seen[0][1]["authorization"] == "Basic bWU6cEBzcw=="
        assert "p%40ss" not in response.url


async def test_keep_alive_and_host_header() -> None:
    async with Canary() as server, GuardedHttpClient(LOCAL) as client:
        for _ in range(3):
            await client.request("GET", server.url, headers={"Host": "inner.test"})
        assert server.connects == 1
        assert server.seen[0][1]["host"] == "inner.test"


async def test_no_cookie_survives_an_answer() -> None:
    def reply(line: str, headers: dict[str, str], body: bytes) -> bytes:
        return answer(headers={"Set-Cookie": "sid=1; Path=/"})

    async with Canary(reply) as server, GuardedHttpClient(LOCAL) as client:
        await client.request("GET", server.url)
        await client.request("GET", server.url)
        assert "cookie" not in server.seen[1][1]


async def test_multipart_form() -> None:
    async with Canary() as server, GuardedHttpClient(LOCAL) as client:
        part = FilePart(name='f"\r\nx', filename="bild ü.png", content=b"\x00\x01", mime_type="image/png")
        await client.request("POST", server.url, form=[("a", "b")], files=[part])
        _, headers, body = server.seen[0]
    boundary = headers["content-type"].partition("boundary=")[2].encode()
    assert body.count(b"--" + boundary) == 3
    assert b'name="a"\r\n\r\nb\r\n' in body
    assert 'name="f%22%0D%0Ax"; filename="bild ü.png"\r\nContent-Type: image/png\r\n\r\n\x00\x01'.encode() in body


@pytest.mark.parametrize("headers", [{"A\r\nB": "x"}, {"A": "x\r\nB: y"}, {"A": "x\0"}, {"": "x"}])
async def test_headers_that_would_break_the_line_are_refused(headers: dict[str, str]) -> None:
    async with GuardedHttpClient(LOCAL) as client:
        with pytest.raises(EgressInvalidRequest):
            await client.request("GET", "http://127.0.0.1:9/", headers=headers)


async def test_redirect_to_another_origin_drops_secrets() -> None:
    async with Canary() as second:

        def redirect(line: str, headers: dict[str, str], body: bytes) -> bytes:
            return answer(status="307 Temporary Redirect", headers={"Location": second.url + "/there"})

        async with Canary(redirect) as first, GuardedHttpClient(LOCAL) as client:
            secrets = {"Authorization": "Bearer k", "Cookie": "a=b", "X-Api-Key": "k", "X-Kept": "y"}
            response = await client.request("POST", first.url, headers=secrets, content=b"body", follow_redirects=True)
        line, headers, body = second.seen[0]
    assert response.url == second.url + "/there"
    assert (line, body, headers["x-kept"]) == ("POST /there HTTP/1.1", b"body", "y")
    assert not {"authorization", "cookie", "x-api-key"} & headers.keys()


async def test_redirect_within_the_origin_keeps_them_and_303_becomes_get() -> None:
    def redirect(line: str, headers: dict[str, str], body: bytes) -> bytes:
        return answer() if "/b" in line else answer(status="303 See Other", headers={"Location": "/b"})

    async with Canary(redirect) as server, GuardedHttpClient(LOCAL) as client:
        await client.request("POST", server.url + "/a", headers={"Authorization": "k"}, json={}, follow_redirects=True)
        line, headers, body = server.seen[1]
    assert (line, headers["authorization"], body) == ("GET /b HTTP/1.1", "k", b"")
    assert "content-type" not in headers


async def test_redirects_are_off_by_default_and_bounded() -> None:
    def redirect(line: str, headers: dict[str, str], body: bytes) -> bytes:
        return answer(status="302 Found", headers={"Location": "/again"})

    async with Canary(redirect) as server, GuardedHttpClient(LOCAL) as client:
        assert (await client.request("GET", server.url)).status == 302
        with pytest.raises(EgressError, match="More than 5 redirects"):
            await client.request("GET", server.url, follow_redirects=True)
        assert len(server.seen) == 1 + 6


@pytest.mark.parametrize(("encoding", "window"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
async def test_compressed_answers(encoding: str, window: int) -> None:
    text = ("words and words " * 9000).encode()
    packer = zlib.compressobj(wbits=window)
    packed = packer.compress(text) + packer.flush()
    async with (
        Canary(lambda _l, _h, _b: answer(packed, headers={"Content-Encoding": encoding})) as server,
        GuardedHttpClient(LOCAL) as client,
    ):
        assert (await client.request("GET", server.url)).content == text


async def test_a_decompression_bomb_is_stopped() -> None:
    bomb = gzip.compress(bytes(40 * 1024 * 1024))
    async with (
        Canary(lambda _l, _h, _b: answer(bomb, headers={"Content-Encoding": "gzip"})) as server,
        GuardedHttpClient(LOCAL) as client,
    ):
        with pytest.raises(EgressTooLarge, match="ratio"):
            await client.request("GET", server.url)


async def test_broken_compression_is_an_error() -> None:
    async with (
        Canary(lambda _l, _h, _b: answer(b"plain", headers={"Content-Encoding": "gzip"})) as server,
        GuardedHttpClient(LOCAL) as client,
    ):
        with pytest.raises(EgressConnectionFailed, match="not valid gzip"):
            await client.request("GET", server.url)


async def test_size_limit_with_and_without_announcement() -> None:
    big = bytes(5000)
    unannounced = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1388\r\n" + big + b"\r\n0\r\n\r\n"
    for reply in (answer(big), unannounced):
        async with Canary(lambda _l, _h, _b, r=reply: r) as server, GuardedHttpClient(LOCAL) as client:
            assert len((await client.request("GET", server.url, max_bytes=5000)).content) == 5000
            with pytest.raises(EgressTooLarge, match="4999"):
                await client.request("GET", server.url, max_bytes=4999)


async def test_a_silent_server_times_out() -> None:
    async with Canary(lambda _l, _h, _b: b"") as server, GuardedHttpClient(LOCAL) as client:
        with pytest.raises(EgressTimeout):
            await client.request("GET", server.url, timeouts=Timeouts(read=0.03))
        with pytest.raises(EgressTimeout):
            await client.request("GET", server.url, timeouts=Timeouts(total=0.03))


async def test_a_cut_answer_is_an_error() -> None:
    def cut(line: str, headers: dict[str, str], body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"

    async with Canary(cut) as server, GuardedHttpClient(LOCAL) as client:
        with pytest.raises(EgressConnectionFailed):
            await client.request("GET", server.url)


async def test_refused_connection_and_unknown_name() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    async with GuardedHttpClient(LOCAL, lookup=nowhere) as client:
        with pytest.raises(EgressConnectionFailed, match="Connecting failed"):
            await client.request("GET", "http://127.0.0.1:9/")
        with pytest.raises(EgressConnectionFailed, match="can't be resolved"):
            await client.request("GET", "http://nowhere.test/")


async def test_streaming_reads_while_it_arrives_and_leaves_no_connection() -> None:
    async with Canary(lambda _l, _h, _b: answer(b"abc" * 2**20)) as server, GuardedHttpClient(LOCAL) as client:
        async with client.stream("POST", server.url, json={}) as stream:
            assert stream.status == 200
            assert b"".join([c async for c in stream.chunks()]) == b"abc" * 2**20
        async with client.stream("GET", server.url) as stream:
            assert await stream.read(3 * 2**20) == b"abc" * 2**20
        async with client.stream("GET", server.url) as stream:
            with pytest.raises(EgressTooLarge):
                await stream.read(10)
        await client.request("GET", server.url)
        assert server.connects == 2


async def test_exemptions_by_address_and_domain() -> None:
    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    policy = untrusted_policy(allow_private_ips="10.0.0.0/8 127.0.0.1", allow_private_domains=".corp.test,x.test")
    by_name = untrusted_policy(allow_private_domains="corp.test")
    async with Canary() as server:
        async with GuardedHttpClient(policy, lookup=lookup) as client:
            assert (await client.request("GET", server.url)).status == 200
        async with GuardedHttpClient(by_name, lookup=lookup) as client:
            assert (await client.request("GET", f"http://api.corp.test:{server.port}/")).status == 200
            with pytest.raises(EgressBlocked):
                await client.request("GET", f"http://notcorp.test:{server.port}/")
            with pytest.raises(EgressBlocked):
                await client.request("GET", server.url)
    with pytest.raises(ValueError, match="10\\.0\\.0\\.300"):
        untrusted_policy(allow_private_ips="10.0.0.300")


async def test_the_proxy_is_used_and_never_passed_by() -> None:
    async with Canary() as proxy:
        routes = ProxyRoutes.from_settings(all_url=proxy.url)
        async with GuardedHttpClient(untrusted_policy(proxies=routes)) as client:
            assert (await client.request("GET", "http://example.test/x")).content == b"ok"
            assert proxy.seen[0][0] == "GET http://example.test/x HTTP/1.1"
            for url in ("http://127.0.0.1/", "http://2130706433/", "ftp://example.test/", "http://example.test:22/"):
                with pytest.raises(EgressBlocked):
                    await client.request("GET", url)
        assert len(proxy.seen) == 1
    async with Canary() as target:
        gone = ProxyRoutes.from_settings(all_url="http://127.0.0.1:9")
        policy = untrusted_policy(proxies=gone, allow_private_ips="127.0.0.1")
        async with GuardedHttpClient(policy) as client:
            with pytest.raises(EgressConnectionFailed, match="proxy"):
                await client.request("GET", target.url)
        assert target.connects == 0


async def test_a_refusal_by_squid_reads_like_our_own() -> None:
    def squid(line: str, headers: dict[str, str], body: bytes) -> bytes:
        return answer(status="403 Forbidden", headers={"Server": "squid/6.6"})

    async with Canary(squid) as proxy:
        routes = ProxyRoutes.from_settings(http_url=proxy.url, https_url=proxy.url)
        async with GuardedHttpClient(untrusted_policy(proxies=routes)) as client:
            for url in ("http://inner.test/", "https://inner.test/"):
                with pytest.raises(EgressBlocked, match=r"^Access to 'https?://inner.test/' was blocked"):
                    await client.request("GET", url)


def test_one_proxy_alone_counts_for_nothing() -> None:
    assert ProxyRoutes.from_settings(http_url="http://p:1") == ProxyRoutes()
    both = ProxyRoutes.from_settings(http_url="http://p:1", https_url="http://q:2")
    assert (both.for_scheme("http"), both.for_scheme("https")) == ("http://p:1", "http://q:2")


async def test_parallel_requests_share_the_bounded_pool() -> None:
    async with (
        Canary() as server,
        GuardedHttpClient(LOCAL, limits=EgressLimits(max_connections=4)) as client,
    ):
        answers = await asyncio.gather(*(client.request("GET", server.url) for _ in range(40)))
        assert {a.status for a in answers} == {200}
        assert server.connects <= 4
