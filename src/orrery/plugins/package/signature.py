"""Who vouches for a package: RSA signatures in the zip's comment (plugins.md 1.4)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from orrery.plugins.package.archive import Archive
from orrery.plugins.package.faults import BadSignature, PackageFault

VERIFICATION_FILE = ".verification.dify.json"
_FEWEST_BITS = 2048
Category = Literal["langgenius", "partner", "community"]


class Verification(msgspec.Struct, frozen=True):
    """What a signature says of the package; packages signed before there were categories are the vendor's."""

    authorized_category: Category = "langgenius"


class Key(msgspec.Struct, frozen=True):
    """``label`` tells people which key it is: the name of its file."""

    label: str
    public: RSAPublicKey


class UnusableKey(Exception):
    """The text is no public RSA key of at least 2048 bits."""


class _Signed(msgspec.Struct, frozen=True):
    signature: str
    time: int


def read_key(label: str, pem: bytes) -> Key:
    """A key in PEM, in PKCS#1 form (``RSA PUBLIC KEY``) or PKCS#8 form. Blank lines around it are no fault.

    Raises `UnusableKey`.
    """
    text = pem.strip()
    if not text.startswith(b"-----BEGIN") or text.count(b"-----BEGIN") != 1 or not text.endswith(b"-----"):
        raise UnusableKey(f"{label} is not one public key in PEM, and nothing else")
    try:
        public = load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{label} is not a public key in PEM: {error}") from error
    if not isinstance(public, RSAPublicKey) or public.key_size < _FEWEST_BITS:
        raise UnusableKey(f"{label} is not a public RSA key of at least {_FEWEST_BITS} bits")
    return Key(label, public)


def signed_bytes(archive: Archive, time: int) -> bytes:
    """What a signature is made of: the hash of each file in the zip's order, then the time in decimal."""
    hashes = b"".join(hashlib.sha256(content).digest() for content in archive.files.values())
    return hashes + str(time).encode()


def verify(archive: Archive, keys: Sequence[Key]) -> Verification:
    """What the package's signature says, made with one of ``keys``. Raises `BadSignature`, which says why not."""
    if not archive.comment:
        raise BadSignature("the package is not signed")
    try:
        signed = msgspec.json.decode(archive.comment, type=_Signed)
        signature = base64.b64decode(signed.signature, validate=True)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise BadSignature("the package's signature can't be read") from error
    if not keys:
        raise BadSignature("the package is signed, but no key is known here that it could be compared with")
    message = signed_bytes(archive, signed.time)
    for key in keys:
        try:
            key.public.verify(signature, message, PKCS1v15(), SHA256())
        except InvalidSignature:
            continue
        return _said(archive)
    tried = ", ".join(key.label for key in keys)
    raise BadSignature(f"the package's signature was made with none of the keys that are known here ({tried})")


def _said(archive: Archive) -> Verification:
    written = archive.files.get(VERIFICATION_FILE)
    if written is None:
        return Verification()
    try:
        return msgspec.json.decode(written, type=Verification)
    except msgspec.MsgspecError as error:
        raise PackageFault(f"can't be read: {error}", file=VERIFICATION_FILE) from error
