"""TLS at the edge (deployment.md 2.1): the contract's switches, streams, and certificates that change while it runs."""

from __future__ import annotations

import http.client
import random
import shutil
import ssl
import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from tests.support.edge import DOMAIN, WAIT_SECONDS, Behind, behind, issue, names, program, shown, until
from tests.support.edge_visits import connect, get, shows, trusting, visits
from tests.support.ports import free_port

Build = Callable[..., dict[str, str]]
Need = Callable[..., None]
PAUSE = "0.1"


class Edge(msgspec.Struct, frozen=True):
    """Where a running edge listens, and what it has said."""

    plain: int
    secure: int
    said: Callable[[], str]


Start = Callable[..., AbstractContextManager[Edge]]


@pytest.fixture
def start(edge: Path, container_environment: Build, need: Need) -> Start:
    """Starts nginx before an API and pages, for given lines of `.env`."""
    need("nginx", "envsubst")

    @contextmanager
    def run(**dotenv: str) -> Generator[Edge]:
        places = {
            "NGINX_TEMPLATES": str(edge / "nginx"),
            "NGINX_TARGET": str(edge / "out"),
            "TLS_FOLDER": str(edge / "tls"),
            "ACME_FOLDER": str(edge / "live"),
            "CERTIFICATE_PAUSE": PAUSE,
        }
        plain, secure = free_port(), free_port()
        host = f"127.92.{random.randrange(256)}.{random.randrange(1, 255)}"
        with names(host) as resolver, behind(host, 5001), behind(host, 3000):
            given = {
                "NGINX_HTTPS_ENABLED": "true",
                "NGINX_PORT": str(plain),
                "NGINX_SSL_PORT": str(secure),
                "ORRERY_RESOLVER": resolver,
                "NGINX_WORKER_PROCESSES": "2",
            }
            environment = container_environment("nginx", **given, **dotenv)
            words = ["sh", str(edge / "nginx" / "docker-entrypoint.sh")]
            with program(words, {**environment, **places}, plain) as said:
                yield Edge(plain, secure, said)

    return run


def test_every_route_is_served_over_tls_and_says_so(edge: Path, start: Start) -> None:
    issued = issue(edge / "tls", "orrery.crt", "orrery.key")
    with start() as running:
        context = trusting(issued)
        for path in ("/v1/info", "/console/api/setup", "/api/passport", "/files/a", "/mcp/server/x", "/triggers/t"):
            status, text = get(running.secure, path, context)
            assert (status, text.splitlines()[0]) == (200, f"5001 {path}")
            assert "X-Forwarded-Proto: https" in text
            assert f"X-Forwarded-Port: {running.secure}" in text
        assert get(running.secure, "/apps", context)[1].startswith("3000 /apps")
        # No redirect: whoever has a balancer in front that speaks TLS would go in circles.
        connection = http.client.HTTPConnection("127.0.0.1", running.plain, timeout=WAIT_SECONDS)
        connection.request("GET", "/v1/info")
        plain = connection.getresponse()
        assert (plain.status, b"X-Forwarded-Proto: http\n" in plain.read().replace(b"\r", b"")) == (200, True)
        connection.close()


def test_a_stream_over_tls_arrives_frame_by_frame(edge: Path, start: Start) -> None:
    issued = issue(edge / "tls", "orrery.crt", "orrery.key")
    with start() as running:
        Behind.release.clear()
        connection = connect(running.secure, trusting(issued))
        connection.request("GET", "/v1/stream")
        answer = connection.getresponse()
        try:
            # The second frame is only sent after the first was read here.
            assert answer.read(9) == b"data: 1\n\n"
        finally:
            Behind.release.set()
        assert answer.read() == b"data: 2\n\n"
        connection.close()


