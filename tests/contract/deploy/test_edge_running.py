"""nginx and squid run for real: streams arrive frame by frame, nobody claims another address, private is private."""

from __future__ import annotations

import http.client
import os
import random
import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from tests.support.edge import Behind, behind, names, program, until
from tests.support.ports import free_port

Build = Callable[..., dict[str, str]]
Need = Callable[..., None]
Start = Callable[..., AbstractContextManager[tuple[int, int, int]]]
PROXY_USER = 13


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def edge_port(edge: Path, container_environment: Build, need: Need) -> Iterator[int]:
    """The port of a running nginx before an API and pages."""
    need("nginx", "envsubst")
    port = free_port()
    places = {"NGINX_TEMPLATES": str(edge / "nginx"), "NGINX_TARGET": str(edge / "out")}
    host = f"127.91.{random.randrange(256)}.{random.randrange(1, 255)}"
    with names(host) as resolver, behind(host, 5001), behind(host, 3000):
        environment = container_environment(
            "nginx", NGINX_PORT=str(port), ORRERY_RESOLVER=resolver, NGINX_WORKER_PROCESSES="1"
        )
        words = ["sh", str(edge / "nginx" / "docker-entrypoint.sh")]
        with program(words, {**environment, **places}, port):
            yield port


def test_paths_reach_their_service_unchanged(edge_port: int) -> None:
    for path in (
        "/v1/info?x=%2F",
        "/console/api/setup",
        "/api/passport",
        "/files/a%20b",
        "/mcp/server/x",
        "/triggers/t",
    ):
        status, text = get(edge_port, path)
        assert (status, text.splitlines()[0]) == (200, f"5001 {path}")
    for path in ("/", "/apps/1", "/explore", "/health", "/inner/api/x"):
        assert get(edge_port, path)[1].splitlines()[0] == f"3000 {path}"


def test_a_service_that_is_away_is_a_bad_gateway_and_no_failed_start(edge_port: int) -> None:
    assert get(edge_port, "/e/hook")[0] == 502


def test_nobody_claims_another_address(edge_port: int) -> None:
    _, text = get(edge_port, "/v1/info", {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
    assert "X-Forwarded-For: 127.0.0.1" in text
    assert "203.0.113.9" not in text
    assert "X-Forwarded-Proto: http\n" in text.replace("\r", "")


def test_a_stream_arrives_frame_by_frame(edge_port: int) -> None:
    Behind.release.clear()
    connection = http.client.HTTPConnection("127.0.0.1", edge_port, timeout=60)
    connection.request("GET", "/v1/stream")
    answer = connection.getresponse()
    try:
        # The second frame is only sent after the first was read here.
        assert answer.read(9) == b"data: 1\n\n"
    finally:
        Behind.release.set()
    assert answer.read() == b"data: 2\n\n"
    connection.close()


@pytest.fixture
def proxy(edge: Path, container_environment: Build, need: Need) -> Start:
    """Starts squid before a sandbox, with exemptions; gives its two ports and the sandbox's, which may come later."""
    need("squid")
    if os.geteuid() != 0:
        pytest.skip("only root can start squid as its own user")

    @contextmanager
    def start(*, later: bool = False, **dotenv: str) -> Generator[tuple[int, int, int]]:
        forward, reverse = free_port(), free_port()
        target = edge / "squid"
        target.mkdir(mode=0o777)
        target.chmod(0o777)
        with nullcontext(free_port()) if later else behind("127.0.0.1", 0) as sandbox:
            environment = container_environment(
                "ssrf_proxy",
                SSRF_HTTP_PORT=str(forward),
                SSRF_REVERSE_PROXY_PORT=str(reverse),
                SANDBOX_PORT=str(sandbox),
                SSRF_COREDUMP_DIR=str(target),
                **dotenv,
            )
            places = {
                "SQUID_TEMPLATES": str(edge / "ssrf_proxy"),
                "SQUID_TARGET": str(target),
                "SANDBOX_HOST": "127.0.0.1",
            }
            words = ["sh", str(edge / "ssrf_proxy" / "docker-entrypoint.sh")]
            # It takes its time to say goodbye, unless it is interrupted.
            stop = signal.SIGINT
            with program(words, {**environment, **places}, forward, reverse, user=PROXY_USER, stop=stop):
                yield forward, reverse, sandbox

    return start


def test_the_proxy_is_a_way_in_to_the_sandbox_and_no_way_to_neighbours(proxy: Start) -> None:
    with proxy() as (forward, reverse, sandbox):
        status, text = get(reverse, "/health")
        assert (status, text.splitlines()[0]) == (200, f"{sandbox} /health")
        assert "Via" not in text
        for host in ("127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "192.168.1.1", "[::1]", "2130706433"):
            assert get(forward, f"http://{host}:{sandbox}/x")[0] in {403, 503}, host
        assert get(forward, f"http://127.0.0.1:{sandbox}/x")[0] == 403
        assert get(forward, "http://example.com:25/x")[0] == 403


def test_an_exempted_address_is_reached(proxy: Start) -> None:
    with proxy(SSRF_PROXY_ALLOW_PRIVATE_IPS="127.0.0.1") as (forward, _, sandbox):
        assert get(forward, f"http://127.0.0.1:{sandbox}/x")[0] == 200
        assert get(forward, f"http://10.0.0.1:{sandbox}/x")[0] == 403


def test_a_sandbox_that_comes_late_is_found_and_until_then_nothing_is_said_to_have_been_run(proxy: Start) -> None:
    with proxy(later=True) as (_, reverse, sandbox):

        def mark() -> str | None:
            with closing(http.client.HTTPConnection("127.0.0.1", reverse, timeout=60)) as connection:
                connection.request("POST", "/v1/sandbox/run", body=b"{}")
                answer = connection.getresponse()
                assert answer.status in {502, 503}
                return answer.getheader("X-Orrery-Not-Forwarded")

        # As long as it has not noticed, it tries, and says by other means that it failed.
        until(lambda: mark() == "1", "nothing is said of requests that went nowhere")
        with behind("127.0.0.1", sandbox):
            until(lambda: get(reverse, "/health")[0] == 200, "the sandbox is not found")
