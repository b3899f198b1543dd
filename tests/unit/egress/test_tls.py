"""TLS holds by default: an unknown or expired certificate ends the request, with the reason."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orrery.egress import GuardedHttpClient, operator_policy
from orrery.egress.protocol import EgressTlsFailed

from .canary import answer

LOCAL = operator_policy(allow_private=True)


def certificate(folder: Path, *, expired: bool = False) -> Path:
    """A PEM file with key and self-signed certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    end = now - timedelta(days=1) if expired else now + timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / ("expired.pem" if expired else "valid.pem")
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture(params=["valid", "expired"])
async def https(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, Path, bool]]:
    """(URL, certificate, whether it has expired)."""
    expired = request.param == "expired"
    pem = certificate(tmp_path, expired=expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer())
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", pem, expired


async def test_an_unknown_issuer_is_refused(https: tuple[str, Path, bool]) -> None:
    url, _, _ = https
    async with GuardedHttpClient(LOCAL) as client:
        with pytest.raises(EgressTlsFailed, match="certificate"):
            await client.request("GET", url)


async def test_a_bundle_replaces_the_trust_store(https: tuple[str, Path, bool]) -> None:
    url, pem, expired = https
    async with GuardedHttpClient(LOCAL, ca_bundle=str(pem)) as client:
        if expired:
            with pytest.raises(EgressTlsFailed, match="expired"):
                await client.request("GET", url)
        else:
            assert (await client.request("GET", url)).content == b"ok"


async def test_one_request_may_waive_it(https: tuple[str, Path, bool]) -> None:
    url, _, _ = https
    async with GuardedHttpClient(LOCAL) as client:
        assert (await client.request("GET", url, verify_tls=False)).content == b"ok"
        with pytest.raises(EgressTlsFailed):
            await client.request("GET", url)