def test_many_streams_of_a_browser_share_a_connection(edge: Path, start: Start) -> None:
    issued = issue(edge / "tls", "orrery.crt", "orrery.key")
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    with start() as running:
        words = ["curl", "--silent", "--http2", "--cacert", str(issued.certificate), "--noproxy", "*"]
        address = f"https://localhost:{running.secure}/v1/info"
        done = subprocess.run(
            [*words, "--write-out", "%{http_version}", address], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[0] == "5001 /v1/info"
        assert f"Host: localhost:{running.secure}" in done.stdout
        assert done.stdout.endswith("2")


@pytest.mark.parametrize(
    ("protocols", "version", "spoken"),
    [
        ("TLSv1.2 TLSv1.3", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("TLSv1.2 TLSv1.3", ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        ("TLSv1.3", ssl.TLSVersion.TLSv1_2, ""),
    ],
)
def test_the_protocols_are_the_ones_that_are_named(
    edge: Path, start: Start, protocols: str, version: ssl.TLSVersion, spoken: str
) -> None:
    issued = issue(edge / "tls", "a.crt", "a.key")
    dotenv = {"NGINX_SSL_CERT_FILENAME": "a.crt", "NGINX_SSL_CERT_KEY_FILENAME": "a.key"}
    with start(**dotenv, NGINX_SSL_PROTOCOLS=protocols) as running:
        context = trusting(issued)
        context.minimum_version = context.maximum_version = version
        connection = connect(running.secure, context)
        try:
            if spoken:
                connection.connect()
                assert isinstance(connection.sock, ssl.SSLSocket)
                assert connection.sock.version() == spoken
            else:
                with pytest.raises(ssl.SSLError):
                    connection.connect()
        finally:
            connection.close()


def test_a_changed_certificate_is_taken_up_and_no_request_is_lost(edge: Path, start: Start) -> None:
    first = issue(edge / "tls", "orrery.crt", "orrery.key")
    later = issue(edge / "later", "orrery.crt", "orrery.key")
    either = trusting(first)
    # Trusted before it is shown, so that every refusal is a lost request.
    either.load_verify_locations(cafile=str(later.certificate))
    with start() as running, closing(connect(running.secure, either)) as held:
        Behind.release.clear()
        held.request("GET", "/v1/stream")
        stream = held.getresponse()
        assert stream.read(9) == b"data: 1\n\n"
        with visits(running.secure, either) as seen:
            # One after the other, as in a renewal: in between they do not fit.
            later.certificate.replace(first.certificate)
            later.key.replace(first.key)
            until(lambda: shows(running.secure, later.serial), "the new certificate is not shown")
            before = seen[200]
            until(lambda: seen[200] > before + 5 or len(seen) > 1, "no requests after the change")
        Behind.release.set()
        assert set(seen) == {200}
        assert stream.read() == b"data: 2\n\n"


def test_half_a_renewal_changes_nothing_until_the_other_half_is_there(edge: Path, start: Start) -> None:
    first = issue(edge / "tls", "orrery.crt", "orrery.key")
    later = issue(edge / "later", "orrery.crt", "orrery.key")
    with start() as running:
        later.key.replace(first.key)
        until(lambda: "mismatch" in running.said(), "nginx was not told of the key")
        assert get(running.secure, "/v1/info", trusting(first))[0] == 200
        assert shown(running.secure).serial_number == first.serial
        later.certificate.replace(first.certificate)
        until(lambda: shows(running.secure, later.serial), "the new certificate is not shown")


def test_tls_goes_on_while_a_file_is_away(edge: Path, start: Start) -> None:
    first = issue(edge / "tls", "orrery.crt", "orrery.key")
    later = issue(edge / "later", "orrery.crt", "orrery.key")
    with start() as running:
        first.certificate.unlink()
        until(lambda: "orrery.crt: nothing changes" in running.said(), "nobody said what is missing", running.said)
        later.key.replace(first.key)
        until(lambda: running.said().count("nothing changes") == 2, "the key was not looked at", running.said)
        assert shown(running.secure).serial_number == first.serial
        later.certificate.replace(first.certificate)
        until(lambda: shows(running.secure, later.serial), "the new certificate is not shown")


def test_tls_begins_when_the_first_certificate_has_come(edge: Path, start: Start) -> None:
    dotenv = {
        "NGINX_ENABLE_CERTBOT_CHALLENGE": "true",
        "CERTBOT_DOMAIN": DOMAIN,
        "NGINX_SSL_CERT_FILENAME": "fullchain.pem",
        "NGINX_SSL_CERT_KEY_FILENAME": "privkey.pem",
    }
    with start(**dotenv) as running:
        connection = http.client.HTTPConnection("127.0.0.1", running.plain, timeout=WAIT_SECONDS)
        connection.request("GET", "/v1/info")
        assert connection.getresponse().status == 200
        connection.close()
        issued = issue(edge / "live" / DOMAIN, "fullchain.pem", "privkey.pem")
        until(lambda: shows(running.secure, issued.serial), "TLS does not begin")
        assert get(running.secure, "/v1/info", trusting(issued))[0] == 200
