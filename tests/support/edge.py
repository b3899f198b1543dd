"""What stands around an edge under test: services behind it, a name server that knows them, certificates before it."""

from __future__ import annotations

import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.listening import until_listening

DOMAIN = "orrery.test"
WAIT_SECONDS = 120
"""Nothing is measured by it: what has not happened by then never will."""


class Behind(BaseHTTPRequestHandler):
    """Answers with its port, the path and the headers it was asked with; ``/v1/stream`` has two frames.

    The second one is only sent when `release` is set.
    """

    protocol_version = "HTTP/1.1"
    release = threading.Event()

    def do_GET(self) -> None:
        if self.path.startswith("/v1/stream"):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"9\r\ndata: 1\n\n\r\n")
            self.wfile.flush()
            self.release.wait(WAIT_SECONDS)
            self.wfile.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")
            return
        body = (f"{self.connection.getsockname()[1]} {self.path}\n" + str(self.headers)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the parent's name)
        pass


@contextmanager
def behind(host: str, port: int) -> Generator[int]:
    """A service of that address; skips the test where the port is taken."""
    try:
        server = ThreadingHTTPServer((host, port), Behind)
    except OSError as error:
        pytest.skip(f"port {port} of {host} is taken ({error.strerror})")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def names(address: str) -> Generator[str]:
    """A name server that knows every name as ``address``; its own address and port."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    place = server.getsockname()

    def serve() -> None:
        while True:
            query, peer = server.recvfrom(512)
            if peer == place:
                return
            question = query[12 : query.index(b"\0", 12) + 5]
            wants_ipv4 = question[-4:-2] == b"\0\1"
            header = query[:2] + struct.pack("!HHHHH", 0x8180, 1, int(wants_ipv4), 0, 0)
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 5, 4) + socket.inet_aton(address)
            server.sendto(header + question + (answer if wants_ipv4 else b""), peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{place[1]}"
    finally:
        server.sendto(b"", place)
        thread.join()
        server.close()


@contextmanager
def program(
    words: list[str],
    environment: dict[str, str],
    *ports: int,
    user: int | None = None,
    stop: signal.Signals = signal.SIGTERM,
    folder: Path | None = None,
) -> Generator[Callable[[], str]]:
    """A server from when it listens until the end of the block; gives what it has said so far."""
    with tempfile.TemporaryFile() as said:

        def told() -> str:
            said.seek(0)
            return said.read().decode(errors="replace")

        process = subprocess.Popen(words, env=environment, stdout=said, stderr=said, user=user, group=user, cwd=folder)
        try:
            until_listening(process, *ports, said=told)
            yield told
        finally:
            process.send_signal(stop)
            process.wait(WAIT_SECONDS)


class Issued(msgspec.Struct, frozen=True):
    """The files of a certificate and its key."""

    certificate: Path
    key: Path
    serial: int


def issue(folder: Path, certificate_name: str, key_name: str, domain: str = DOMAIN) -> Issued:
    """Makes a certificate that vouches for itself; files of these names are replaced, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # A name of its own: who trusts two of them tells them apart by it.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{serial:x}")])
    made = datetime.now(UTC)
    known = [x509.DNSName(domain), x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(made - timedelta(days=1))
        .not_valid_after(made + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    issued = Issued(folder / certificate_name, folder / key_name, serial)
    issued.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return issued


def shown(port: int, domain: str = DOMAIN) -> x509.Certificate:
    """The certificate that a server shows to a new visitor; whoever signed it. Raises OSError if there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=domain) as wrapped,
    ):
        found = wrapped.getpeercert(binary_form=True)
    assert found is not None
    return x509.load_der_x509_certificate(found)


def until(condition: Callable[[], bool], what: str, said: Callable[[], str] = str) -> None:
    """Waits for it. Raises `AssertionError` with ``what`` and what the server said, after a time that nothing takes."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: {said()[-4000:]}"
        time.sleep(0.05)
