"""Apollo's config service over HTTP (deployment.md 5.3; the protocol: Apollo's guide to other language clients)."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import quote, urlencode

from orrery.settings.groups.remote import Remote
from orrery.settings.remote.protocol import RemoteSettingsError, ask

_FETCH_SECONDS = 3.0
_POLL_SECONDS = 75.0
"""The server holds a poll for 60 seconds."""


class Apollo:
    """One namespace of an application. ``now`` gives seconds since 1970, for signatures."""

    def __init__(self, remote: Remote, now: Callable[[], float] = time.time) -> None:
        self._remote = remote
        self._now = now
        self._base = remote.apollo_url.rstrip("/")
        self._cluster = remote.apollo_cluster or "default"
        self._namespace = remote.apollo_namespace or "application"
        self._notification = -1

    @property
    def label(self) -> str:
        return f"Apollo {self._namespace}"

    def fetch(self) -> dict[str, str]:
        """See `RemoteSettings.fetch`."""
        remote = self._remote
        place = "/".join(quote(part, safe="") for part in (remote.apollo_app, self._cluster, self._namespace))
        body = self._get(f"/configs/{place}?releaseKey=", _FETCH_SECONDS)
        configurations = None if body is None else cast("dict[str, object]", body).get("configurations")
        if not isinstance(configurations, dict):
            raise RemoteSettingsError(f"{self._base} answered without configurations")
        return {str(name): str(value) for name, value in cast("dict[object, object]", configurations).items()}

    def wait_for_change(self) -> bool:
        """See `RemoteSettings.wait_for_change`. The first answer only tells the number of the present state."""
        remote, known = self._remote, self._notification
        wanted = json.dumps([{"namespaceName": self._namespace, "notificationId": known}])
        query = urlencode({"appId": remote.apollo_app, "cluster": self._cluster, "notifications": wanted})
        body = self._get(f"/notifications/v2?{query}", _POLL_SECONDS)
        if not isinstance(body, list) or not body:
            return False
        newest = cast("list[dict[str, object]]", body)[0].get("notificationId")
        self._notification = newest if isinstance(newest, int) else known
        return known not in (-1, self._notification)

    def _get(self, path: str, timeout: float) -> object:
        answer = ask(self._base + path, timeout=timeout, headers=self._signature(path))
        if answer is None:
            return None
        try:
            return json.loads(answer)
        except ValueError:
            raise RemoteSettingsError(f"{self._base} did not answer with JSON") from None

    def _signature(self, path: str) -> dict[str, str]:
        if not self._remote.apollo_secret:
            return {}
        stamp = str(int(self._now() * 1000))
        digest = hmac.digest(self._remote.apollo_secret.encode(), f"{stamp}\n{path}".encode(), "sha1")
        signature = base64.b64encode(digest).decode()
        return {"Authorization": f"Apollo {self._remote.apollo_app}:{signature}", "Timestamp": stamp}
