"""Shared Key authorization of Azure Storage (learn.microsoft.com, "Authorize with Shared Key"), and its bearer form."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate

from orrery.storage.required import StorageConfigurationError
from orrery.storage.transport import Call

VERSION = "2021-12-02"
_SIGNED = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


class SharedKeySigner:
    """``key`` is the account's key in base64. Raises `StorageConfigurationError` if it is not."""

    def __init__(self, account: str, key: str, clock: Callable[[], float] = time.time) -> None:
        self._account, self._clock = account, clock
        try:
            self._key = base64.b64decode(key, validate=True)
        except binascii.Error as error:
            raise StorageConfigurationError(
                "AZURE_BLOB_ACCOUNT_KEY is no key of an account. Copy one of the two from the portal's access keys."
            ) from error

    async def sign(self, call: Call) -> Mapping[str, str]:
        headers = {name.lower(): value.strip() for name, value in call.headers.items()}
        headers |= {"x-ms-date": formatdate(self._clock(), usegmt=True), "x-ms-version": VERSION}
        known = headers | ({"content-length": str(len(call.body))} if call.body else {})
        lines = [call.method, *(known.get(name, "") for name in _SIGNED)]
        lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-ms-")]
        lines.append(f"/{self._account}{call.encoded_path}")
        lines += [f"{name.lower()}:{value}" for name, value in sorted(call.query.items())]
        digest = base64.b64encode(hmac.digest(self._key, "\n".join(lines).encode(), "sha256")).decode()
        headers["authorization"] = f"SharedKey {self._account}:{digest}"
        return headers


class TokenSigner:
    """For tokens of an identity."""

    def __init__(self, token: Callable[[], Awaitable[str]], clock: Callable[[], float] = time.time) -> None:
        self._token, self._clock = token, clock

    async def sign(self, call: Call) -> Mapping[str, str]:
        date = formatdate(self._clock(), usegmt=True)
        own = {"x-ms-date": date, "x-ms-version": VERSION, "authorization": f"Bearer {await self._token()}"}
        return {**call.headers, **own}
