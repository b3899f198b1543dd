"""What a configuration server is to the loading of settings."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Protocol


class RemoteSettingsError(Exception):
    """The server did not give the settings; the text says why and holds no secret."""


class RemoteSettings(Protocol):
    """One place at a configuration server. Calls block: they happen before the event loop, or on a thread."""

    @property
    def label(self) -> str:
        """Where values come from, for messages."""
        ...

    def fetch(self) -> dict[str, str]:
        """Every variable that is kept there. Raises `RemoteSettingsError`."""
        ...

    def wait_for_change(self) -> bool:
        """Asks the server to answer when something changes there; False when nothing did for a while.

        Raises `RemoteSettingsError`.
        """
        ...


def ask(
    url: str, *, timeout: float, headers: Mapping[str, str] | None = None, form: bytes | None = None
) -> bytes | None:
    """The body of a successful answer; None for 304. A form is posted. Raises `RemoteSettingsError`."""
    if not url.startswith(("http://", "https://")):
        raise RemoteSettingsError(f"{url} is not an http:// or https:// address")
    request = urllib.request.Request(url, data=form, headers=dict(headers or {}))  # noqa: S310  (checked above)
    place = url.partition("?")[0]
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310  (checked above)
            return answer.read()
    except urllib.error.HTTPError as error:
        with error:
            if error.code == http.client.NOT_MODIFIED:
                return None
            raise RemoteSettingsError(f"{place} answered {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        raise RemoteSettingsError(f"{place} does not answer: {error}") from None
