"""Signatures of Alibaba Cloud OSS: version 4, and version 1 in headers (its documentation, "Signature")."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from orrery.storage.signing.aws import signing_key
from orrery.storage.signing.resource import bucket_part
from orrery.storage.transport import Call, encode


class OssSigner:
    """Version 4. ``region`` is without ``oss-``, such as ``cn-hangzhou``."""

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        *,
        region: str,
        bucket: str,
        cloudbox: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._access_key, self._secret_key = access_key, secret_key
        self._region, self._bucket, self._clock = cloudbox or region, bucket, clock
        self._product = "oss-cloudbox" if cloudbox else "oss"

    async def sign(self, call: Call) -> Mapping[str, str]:
        stamp = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {name.lower(): value.strip() for name, value in call.headers.items()}
        headers |= {"x-oss-date": stamp, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
        signed = [n for n in sorted(headers) if n.startswith("x-oss-") or n in {"content-type", "content-md5"}]
        query = "&".join(
            f"{encode(name)}={encode(value)}" if value else encode(name) for name, value in sorted(call.query.items())
        )
        path = bucket_part(call, self._bucket) + call.encoded_path
        lines = "".join(f"{name}:{headers[name]}\n" for name in signed)
        request = f"{call.method}\n{path}\n{query}\n{lines}\n\nUNSIGNED-PAYLOAD"
        scope = f"{stamp[:8]}/{self._region}/{self._product}/aliyun_v4_request"
        text = "\n".join(("OSS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
        steps = (stamp[:8], self._region, self._product, "aliyun_v4_request")
        signature = hmac.digest(signing_key("aliyun_v4" + self._secret_key, steps), text.encode(), "sha256").hex()
        headers["authorization"] = f"OSS4-HMAC-SHA256 Credential={self._access_key}/{scope}, Signature={signature}"
        return headers
