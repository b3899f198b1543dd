"""The forward proxy's rules (deployment.md 2.2, from 1.15 on), held to by squid with our file and by our own proxy."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest
from tests.support.listening import until_listening
from tests.support.ports import free_port

from orrery.deploy.interpolation import interpolate
from orrery.deploy.render.edge_files import edge_files
from orrery.deploy.render.places import write_files
from orrery.deploy.topology.stacks import whole
from orrery.egress.addresses import METADATA_RANGES, NEVER_RANGES, PRIVATE_RANGES
from orrery.egress.proxy.configuration import read_settings
from orrery.egress.proxy.role import listening

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
PROXY_USER = 13
EXEMPT = "127.0.0.8"
NAMES = {"exempt.test": EXEMPT, "listed.test": "127.0.0.1", "inside.test": "127.0.0.1", "lan.test": "10.0.0.1"}
ALLOWED = {
    "SSRF_PROXY_ALLOW_PRIVATE_IPS": f"{EXEMPT}, 169.254.169.254",
    "SSRF_PROXY_ALLOW_PRIVATE_DOMAINS": "listed.test",
}


class Server(BaseHTTPRequestHandler):
    """Answers with what it was asked; counts every request."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        length = self.headers.get("Content-Length")
        if self.headers.get("Transfer-Encoding") == "chunked":
            size = 0
            while count := int(self.rfile.readline(), 16):
                size += len(self.rfile.read(count))
                self.rfile.readline()
            self.rfile.readline()
        else:
            size = len(self.rfile.read(int(length or 0)))
        body = f"{self.command} {self.path} {size}\n{self.headers}".encode()
        self.send_response(403 if self.path == "/forbidden" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the parent's name)
        pass


@contextmanager
def serving(host: str, port: int = 0) -> Generator[int]:
    server = ThreadingHTTPServer((host, port), Server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Proxy(msgspec.Struct, frozen=True):
    """``port`` and ``door`` of a running proxy; ``open`` is the port of the server at an exempt and a private address."""

    kind: str
    port: int
    door: int
    open: int

    def ask(self, text: str) -> tuple[int, str]:
        """Status and all of the answer to a raw request."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(text.replace("\n", "\r\n").encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            status, headers = answer.status, str(answer.headers)
            body = "" if text.startswith("CONNECT") and status == 200 else answer.read().decode()
            answer.close()
            return status, f"{headers}\n{body}"

    def get(self, url: str, headers: str = "") -> tuple[int, str]:
        return self.ask(f"GET {url} HTTP/1.1\nHost: x\n{headers}\n")


@contextmanager
def own_proxy(environment: dict[str, str]) -> Generator[tuple[int, int]]:
    """Ours, on a loop of its own, with the test's names."""

    async def lookup(host: str, port: int) -> list[str]:
        if host not in NAMES:
            raise OSError(host)
        return [NAMES[host]]

    settings = msgspec.structs.replace(read_settings(environment), host="127.0.0.1", port=0, door=0)
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), [0, 0]
    stop = asyncio.Event()

    async def serve() -> None:
        async with listening(settings, lookup) as (port, door):
            ports[:] = port, door
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    try:
        yield ports[0], ports[1]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@contextmanager
def squid(environment: dict[str, str]) -> Generator[tuple[int, int]]:
    """squid, with our file and the test's names."""
    if shutil.which("squid", path=PATH) is None or os.geteuid() != 0:
        pytest.skip("needs squid, and root to start it as its own user")
    with tempfile.TemporaryDirectory(prefix="orrery-proxy-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o777)
        write_files(edge_files(), folder / "edge")
        hosts = folder / "hosts"
        hosts.write_text("".join(f"{address} {host}\n" for host, address in NAMES.items()))
        templates = folder / "edge" / "ssrf_proxy"
        (templates / "conf.d" / "local.conf").write_text(f"hosts_file {hosts}\ndns_nameservers 127.0.0.1\n")
        target = folder / "squid"
        target.mkdir()
        target.chmod(0o777)
        forward, door = free_port(), free_port()
        own = {"HTTP_PORT": str(forward), "REVERSE_PROXY_PORT": str(door), "COREDUMP_DIR": str(target)}
        places = {"SQUID_TEMPLATES": str(templates), "SQUID_TARGET": str(target), "PATH": PATH}
        words = ["sh", str(templates / "docker-entrypoint.sh")]
        process = subprocess.Popen(
            words, env=environment | own | places, stdout=subprocess.DEVNULL, user=PROXY_USER, group=PROXY_USER
        )
        try:
            until_listening(process, forward, door)
            yield forward, door
        finally:
            process.terminate()
            process.kill()
            process.wait()


@pytest.fixture(scope="module", params=["ours", "squid"])
def proxy(request: pytest.FixtureRequest) -> Iterator[Proxy]:
    with serving("0.0.0.0") as port:
        dotenv = {"SANDBOX_PORT": str(port), **ALLOWED}
        container = whole().service("ssrf_proxy").environment
        environment = {name: interpolate(text, dotenv) for name, text in container.items()}
        environment["SANDBOX_HOST"] = "127.0.0.1"
        start = own_proxy if request.param == "ours" else squid
        with start(environment) as (forward, door):
            yield Proxy(request.param, forward, door, port)


PRIVATE = [
    "127.0.0.1", "127.0.0.2", "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "100.100.100.200", "192.0.0.192",
    "198.18.0.1", "169.254.169.254", "169.254.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.9",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fd00:ec2::254]", "[fc00::1]", "[fe80::1]", "[ff02::1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "inside.test", "lan.test",
]  # fmt: skip
ODD = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "0",
    "127.0.0.1.",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_the_inside_is_refused(proxy: Proxy, host: str) -> None:
    before = Server.asked
    assert proxy.get(f"http://{host}:{proxy.open}/x")[0] == 403
    assert proxy.get(f"http://{host}/x")[0] == 403
    assert proxy.ask(f"CONNECT {host}:443 HTTP/1.1\nHost: x\n\n")[0] == 403
    assert Server.asked == before


@pytest.mark.parametrize("host", ODD)
def test_odd_spellings_of_the_inside_reach_nothing(proxy: Proxy, host: str) -> None:
    before = Server.asked
    assert proxy.get(f"http://{host}:{proxy.open}/x")[0] in {400, 403, 503}
    assert proxy.ask(f"CONNECT {host}:443 HTTP/1.1\nHost: x\n\n")[0] in {400, 403, 503}
    assert Server.asked == before


@pytest.mark.parametrize("port", [22, 25, 53, 110, 143, 445, 1, 1024])
def test_ports_that_do_not_speak_http_are_refused(proxy: Proxy, port: int) -> None:
    assert proxy.get(f"http://{EXEMPT}:{port}/")[0] == 403


@pytest.mark.parametrize("port", [22, 80, 8443, 3128])
def test_tunnels_lead_to_one_port(proxy: Proxy, port: int) -> None:
    assert proxy.ask(f"CONNECT {EXEMPT}:{port} HTTP/1.1\nHost: x\n\n")[0] == 403


def test_what_is_exempt_is_reached(proxy: Proxy) -> None:
    for host in (EXEMPT, "exempt.test", "listed.test"):
        status, text = proxy.get(f"http://{host}:{proxy.open}/a%2Fb?c=%20d", "Connection: close\n")
        assert status == 200, text
        assert "GET /a%2Fb?c=%20d 0\n" in text


def test_an_exemption_opens_no_metadata(proxy: Proxy) -> None:
    assert proxy.get("http://169.254.169.254/latest/meta-data/")[0] == 403


def test_the_host_of_the_address_counts(proxy: Proxy) -> None:
    _, text = proxy.get(f"http://{EXEMPT}:{proxy.open}/", "Connection: close\n")
    assert f"Host: {EXEMPT}:{proxy.open}" in text
    assert proxy.ask(f"GET http://127.0.0.1:{proxy.open}/ HTTP/1.1\nHost: {EXEMPT}\n\n")[0] == 403


def test_nothing_of_the_inside_is_told_and_no_field_of_the_connection_passed_on(proxy: Proxy) -> None:
    fields = "Proxy-Authorization: Basic eA==\nProxy-Connection: close\nX-Forwarded-For: 10.9.9.9\nX-Kept: yes\n"
    _, text = proxy.get(f"http://{EXEMPT}:{proxy.open}/", f"{fields}Connection: close, X-Named\nX-Named: 1\n")
    assert "X-Kept: yes" in text
    for absent in ("Proxy-Authorization", "Proxy-Connection", "10.9.9.9", "Via:", "X-Named"):
        assert absent not in text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_bodies_arrive_whole(proxy: Proxy, method: str) -> None:
    body = "x" * 300_000
    head = f"{method} http://{EXEMPT}:{proxy.open}/up HTTP/1.1\nHost: x\nConnection: close\n"
    status, text = proxy.ask(f"{head}Content-Length: {len(body)}\n\n{body}")
    assert (status, f"{method} /up 300000\n" in text) == (200, True)
    chunks = f"5\nhello\n{len(body):x};note=1\n{body}\n0\n\n"
    status, text = proxy.ask(f"{head}Transfer-Encoding: chunked\n\n{chunks}")
    assert (status, f"{method} /up 300005\n" in text) == (200, True)


def test_a_tunnel_carries_both_ways(proxy: Proxy) -> None:
    try:
        server = socket.create_server((EXEMPT, 443))
    except OSError as error:
        pytest.skip(f"no listening on port 443 here ({error.strerror})")
    with server, socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as near:
        near.sendall(f"CONNECT {EXEMPT}:443 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert near.recv(4096).startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))
        server.settimeout(60)
        far, _ = server.accept()
        with far:
            near.sendall(b"\x16\x03ping")
            assert far.recv(100) == b"\x16\x03ping"
            far.sendall(b"\x00pong")
            assert near.recv(100) == b"\x00pong"
            far.close()
            assert near.recv(100) == b""


def test_a_refusal_can_be_told_from_a_servers_own(proxy: Proxy) -> None:
    status, text = proxy.get("http://127.0.0.1/")
    assert status == 403
    assert re.search("^(Server|Via): .*squid", text, re.MULTILINE | re.IGNORECASE)
    status, text = proxy.get(f"http://{EXEMPT}:{proxy.open}/forbidden", "Connection: close\n")
    assert status == 403
    assert not re.search("^(Server|Via): .*squid", text, re.MULTILINE | re.IGNORECASE)


def test_unknown_names_and_closed_ports_are_unavailable(proxy: Proxy) -> None:
    assert proxy.get(f"http://{EXEMPT}:{free_port()}/")[0] == 503
    if proxy.kind == "ours":  # squid asks name servers, of which there is none here
        assert proxy.get("http://no-such-name.test:8080/")[0] == 503


@pytest.mark.parametrize(
    "text",
    [
        "GET / HTTP/1.1\nHost: x\n\n",
        "GET /etc/passwd HTTP/1.1\nHost: 127.0.0.1\n\n",
        "GET http:// HTTP/1.1\nHost: x\n\n",
        "GET file:///etc/passwd HTTP/1.1\nHost: x\n\n",
        "CONNECT 127.0.0.1 HTTP/1.1\nHost: x\n\n",
        "CONNECT 127.0.0.8:443/x HTTP/1.1\nHost: x\n\n",
    ],
)
def test_what_is_no_request_to_a_proxy_is_refused(proxy: Proxy, text: str) -> None:
    assert 400 <= proxy.ask(text)[0] < 504


def test_the_door_leads_to_the_sandbox(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.door, timeout=60)
    try:
        connection.request("POST", "/v1/sandbox/run", body=b"{}", headers={"X-Api-Key": "k"})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert (answer.status, text.splitlines()[0]) == (200, "POST /v1/sandbox/run 2")
        assert "X-Api-Key: k" in text
    finally:
        connection.close()


def test_squids_file_names_every_range_that_ours_refuses() -> None:
    text = (Path(edge_files.__code__.co_filename).parents[1] / "templates/ssrf_proxy/squid.conf.template").read_text()
    for acl, ranges in (("to_private_networks", (*PRIVATE_RANGES, *NEVER_RANGES)), ("to_metadata", METADATA_RANGES)):
        named = [ip_network(n) for n in re.findall(rf"^acl {acl} dst (\S+)$", text, re.MULTILINE)]
        for wanted in map(ip_network, ranges):
            assert any(n.version == wanted.version and wanted.subnet_of(n) for n in named), (acl, wanted)  # type: ignore[arg-type]


def test_the_role_starts_and_ends_with_its_container() -> None:
    port, door = free_port(), free_port()
    environment = {"PATH": PATH, "MODE": "ssrf_proxy", "HTTP_PORT": str(port), "REVERSE_PROXY_PORT": str(door)}
    process = subprocess.Popen([sys.executable, "-m", "orrery", "role"], env=environment, stderr=subprocess.PIPE)
    try:
        until_listening(process, port, door)
        assert Proxy("role", port, door, 0).get("http://127.0.0.1/")[0] == 403
    finally:
        process.terminate()
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert b"127.0.0.1 GET 127.0.0.1:80 403" in told


def test_light_roles_load_no_database() -> None:
    code = (
        "import sys, orrery.cli.main, orrery.cli.stack_role, orrery.egress.proxy.role\n"
        "heavy = {'sqlalchemy', 'aiohttp', 'starlette', 'uvicorn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
