"""The older family of signatures: HMAC-SHA1 over verb, date and resource (OSS version 1, Huawei OBS)."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate

from orrery.storage.transport import Call

_SUBRESOURCES = frozenset({"uploads", "uploadId", "partNumber", "location", "acl", "delete"})


class ResourceSigner:
    """``scheme`` is OSS or OBS: the first word of the Authorization header, and the prefix of the vendor's headers."""

    def __init__(
        self, scheme: str, access_key: str, secret_key: str, *, bucket: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._scheme, self._access_key, self._secret_key = scheme, access_key, secret_key
        self._bucket, self._clock = bucket, clock

    async def sign(self, call: Call) -> Mapping[str, str]:
        headers = {name.lower(): value.strip() for name, value in call.headers.items()}
        headers["date"] = formatdate(self._clock(), usegmt=True)
        prefix = f"x-{self._scheme.lower()}-"
        own = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith(prefix))
        part = "&".join(
            f"{name}={value}" if value else name for name, value in sorted(call.query.items()) if name in _SUBRESOURCES
        )
        resource = self._resource(call) + (f"?{part}" if part else "")
        first = (call.method, headers.get("content-md5", ""), headers.get("content-type", ""), headers["date"])
        text = "\n".join((*first, own + resource))
        digest = hmac.digest(self._secret_key.encode(), text.encode(), "sha1")
        headers["authorization"] = f"{self._scheme} {self._access_key}:{base64.b64encode(digest).decode()}"
        return headers

    def _resource(self, call: Call) -> str:
        """``/bucket/key``. OSS signs the key as it is, OBS as it is sent."""
        return bucket_part(call, self._bucket) + (call.path if self._scheme == "OSS" else call.encoded_path)


def bucket_part(call: Call, bucket: str) -> str:
    """What signatures put before the path: the bucket, where the host names it."""
    return f"/{bucket}" if call.host.startswith(f"{bucket}.") else ""
