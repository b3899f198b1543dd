"""Nacos over its HTTP interface, version 1 (deployment.md 5.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlencode

from orrery.settings.groups.remote import Remote
from orrery.settings.remote.properties import read_properties
from orrery.settings.remote.protocol import RemoteSettingsError, ask

_POLL_SECONDS = 30
_RENEW_EARLY = 60.0
_FIELD, _ENTRY = "\x02", "\x01"


class Nacos:
    """One data id. ``now`` gives seconds since 1970, for signatures and the end of a login."""

    def __init__(self, remote: Remote, now: Callable[[], float] = time.time) -> None:
        self._remote = remote
        self._now = now
        server = remote.nacos_server.rstrip("/")
        self._base = server if "://" in server else f"http://{server}"
        self._token = ""
        self._token_until = 0.0
        self._content = ""

    @property
    def label(self) -> str:
        return f"Nacos {self._remote.nacos_group}/{self._remote.nacos_data_id}"

    def fetch(self) -> dict[str, str]:
        """See `RemoteSettings.fetch`."""
        remote = self._remote
        place = {"dataId": remote.nacos_data_id, "group": remote.nacos_group, "tenant": remote.nacos_namespace}
        url = f"{self._base}/nacos/v1/cs/configs?{urlencode({**place, **self._login()})}"
        answer = ask(url, timeout=remote.nacos_timeout, headers=self._signature())
        try:
            self._content = (answer or b"").decode()
        except UnicodeDecodeError:
            raise RemoteSettingsError(f"{self.label} is not UTF-8 text") from None
        return read_properties(self._content)

    def wait_for_change(self) -> bool:
        """See `RemoteSettings.wait_for_change`."""
        remote = self._remote
        digest = hashlib.md5(self._content.encode(), usedforsecurity=False).hexdigest()
        fields = [remote.nacos_data_id, remote.nacos_group, digest, *filter(None, [remote.nacos_namespace])]
        form = urlencode({"Listening-Configs": _FIELD.join(fields) + _ENTRY}).encode()
        query = urlencode(self._login())
        answer = ask(
            f"{self._base}/nacos/v1/cs/configs/listener?{query}",
            timeout=_POLL_SECONDS + remote.nacos_timeout,
            headers={**self._signature(), "Long-Pulling-Timeout": str(_POLL_SECONDS * 1000)},
            form=form,
        )
        return bool((answer or b"").strip())

    def _login(self) -> Mapping[str, str]:
        remote = self._remote
        if not remote.nacos_user:
            return {}
        if self._now() >= self._token_until:
            form = urlencode({"username": remote.nacos_user, "password": remote.nacos_password}).encode()
            answer = ask(f"{self._base}/nacos/v1/auth/login", timeout=remote.nacos_timeout, form=form)
            try:
                body = cast("dict[str, object]", json.loads(answer or b"null"))
                self._token = str(body["accessToken"])
                lifetime = float(str(body.get("tokenTtl", 18_000)))
            except (ValueError, TypeError, KeyError):
                raise RemoteSettingsError(f"{self._base} answered the login without an accessToken") from None
            self._token_until = self._now() + max(lifetime - _RENEW_EARLY, 0)
        return {"accessToken": self._token}

    def _signature(self) -> dict[str, str]:
        remote = self._remote
        if not remote.nacos_access_key:
            return {}
        stamp = str(int(self._now() * 1000))
        signed = "+".join([*filter(None, [remote.nacos_namespace]), remote.nacos_group, stamp])
        digest = hmac.digest(remote.nacos_secret_key.encode(), signed.encode(), "sha1")
        return {
            "Spas-AccessKey": remote.nacos_access_key,
            "Spas-Signature": base64.b64encode(digest).decode(),
            "Timestamp": stamp,
        }
