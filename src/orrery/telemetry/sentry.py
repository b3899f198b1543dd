"""Error reports to Sentry. Imported only where SENTRY_DSN is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sentry_sdk
from sentry_sdk.integrations.asyncio import AsyncioIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from orrery.errors import OrreryError
from orrery.settings.groups.observability import Observability

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_EXPECTED = (OrreryError, ValueError, FileNotFoundError, KeyboardInterrupt)
"""What people are told of themselves is no news for operators."""
_CLOSE_SECONDS = 2.0


def start_sentry(
    settings: Observability, *, release: str, environment: str, redact: Callable[[str], str]
) -> Callable[[], None]:
    """Reports unexpected errors from now on; the result sends the last ones and ends it.

    No bodies, local variables, addresses or cookies are sent; messages are ``redact``ed.
    """

    def clean(event: Event, hint: Hint) -> Event | None:
        found = hint.get("exc_info")
        if found and isinstance(found[1], _EXPECTED):
            return None
        for one in (event.get("exception") or {}).get("values", []):
            one["value"] = redact(str(one.get("value") or ""))
        entry = event.get("logentry")
        if entry:
            text = str(entry.get("formatted") or entry.get("message") or "")
            event["logentry"] = {"message": redact(text)}
        return event

    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        release=release,
        environment=environment,
        traces_sample_rate=settings.sentry_traces,
        profiles_sample_rate=settings.sentry_profiles,
        include_local_variables=False,
        max_request_body_size="never",
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None), AsyncioIntegration()],
        before_send=clean,
    )

    def end() -> None:
        sentry_sdk.get_client().close(timeout=_CLOSE_SECONDS)

    return end
