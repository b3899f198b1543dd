"""The operator's certificate and its key: which files they are, and what is wrong with them."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography import x509

_MEND = (
    "put the certificate and its key there, under the names of NGINX_SSL_CERT_FILENAME and NGINX_SSL_CERT_KEY_FILENAME,"
    " or set NGINX_HTTPS_ENABLED=false"
)

_ANOTHER_KEY = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})
"""OpenSSL's reasons; the last one for a key of another algorithm."""


class EdgeFault(Exception):
    """The edge can't be started as the settings ask for; ``mend`` says what to do about it."""

    def __init__(self, text: str, mend: str = _MEND) -> None:
        super().__init__(text)
        self.mend = mend


class MissingFile(EdgeFault):
    """There is no such file, which may be a matter of time."""


class Pair(msgspec.Struct, frozen=True):
    """The files of a certificate (with those that vouch for it) and of its key."""

    certificate: Path
    key: Path


class Validity(msgspec.Struct, frozen=True):
    """From when until when the certificate itself is good."""

    begins: datetime
    ends: datetime


def pair_in_use(values: Mapping[str, str], own: Path, issued: Path) -> Pair:
    """The files that the settings name: those that certbot keeps below ``issued`` if both are there, else in ``own``."""
    names = values["NGINX_SSL_CERT_FILENAME"], values["NGINX_SSL_CERT_KEY_FILENAME"]
    domain = values.get("CERTBOT_DOMAIN", "")
    if domain:
        pair = Pair(*(issued / domain / name for name in names))
        if pair.certificate.is_file() and pair.key.is_file():
            return pair
    return Pair(*(own / name for name in names))


def fingerprint(pair: Pair) -> str:
    """Changes with the files' places and contents; a file that can't be read counts as an empty one."""
    digest = hashlib.sha256()
    for path in (pair.certificate, pair.key):
        try:
            content = path.read_bytes()
        except OSError:
            content = b""
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def checked(pair: Pair) -> Validity:
    """How long the certificate is good. Raises `EdgeFault` when nginx could not serve with these files."""
    for path in (pair.certificate, pair.key):
        _read(path)
    try:
        certificate = x509.load_pem_x509_certificates(_read(pair.certificate))[0]
    except ValueError:
        raise EdgeFault(f"{pair.certificate} holds no certificate in PEM form") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(pair.certificate, pair.key, password=lambda: _refused(pair.key))
    except ssl.SSLError as error:
        raise EdgeFault(_meaning(error, pair)) from None
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def out_of_time(pair: Pair, validity: Validity, now: datetime) -> str:
    """What visitors will complain of; empty while the certificate is good."""
    told = "browsers refuse it. Another one in its place is taken up without a restart"
    if now > validity.ends:
        return f"the certificate {pair.certificate} ended on {_day(validity.ends)}: {told}"
    if now < validity.begins:
        return f"the certificate {pair.certificate} is only good from {_day(validity.begins)}: {told}"
    return ""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingFile(f"there is no {path}") from None
    except OSError as error:
        mend = "let the user who starts the stack read the certificate and its key"
        raise EdgeFault(f"{path} can't be read: {error.strerror}", mend) from None


def _refused(key: Path) -> str:
    raise EdgeFault(
        f"{key} asks for a password, which nobody can type at a start",
        f"store it without: openssl pkey -in {key} -out FILE",
    )


def _meaning(error: ssl.SSLError, pair: Pair) -> str:
    """The certificate could be read by then: what is not about its strength is about the key."""
    reason = error.reason or ""
    if reason in _ANOTHER_KEY:
        return f"{pair.key} is not the key of {pair.certificate}"
    if "TOO_SMALL" in reason or "TOO_WEAK" in reason:
        return f"{pair.certificate} is too weak for this machine's TLS: {reason.replace('_', ' ').lower()}"
    return f"{pair.key} holds no private key in PEM form"


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
