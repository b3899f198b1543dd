"""Passwords: the rule for new ones, argon2id hashes, and verification of imported PBKDF2 hashes.

A stored password is the pair of columns ``password`` and ``password_salt``. New hashes are argon2id in its own text
form with an empty salt column; imported ones are base64(hex digest) and base64(salt). Hashing takes tens of
milliseconds of CPU on purpose: callers run it in a thread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

PASSWORD_RULE = r"^(?=.*[a-zA-Z])(?=.*\d).{8,}$"  # noqa: S105 - a pattern, not a password
PASSWORD_RULE_TEXT = "Password must contain letters and numbers, and the length must be greater than 8."  # noqa: S105
LONGEST_PASSWORD = 1024
LEGACY_ITERATIONS = 10_000
LEGACY_KEY_BYTES = 32

_RULE = re.compile(PASSWORD_RULE, re.DOTALL)
_ARGON2_MARK = "$argon2"


class Passwords:
    """Hashes and verifies with given costs: by default 19 MiB and 2 passes, the OWASP floor for argon2id."""

    def __init__(self, *, memory_kib: int = 19 * 1024, passes: int = 2, lanes: int = 1) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        self._dummy: str | None = None

    def hash(self, password: str) -> str:
        """The text for the ``password`` column; ``password_salt`` stays empty."""
        return self._hasher.hash(password)

    def verify(self, password: str, stored: str | None, salt: str | None) -> bool:
        """Whether ``password`` fits the stored columns. An account without password costs the same time and fails."""
        if not stored:
            self._dummy = self._dummy or self._hasher.hash(secrets.token_hex(16))
            self._verify_argon2(password, self._dummy)
            return False
        if stored.startswith(_ARGON2_MARK):
            return self._verify_argon2(password, stored)
        return _verify_legacy(password, stored, salt or "")

    def needs_rehash(self, stored: str) -> bool:
        """Whether a verified password should be hashed anew: an imported hash, or one with other costs."""
        if not stored.startswith(_ARGON2_MARK):
            return True
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _verify_argon2(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False


def is_acceptable(password: str) -> bool:
    """Whether a new password keeps the rule: letters, digits, at least 8 characters."""
    return len(password) <= LONGEST_PASSWORD and _RULE.match(password) is not None


def random_password(length: int = 16) -> str:
    """A password that keeps the rule, for accounts made on the command line."""
    alphabet = string.ascii_letters + string.digits
    while True:
        password = "".join(secrets.choice(alphabet) for _ in range(length))
        if is_acceptable(password):
            return password


def legacy_hash(password: str, salt: bytes) -> str:
    """The ``password`` column of an imported account: base64 of the hex of PBKDF2-HMAC-SHA256."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, LEGACY_ITERATIONS, LEGACY_KEY_BYTES)
    return base64.b64encode(binascii.hexlify(digest)).decode("ascii")


def _verify_legacy(password: str, stored: str, salt: str) -> bool:
    try:
        raw_salt = base64.b64decode(salt, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(legacy_hash(password, raw_salt).encode(), stored.encode("utf-8", "replace"))
