"""The real nginx and squid accept what is written for them, for each of the switches."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Build = Callable[..., dict[str, str]]
Need = Callable[..., None]


def configure(script: Path, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(script), *words], env=dict(environment), capture_output=True, text=True, check=False, timeout=120
    )


def nginx(edge: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    places = {
        "NGINX_TEMPLATES": str(edge / "nginx"),
        "NGINX_TARGET": str(edge / "out"),
        "TLS_FOLDER": str(edge / "tls"),
        "ACME_FOLDER": str(edge / "live"),
    }
    return configure(edge / "nginx" / "docker-entrypoint.sh", {**environment, **places}, "-t")


def certificate(folder: Path, certificate_name: str, key_name: str) -> None:
    folder.mkdir(parents=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "orrery.test")])
    made = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made)
        .not_valid_after(made + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / certificate_name).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / key_name).write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_nginx_accepts_the_defaults(edge: Path, container_environment: Build, need: Need) -> None:
    need("nginx", "envsubst")
    done = nginx(edge, container_environment("nginx"))
    assert done.returncode == 0, done.stderr
    assert "${" not in "".join(path.read_text() for path in (edge / "out").rglob("*.conf"))
    assert "acme-challenge" not in (edge / "out/conf.d/default.conf").read_text()


def test_nginx_accepts_every_switch_together(edge: Path, container_environment: Build, need: Need) -> None:
    need("nginx", "envsubst")
    certificate(edge / "tls", "orrery.crt", "orrery.key")
    environment = container_environment(
        "nginx",
        NGINX_HTTPS_ENABLED="true",
        NGINX_ENABLE_CERTBOT_CHALLENGE="true",
        ORRERY_TRUSTED_PROXIES="10.0.0.0/8, 192.0.2.7",
        NGINX_SERVER_NAME="a.example b.example",
        NGINX_CLIENT_MAX_BODY_SIZE="15M",
    )
    done = nginx(edge, environment)
    assert done.returncode == 0, done.stderr
    server = (edge / "out/conf.d/default.conf").read_text()
    assert "listen 443 ssl" in server
    assert "location /.well-known/acme-challenge/" in server
    assert "set_real_ip_from 192.0.2.7;" in (edge / "out/nginx.conf").read_text()


def test_an_issued_certificate_is_preferred(edge: Path, container_environment: Build, need: Need) -> None:
    need("nginx", "envsubst")
    certificate(edge / "tls", "fullchain.pem", "privkey.pem")
    certificate(edge / "live" / "orrery.test", "fullchain.pem", "privkey.pem")
    environment = container_environment(
        "nginx",
        NGINX_HTTPS_ENABLED="true",
        CERTBOT_DOMAIN="orrery.test",
        NGINX_SSL_CERT_FILENAME="fullchain.pem",
        NGINX_SSL_CERT_KEY_FILENAME="privkey.pem",
    )
    done = nginx(edge, environment)
    assert done.returncode == 0, done.stderr
    assert f"ssl_certificate {edge}/live/orrery.test/fullchain.pem;" in (edge / "out/conf.d/default.conf").read_text()


def test_https_without_a_certificate_says_which_file_is_missing(
    edge: Path, container_environment: Build, need: Need
) -> None:
    need("nginx", "envsubst")
    done = nginx(edge, container_environment("nginx", NGINX_HTTPS_ENABLED="true"))
    assert done.returncode == 78
    assert f"there is no {edge}/tls/orrery.crt" in done.stderr


@pytest.mark.parametrize(
    "allowed",
    [
        {},
        {
            "SSRF_PROXY_ALLOW_PRIVATE_IPS": "10.1.0.0/16, 192.168.4.4",
            "SSRF_PROXY_ALLOW_PRIVATE_DOMAINS": ".corp.example,host.example",
        },
    ],
    ids=["closed", "with exemptions"],
)
def test_squid_accepts_its_configuration(
    edge: Path, container_environment: Build, need: Need, allowed: dict[str, str]
) -> None:
    need("squid")
    environment = {**container_environment("ssrf_proxy", **allowed), "SANDBOX_HOST": "127.0.0.1"}
    places = {"SQUID_TEMPLATES": str(edge / "ssrf_proxy"), "SQUID_TARGET": str(edge / "squid")}
    done = configure(edge / "ssrf_proxy" / "docker-entrypoint.sh", {**environment, **places}, "-k", "parse")
    assert done.returncode == 0, done.stderr
    faults = [line for line in done.stderr.splitlines() if "ERROR" in line or "FATAL" in line or "subnetwork" in line]
    assert faults == []
    text = (edge / "squid" / "squid.conf").read_text()
    assert "${" not in text
    assert ("acl allowed_private_ips dst 10.1.0.0/16" in text) == bool(allowed)
    assert ("http_access allow localnet allowed_private_domains" in text) == bool(allowed)
