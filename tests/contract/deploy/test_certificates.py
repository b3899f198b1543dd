"""Certificates come and are renewed by themselves: certbot, an authority and nginx run for real, with our scripts."""

from __future__ import annotations

import json
import random
import socket
import ssl
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.edge import DOMAIN, WAIT_SECONDS, behind, issue, names, program, shown, until
from tests.support.ports import free_port

Build = Callable[..., dict[str, str]]
Need = Callable[..., None]
SCARCELY_VALID = 24 * 3600
"""Seconds: less than the month from which on certbot renews, so that every look finds it is time."""


class Authority(msgspec.Struct, frozen=True):
    """Where certificates are asked for, and where the authority's own one is shown."""

    directory: str
    root: str
    trusted: ssl.SSLContext


class Places(msgspec.Struct, frozen=True):
    """The edge's ports, and the folders that it shares with certbot."""

    plain: int
    secure: int
    folder: Path
    resolver: str
    upstream: str


@pytest.fixture
def places(open_folder: Path, need: Need) -> Iterator[Places]:
    need("nginx", "envsubst", "certbot", "pebble")
    upstream = f"127.93.{random.randrange(256)}.{random.randrange(1, 255)}"
    (open_folder / "www").mkdir()
    with names(upstream) as resolver, behind(upstream, 5001), behind(upstream, 3000):
        yield Places(free_port(), free_port(), open_folder, resolver, upstream)


@pytest.fixture
def authority(places: Places, path: str) -> Iterator[Authority]:
    """An authority that finds every domain at the edge, and gives certificates for a day."""
    own = issue(places.folder / "authority", "cert.pem", "key.pem")
    asked, told = free_port(), free_port()
    settings = {
        "listenAddress": f"127.0.0.1:{asked}",
        "managementListenAddress": f"127.0.0.1:{told}",
        "certificate": str(own.certificate),
        "privateKey": str(own.key),
        "httpPort": places.plain,
        "tlsPort": places.secure,
        "certificateValidityPeriod": SCARCELY_VALID,
    }
    configuration = places.folder / "authority" / "pebble.json"
    configuration.write_text(json.dumps({"pebble": settings}))
    # It makes trouble on purpose, by chance; that is for tests of clients.
    calm = {"PATH": path, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    words = ["pebble", "-config", str(configuration), "-dnsserver", places.resolver]
    with program(words, calm, asked, told):
        trusted = ssl.create_default_context(cafile=str(own.certificate))
        yield Authority(f"https://127.0.0.1:{asked}/dir", f"https://127.0.0.1:{told}/roots/0", trusted)


def test_a_certificate_comes_and_is_renewed_by_itself(
    edge: Path, places: Places, authority: Authority, container_environment: Build
) -> None:
    dotenv = {
        "NGINX_HTTPS_ENABLED": "true",
        "NGINX_ENABLE_CERTBOT_CHALLENGE": "true",
        "NGINX_PORT": str(places.plain),
        "NGINX_SSL_PORT": str(places.secure),
        "NGINX_SSL_CERT_FILENAME": "fullchain.pem",
        "NGINX_SSL_CERT_KEY_FILENAME": "privkey.pem",
        "NGINX_WORKER_PROCESSES": "1",
        "ORRERY_RESOLVER": places.resolver,
        "CERTBOT_DOMAIN": DOMAIN,
        "CERTBOT_EMAIL": "operator@orrery.test",
        "CERTBOT_OPTIONS": (
            f"--server {authority.directory} --no-verify-ssl --config-dir {places.folder}/acme "
            f"--work-dir {places.folder}/work --logs-dir {places.folder}/logs"
        ),
    }
    layout = {
        "NGINX_TEMPLATES": str(edge / "nginx"),
        "NGINX_TARGET": str(edge / "out"),
        "TLS_FOLDER": str(edge / "tls"),
        "ACME_FOLDER": f"{places.folder}/acme/live",
        "ACME_CONFIG": f"{places.folder}/acme",
        "ACME_WEBROOT": f"{places.folder}/www",
        "UPDATE_SCRIPT": str(edge / "certbot" / "update-cert.sh"),
        "CERTIFICATE_PAUSE": "0.2",
        "CERTBOT_PAUSE": "1",
        "CERTBOT_RETRY": "1",
    }
    nginx = {**container_environment("nginx", **dotenv), **layout}
    certbot = {**container_environment("certbot", **dotenv), **layout}
    with (
        program(["sh", str(edge / "nginx" / "docker-entrypoint.sh")], nginx, places.plain),
        program(["sh", str(edge / "certbot" / "docker-entrypoint.sh")], certbot) as said,
    ):
        until(lambda: serial(places.secure) != 0, "TLS does not begin", said)
        first = serial(places.secure)
        until(lambda: serial(places.secure) not in {0, first}, "the certificate is not renewed", said)
        # As a browser would look at it: signed by the authority, for this name.
        root = urllib.request.urlopen(authority.root, context=authority.trusted, timeout=WAIT_SECONDS).read().decode()
        assert DOMAIN in spoken_to(places.secure, ssl.create_default_context(cadata=root))


def serial(port: int) -> int:
    """Of the certificate that is shown; 0 while there is none."""
    try:
        return shown(port).serial_number
    except OSError:
        return 0


def spoken_to(port: int, context: ssl.SSLContext) -> str:
    """The names in the certificate of a server that the context trusts. Raises SSLError."""
    with (
        socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=DOMAIN) as wrapped,
    ):
        return str(wrapped.getpeercert())


@pytest.fixture
def entrypoint(edge: Path) -> list[str]:
    return ["sh", str(edge / "certbot" / "docker-entrypoint.sh")]


def test_what_fails_is_tried_again_and_less_often(
    entrypoint: list[str], open_folder: Path, container_environment: Build
) -> None:
    tries = open_folder / "tries"
    script = open_folder / "update.sh"
    # Fails twice. With the carriage returns of a Windows checkout.
    script.write_bytes(f"echo x >> {tries}\r\n[ $(wc -l < {tries}) -gt 2 ]\r\n".encode())
    given = {"CERTBOT_DOMAIN": DOMAIN, "CERTBOT_EMAIL": "operator@orrery.test"}
    pauses = {"UPDATE_SCRIPT": str(script), "CERTBOT_RETRY": "1", "CERTBOT_PAUSE": "1000"}
    with program(entrypoint, {**container_environment("certbot", **given), **pauses}) as said:
        until(lambda: tries.is_file() and len(tries.read_text().splitlines()) == 3, "no third try", said)
        assert said() == (
            f"certbot: no certificate for {DOMAIN}; the next try is in 1 s\n"
            f"certbot: no certificate for {DOMAIN}; the next try is in 2 s\n"
        )


def test_without_a_domain_nothing_is_asked_for(entrypoint: list[str], container_environment: Build) -> None:
    with program(entrypoint, container_environment("certbot")) as said:
        until(lambda: "set CERTBOT_DOMAIN and CERTBOT_EMAIL in .env" in said(), "it does not say what it needs", said)
