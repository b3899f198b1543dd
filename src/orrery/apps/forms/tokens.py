"""Tokens of forms. They are derived from the installation's key and the recipient's id: none is stored in the clear."""

from __future__ import annotations

import base64
import hashlib
import hmac

import msgspec

_UPLOAD = b"human-input-upload\n"
_FORM = b"human-input-form\n"


class UploadGrant(msgspec.Struct, frozen=True):
    """What an upload token says: for which recipient, and until when (seconds since the epoch)."""

    recipient_id: str
    expires_at: int


class FormTokens:
    """Makes and reads tokens. Raises ValueError for an empty key: anybody could make tokens then."""

    def __init__(self, secret_key: str) -> None:
        if not secret_key:
            raise ValueError("SECRET_KEY is empty: forms can't have tokens. Set it to a random value.")
        self._key = secret_key.encode()

    def of(self, recipient_id: str) -> str:
        """The recipient's token: 32 characters that fit into an address."""
        return self._mac(_FORM + recipient_id.encode())[:32]

    def hash_of(self, token: str) -> str:
        """Under which a token is found."""
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

    def upload(self, grant: UploadGrant) -> str:
        """A token that lets files come in for a form."""
        text = f"{grant.recipient_id}.{grant.expires_at}"
        return f"{text}.{self._mac(_UPLOAD + text.encode())}"

    def read_upload(self, token: str, *, now: float) -> UploadGrant | None:
        """None for a token that is not ours or is over."""
        text, _, mac = token.rpartition(".")
        wanted = self._mac(_UPLOAD + text.encode("utf-8", "surrogatepass"))
        if not hmac.compare_digest(wanted.encode(), mac.encode("utf-8", "surrogatepass")):
            return None
        recipient_id, _, expires_at = text.partition(".")
        grant = UploadGrant(recipient_id, int(expires_at))
        return grant if grant.expires_at > now else None

    def _mac(self, data: bytes) -> str:
        digest = hmac.new(self._key, data, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
