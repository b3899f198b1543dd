"""AWS Signature Version 4 in headers, with a signed payload (docs.aws.amazon.com, "Signature Calculations")."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec

from orrery.storage.transport import Call, encode

_IN_THREAD_BYTES = 1024 * 1024
"""Larger bodies are hashed in a thread: 8 MiB take 6 ms, which would hold up every stream of the process."""


class AwsKeys(msgspec.Struct, frozen=True):
    """A pair of keys; ``token`` belongs to keys that end."""

    access_key: str
    secret_key: str
    token: str = ""


KeySource = Callable[[], Awaitable[AwsKeys]]


def fixed_keys(access_key: str, secret_key: str) -> KeySource:
    """Keys that never change."""
    keys = AwsKeys(access_key, secret_key)

    async def source() -> AwsKeys:
        return keys

    return source


class AwsSigner:
    """Signs for ``region`` and ``service``; ``clock`` gives seconds since the epoch."""

    def __init__(
        self, keys: KeySource, *, region: str, service: str = "s3", clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._region = region
        self._service = service
        self._clock = clock

    async def sign(self, call: Call) -> Mapping[str, str]:
        keys = await self._keys()
        now = datetime.fromtimestamp(self._clock(), UTC)
        stamp = now.strftime("%Y%m%dT%H%M%SZ")
        digest = await sha256_hex(call.body)
        headers = {name.lower(): value.strip() for name, value in call.headers.items()}
        headers |= {"host": call.host, "x-amz-date": stamp, "x-amz-content-sha256": digest}
        if keys.token:
            headers["x-amz-security-token"] = keys.token
        names = ";".join(sorted(headers))
        query = "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(call.query.items()))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"{call.method}\n{call.encoded_path}\n{query}\n{lines}\n{names}\n{digest}"
        scope = f"{stamp[:8]}/{self._region}/{self._service}/aws4_request"
        text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
        key = signing_key("AWS4" + keys.secret_key, (stamp[:8], self._region, self._service, "aws4_request"))
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        credential = f"Credential={keys.access_key}/{scope}"
        headers["authorization"] = f"AWS4-HMAC-SHA256 {credential},SignedHeaders={names},Signature={signature}"
        return headers


def signing_key(secret: str, steps: tuple[str, ...]) -> bytes:
    """The key that is left when each word is signed with the key before."""
    key = secret.encode()
    for step in steps:
        key = hmac.digest(key, step.encode(), "sha256")
    return key


async def sha256_hex(body: bytes) -> str:
    """Of the body, without holding up others."""
    if len(body) > _IN_THREAD_BYTES:
        return await asyncio.to_thread(lambda: hashlib.sha256(body).hexdigest())
    return hashlib.sha256(body).hexdigest()
