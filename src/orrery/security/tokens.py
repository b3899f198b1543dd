"""Bearer material: signed tokens of sessions and web apps, opaque tokens, API keys, codes.

The claims are the contract's (sandbox-and-security reference, accounts): HS256 with SECRET_KEY.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from orrery.security.jws import TokenError, sign, verify

ApiKeyKind: TypeAlias = Literal["app", "dataset", "ds"]

CONSOLE_SUBJECT = "Console API Passport"
PASSPORT_SUBJECT = "Web API Passport"
API_KEY_RANDOM = 24
_ALPHANUMERIC = string.ascii_letters + string.digits


class ExpiredTokenError(TokenError):
    """The token was good once."""

    def __init__(self) -> None:
        super().__init__("Token has expired.")


class Tokens:
    """Issues and reads signed tokens.

    ``clock`` gives seconds since the epoch; ``issuer`` is EDITION. Raises `ValueError` for an empty key, because a
    token signed with one could be made by anybody.
    """

    def __init__(self, secret_key: str, *, issuer: str, clock: Callable[[], float]) -> None:
        if not secret_key:
            raise ValueError("SECRET_KEY is empty: tokens can't be signed. Set it to a random value.")
        self._key = secret_key.encode()
        self._issuer = issuer
        self._clock = clock

    def console_access(self, user_id: str, *, minutes: int) -> str:
        """The access token of a console session."""
        claims = {"user_id": user_id, "exp": self._expiry(minutes), "iss": self._issuer, "sub": CONSOLE_SUBJECT}
        return sign(claims, self._key)

    def csrf(self, user_id: str, *, minutes: int) -> str:
        """The token that a page reads from its cookie and sends back as header."""
        return sign({"exp": self._expiry(minutes), "sub": user_id}, self._key)

    def passport(
        self,
        *,
        app_id: str,
        app_code: str,
        end_user_id: str,
        minutes: int | None = None,
        more: Mapping[str, object] | None = None,
    ) -> str:
        """The token of a web app's visitor, with ``more`` claims; without ``minutes`` it does not expire."""
        claims: dict[str, object] = {
            "iss": app_id,
            "sub": PASSPORT_SUBJECT,
            "app_id": app_id,
            "app_code": app_code,
            "end_user_id": end_user_id,
            **(more or {}),
        }
        if minutes is not None:
            claims["exp"] = self._expiry(minutes)
        return sign(claims, self._key)

    def read(self, token: str) -> Mapping[str, object]:
        """The claims of a token signed here that has not expired. Raises `TokenError`."""
        claims = verify(token, self._key)
        expiry = claims.get("exp")
        if expiry is not None and (not isinstance(expiry, (int, float)) or expiry <= self._clock()):
            raise ExpiredTokenError
        return claims

    def console_user(self, token: str) -> str:
        """The account id of a console access token. Raises `TokenError`, also for tokens of other kinds."""
        claims = self.read(token)
        user_id = claims.get("user_id")
        right_kind = claims.get("sub") == CONSOLE_SUBJECT and "token_source" not in claims and "exp" in claims
        if not right_kind or not isinstance(user_id, str) or not user_id:
            raise TokenError("Invalid token.")
        return user_id

    def is_csrf_pair(self, header: str | None, cookie: str | None, user_id: str) -> bool:
        """Whether header and cookie are the same unexpired CSRF token of ``user_id``."""
        if not header or not cookie or not same_text(header, cookie):
            return False
        try:
            claims = self.read(header)
        except TokenError:
            return False
        return claims.get("sub") == user_id and "exp" in claims

    def _expiry(self, minutes: int) -> int:
        return int(self._clock()) + minutes * 60


def refresh_token() -> str:
    """64 random bytes as 128 hexadecimal characters."""
    return secrets.token_hex(64)


def one_time_token() -> str:
    """The token that names a mailed code."""
    return str(uuid.uuid4())


def mail_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(1_000_000):06d}"


def api_key(kind: ApiKeyKind) -> str:
    """``app-``, ``dataset-`` or ``ds-`` and 24 random letters and digits."""
    return f"{kind}-{random_code(API_KEY_RANDOM)}"


def random_code(length: int = 16) -> str:
    """Random letters and digits: site codes and MCP server codes."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


def webhook_id() -> str:
    """24 random URL-safe characters."""
    return secrets.token_urlsafe(18)


def fingerprint(secret: str) -> str:
    """SHA-256 of a token in hexadecimal, for looking one up without keeping it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_text(left: str, right: str) -> bool:
    """Compares in a time that does not tell where the texts differ."""
    return hmac.compare_digest(left.encode(), right.encode())
