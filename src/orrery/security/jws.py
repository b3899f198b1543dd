"""Signed JSON tokens in one algorithm only: HS256 in compact form (RFC 7515, RFC 7519).

Written here instead of taken from a library because one fixed algorithm leaves nothing to confuse, and because the
library's import of every other algorithm costs 120 ms at each start. Tests use the library as the peer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
LONGEST_TOKEN = 8192


class TokenError(Exception):
    """A token that does not hold; the message is the contract's."""


class _Header(msgspec.Struct, frozen=True):
    alg: str
    crit: object = None


def sign(claims: Mapping[str, object], key: bytes) -> str:
    """The token for ``claims``."""
    body = _HEADER + b"." + base64.urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
    return (body + b"." + _mac(body, key)).decode("ascii")


def verify(token: str, key: bytes) -> dict[str, object]:
    """The claims of a token signed with ``key``; expiry is the caller's to check. Raises `TokenError`."""
    try:
        body, dot, mac = token.encode("ascii").rpartition(b".")
        header, _, payload = body.partition(b".")
        well_formed = bool(dot) and len(token) <= LONGEST_TOKEN
        if not well_formed or msgspec.json.decode(_decode(header), type=_Header) != _Header("HS256"):
            raise TokenError("Invalid token.")
        if not hmac.compare_digest(_mac(body, key), mac):
            raise TokenError("Invalid token signature.")
        return msgspec.json.decode(_decode(payload), type=dict[str, object])
    except (UnicodeEncodeError, UnicodeDecodeError, binascii.Error, msgspec.MsgspecError):
        raise TokenError("Invalid token.") from None


def _mac(body: bytes, key: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, body, hashlib.sha256)).rstrip(b"=")


def _decode(part: bytes) -> bytes:
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
