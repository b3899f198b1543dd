"""Dataset ids inside app files: encrypted for the workspace they came from (workflow.md 1.3)."""

from __future__ import annotations

import base64
import binascii
import hashlib

from orrery.database.ids import is_id


def encrypt_dataset_id(workspace_id: str, dataset_id: str) -> str:
    """AES-CBC under SHA-256 of the workspace id, the first 16 key bytes as IV, PKCS#7, base64."""
    # Lazy: cryptography's bindings cost 15 ms that most exports need not pay.
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    key = hashlib.sha256(workspace_id.encode()).digest()
    padder = PKCS7(128).padder()
    padded = padder.update(dataset_id.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def decrypt_dataset_id(workspace_id: str, text: str) -> str | None:
    """The id, when it is one of this workspace: a plain UUID, or a text that decrypts to one. Else None."""
    if is_id(text):
        return text
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    key = hashlib.sha256(workspace_id.encode()).digest()
    try:
        sealed = base64.b64decode(text, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        unpadder = PKCS7(128).unpadder()
        clear = (unpadder.update(padded) + unpadder.finalize()).decode()
    except (ValueError, binascii.Error):
        return None
    return clear if is_id(clear) else None
