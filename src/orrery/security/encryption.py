"""Credentials at rest: AES-256-GCM under a key of the workspace, derived by HKDF from the master key.

A stored value is ``v1:<key id>:<base64 of nonce and ciphertext>``. The key id names the master key it was written
under, so that a rotated installation can still read older values. The workspace's id is authenticated as well: a
value moved to another workspace can't be read there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = "v1"
NONCE_BYTES = 12
KEY_BYTES = 32
KEY_ID_LENGTH = 8
_KEYS_KEPT = 1024


class DecryptionError(Exception):
    """A stored secret can't be read; the message says why and how to mend it, never the secret."""


class Vault:
    """Encrypts secrets for workspaces. Holds the master keys; gives none of them away.

    ``master_key`` is ORRERY_MASTER_KEY, ``secret_key`` is SECRET_KEY from which a master key is derived when there is
    no other. ``former`` are earlier master keys, for reading only. Raises `ValueError` if there is no key at all.
    """

    def __init__(self, *, master_key: str = "", secret_key: str = "", former: Sequence[str] = ()) -> None:
        sources = [key for key in (master_key, secret_key, *former) if key]
        if not sources:
            raise ValueError("No key to encrypt credentials with. Set ORRERY_MASTER_KEY or SECRET_KEY.")
        masters = [derive(key.encode(), b"orrery/master") for key in sources]
        self._masters = {_key_id(master): master for master in reversed(masters)}
        self._current = _key_id(masters[0])
        self._ciphers: dict[tuple[str, str], AESGCM] = {}

    @property
    def key_id(self) -> str:
        """The name of the current master key, which tells nothing of it."""
        return self._current

    def encrypt(self, workspace_id: str, secret: str) -> str:
        """The text to store for ``secret``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher(self._current, workspace_id).encrypt(nonce, secret.encode(), workspace_id.encode())
        return f"{VERSION}:{self._current}:{base64.b64encode(nonce + sealed).decode('ascii')}"

    def decrypt(self, workspace_id: str, stored: str) -> str:
        """The secret behind a stored text. Raises `DecryptionError`."""
        key_id, blob = _take_apart(stored)
        if key_id not in self._masters:
            raise DecryptionError(
                f"The secret was encrypted under key {key_id}, which is not the key of this installation. "
                "Restore ORRERY_MASTER_KEY (or SECRET_KEY) as it was, or enter the credential again."
            )
        # Lazy: cryptography's bindings cost 15 ms that a start without stored credentials need not pay.
        from cryptography.exceptions import InvalidTag

        try:
            opened = self._cipher(key_id, workspace_id).decrypt(
                blob[:NONCE_BYTES], blob[NONCE_BYTES:], workspace_id.encode()
            )
        except InvalidTag:
            raise DecryptionError(
                "The secret was changed, or belongs to another workspace. Enter the credential again."
            ) from None
        return opened.decode()

    def needs_reencryption(self, stored: str) -> bool:
        """Whether the value was written under another key than the current one. Raises `DecryptionError`."""
        return _take_apart(stored)[0] != self._current

    def _cipher(self, key_id: str, workspace_id: str) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher = self._ciphers.get((key_id, workspace_id))
        if cipher is None:
            if len(self._ciphers) >= _KEYS_KEPT:
                self._ciphers.clear()
            key = derive(self._masters[key_id], b"orrery/workspace/" + workspace_id.encode())
            cipher = self._ciphers[key_id, workspace_id] = AESGCM(key)
        return cipher


def is_encrypted(text: str) -> bool:
    """Whether a text has the form of a stored secret."""
    try:
        _take_apart(text)
    except DecryptionError:
        return False
    return True


def _take_apart(stored: str) -> tuple[str, bytes]:
    version, _, rest = stored.partition(":")
    key_id, _, body = rest.partition(":")
    if version != VERSION or len(key_id) != KEY_ID_LENGTH:
        raise DecryptionError("The stored text is not an encrypted secret of this product. Enter the credential again.")
    try:
        blob = base64.b64decode(body.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        blob = b""
    if len(blob) <= NONCE_BYTES:
        raise DecryptionError("The stored secret is cut short or damaged. Enter the credential again.")
    return key_id, blob


def derive(key: bytes, purpose: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt, one block: all that a 32-byte key needs."""
    pseudorandom = hmac.digest(bytes(KEY_BYTES), key, "sha256")
    return hmac.digest(pseudorandom, purpose + b"\x01", "sha256")


def _key_id(master: bytes) -> str:
    return hashlib.sha256(b"orrery/key-id" + master).hexdigest()[:KEY_ID_LENGTH]
