"""Signatures of file links: url-safe base64 of HMAC-SHA256(SECRET_KEY, message), with timestamp and nonce.

Messages are the contract's (sandbox-and-security reference, signed URLs). Unlike the original, a timestamp in the
future is refused and the comparison takes constant time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import msgspec

LinkKind: TypeAlias = Literal["file-preview", "image-preview", "run-archive"]

CLOCK_SKEW_SECONDS = 60
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class Signature(msgspec.Struct, frozen=True):
    """The query of a signed link: ``timestamp`` in seconds since the epoch, ``nonce`` 32 hexadecimal characters."""

    timestamp: str
    nonce: str
    sign: str

    def query(self, **more: str) -> str:
        """The query string, with ``more`` parameters after the three."""
        return urlencode({"timestamp": self.timestamp, "nonce": self.nonce, "sign": self.sign, **more})


class LinkSigner:
    """Signs and checks file links. ``clock`` gives seconds since the epoch, ``lifetime`` is FILES_ACCESS_TIMEOUT."""

    def __init__(self, secret_key: str, *, lifetime: int, clock: Callable[[], float]) -> None:
        if not secret_key:
            raise ValueError("SECRET_KEY is empty: file links can't be signed. Set it to a random value.")
        self._key = secret_key.encode()
        self._lifetime = lifetime
        self._clock = clock

    def sign_link(self, kind: LinkKind, file_id: str) -> Signature:
        """Signs the link to one file."""
        return self._sign(f"{kind}|{file_id}")

    def check_link(self, kind: LinkKind, file_id: str, signature: Signature) -> bool:
        """Whether the link was signed here and is still alive."""
        return self._check(f"{kind}|{file_id}", signature)

    def sign_upload(self, *, filename: str, mime_type: str, tenant_id: str, user_id: str) -> Signature:
        """Signs one upload by a plugin."""
        return self._sign(_upload(filename, mime_type, tenant_id, user_id))

    def check_upload(
        self, signature: Signature, *, filename: str, mime_type: str, tenant_id: str, user_id: str
    ) -> bool:
        """Whether this very upload was allowed."""
        return self._check(_upload(filename, mime_type, tenant_id, user_id), signature)

    def _sign(self, subject: str) -> Signature:
        timestamp, nonce = str(int(self._clock())), secrets.token_hex(16)
        return Signature(timestamp, nonce, self._mac(subject, timestamp, nonce))

    def _check(self, subject: str, signature: Signature) -> bool:
        expected = self._mac(subject, signature.timestamp, signature.nonce)
        if not hmac.compare_digest(expected.encode(), signature.sign.encode()):
            return False
        if not _TIMESTAMP.fullmatch(signature.timestamp):
            return False
        age = self._clock() - int(signature.timestamp)
        return -CLOCK_SKEW_SECONDS <= age <= self._lifetime

    def _mac(self, subject: str, timestamp: str, nonce: str) -> str:
        digest = hmac.new(self._key, f"{subject}|{timestamp}|{nonce}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode("ascii")


def _upload(filename: str, mime_type: str, tenant_id: str, user_id: str) -> str:
    return f"upload|{filename}|{mime_type}|{tenant_id}|{user_id}"
