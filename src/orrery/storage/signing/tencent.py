"""The signature of Tencent COS: HMAC-SHA1 over the request, good for a while (its documentation, 436/7778)."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

from orrery.storage.transport import Call, encode

LIFE_SECONDS = 3600
_EARLIER_SECONDS = 60
"""A signature begins a little in the past, for clocks that differ."""


class CosSigner:
    """Signs the host and every parameter."""

    def __init__(self, secret_id: str, secret_key: str, *, clock: Callable[[], float] = time.time) -> None:
        self._secret_id, self._secret_key, self._clock = secret_id, secret_key, clock

    async def sign(self, call: Call) -> Mapping[str, str]:
        now = int(self._clock())
        period = f"{now - _EARLIER_SECONDS};{now + LIFE_SECONDS}"
        key = hmac.new(self._secret_key.encode(), period.encode(), "sha1").hexdigest()
        parameters = sorted((encode(name).lower(), encode(value)) for name, value in call.query.items())
        query = "&".join(f"{name}={value}" for name, value in parameters)
        request = f"{call.method.lower()}\n{call.path or '/'}\n{query}\nhost={encode(call.host)}\n"
        text = f"sha1\n{period}\n{hashlib.sha1(request.encode(), usedforsecurity=False).hexdigest()}\n"
        signature = hmac.new(key.encode(), text.encode(), "sha1").hexdigest()
        named = ";".join(name for name, _ in parameters)
        return {
            **call.headers,
            "authorization": f"q-sign-algorithm=sha1&q-ak={self._secret_id}&q-sign-time={period}&q-key-time={period}"
            f"&q-header-list=host&q-url-param-list={named}&q-signature={signature}",
        }
