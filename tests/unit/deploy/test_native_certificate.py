"""What is said of a certificate before nginx is given it, and when it is another one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from tests.support.edge import DOMAIN, issue

from orrery.deploy.native.certificate import EdgeFault, Pair, checked, out_of_time, pair_in_use

NAMES = {"NGINX_SSL_CERT_FILENAME": "a.crt", "NGINX_SSL_CERT_KEY_FILENAME": "a.key"}


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    issued = issue(tmp_path / "ssl", "a.crt", "a.key")
    return Pair(issued.certificate, issued.key)


def without_certificate(pair: Pair) -> None:
    pair.certificate.unlink()


def without_key(pair: Pair) -> None:
    pair.key.unlink()


def unreadable(pair: Pair) -> None:
    pair.key.unlink()
    pair.key.mkdir()


def no_certificate(pair: Pair) -> None:
    shutil.copy(pair.key, pair.certificate)


def no_key(pair: Pair) -> None:
    pair.key.write_text("-----BEGIN PRIVATE KEY-----\nbm90aGluZw==\n-----END PRIVATE KEY-----\n")


def nothing(pair: Pair) -> None:
    pair.key.write_text("")


def another_key(pair: Pair) -> None:
    issue(pair.key.parent / "other", "a.crt", "a.key").key.replace(pair.key)


def key_of_another_kind(pair: Pair) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def locked_key(pair: Pair) -> None:
    key = load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))


@pytest.mark.parametrize(
    ("hurt", "said"),
    [
        (without_certificate, "there is no {certificate}"),
        (without_key, "there is no {key}"),
        (unreadable, "{key} can't be read: Is a directory"),
        (no_certificate, "{certificate} holds no certificate in PEM form"),
        (no_key, "{key} holds no private key in PEM form"),
        (nothing, "{key} holds no private key in PEM form"),
        (another_key, "{key} is not the key of {certificate}"),
        (key_of_another_kind, "{key} is not the key of {certificate}"),
        (locked_key, "{key} asks for a password, which nobody can type at a start"),
    ],
)
def test_what_nginx_could_not_serve_with_is_said(pair: Pair, hurt: Callable[[Pair], None], said: str) -> None:
    hurt(pair)
    with pytest.raises(EdgeFault) as caught:
        checked(pair)
    assert str(caught.value) == said.format(certificate=pair.certificate, key=pair.key)
    assert caught.value.mend


def test_a_certificate_that_has_run_out_is_said(pair: Pair) -> None:
    validity, now = checked(pair), datetime.now(UTC)
    assert out_of_time(pair, validity, now) == ""
    late = out_of_time(pair, validity, now + timedelta(days=2))
    assert late.startswith(f"the certificate {pair.certificate} ended on {validity.ends:%Y-%m-%d %H:%M} UTC: ")
    early = out_of_time(pair, validity, now - timedelta(days=2))
    assert early.startswith(
        f"the certificate {pair.certificate} is only good from {validity.begins:%Y-%m-%d %H:%M} UTC: "
    )


def test_certbots_certificate_comes_first_when_both_files_are_there(tmp_path: Path) -> None:
    own, live = tmp_path / "own", tmp_path / "live"
    mine = Pair(own / "a.crt", own / "a.key")
    values = {**NAMES, "CERTBOT_DOMAIN": DOMAIN}
    assert pair_in_use(values, own, live) == mine
    issued = issue(live / DOMAIN, "a.crt", "a.key")
    assert pair_in_use(values, own, live) == Pair(issued.certificate, issued.key)
    assert pair_in_use({**values, "CERTBOT_DOMAIN": ""}, own, live) == mine
    issued.key.unlink()
    assert pair_in_use(values, own, live) == mine


def test_a_whole_path_is_taken_as_it_is(tmp_path: Path) -> None:
    whole = {name: f"/etc/tls/{file}" for name, file in NAMES.items()}
    assert pair_in_use(whole, tmp_path, tmp_path) == Pair(Path("/etc/tls/a.crt"), Path("/etc/tls/a.key"))
