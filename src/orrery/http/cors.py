"""Which origins may call which route group from a browser (sandbox-and-security.md 6.5)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

_EXPOSED = "X-Version, X-Env, X-Trace-Id"
_ACCOUNT_HEADERS = "Content-Type, X-App-Code, X-App-Passport, Authorization, X-CSRF-Token"
_METHODS = "GET, PUT, POST, DELETE, OPTIONS, PATCH"


class CorsRule(msgspec.Struct, frozen=True):
    """One prefix. ``origins`` may hold ``*``, which never comes with credentials."""

    prefix: str
    origins: tuple[str, ...]
    credentials: bool
    headers: str = _ACCOUNT_HEADERS
    methods: str = _METHODS


class CorsPolicy:
    """The rules of all route groups; the first matching prefix decides. Paths without a rule get no CORS headers."""

    def __init__(self, console_origins: Sequence[str], web_origins: Sequence[str]) -> None:
        console, web = tuple(console_origins), tuple(web_origins)
        self._rules = (
            CorsRule("/console/api", console, credentials=True),
            CorsRule(
                "/api/chat-messages", web, False, "Content-Type, X-App-Code, X-App-Passport", "GET, POST, OPTIONS"
            ),
            CorsRule("/api", web, credentials=True),
            CorsRule("/v1", ("*",), False, "Content-Type, X-App-Code, X-App-Passport, Authorization, Last-Event-ID"),
            CorsRule("/files", ("*",), False, "Content-Type, X-App-Code, X-App-Passport, X-CSRF-Token"),
            CorsRule("/triggers", ("*",), False, "Content-Type, Authorization", _METHODS + ", HEAD"),
        )

    def _rule(self, path: str) -> CorsRule | None:
        return next((rule for rule in self._rules if path.startswith(rule.prefix)), None)

    def headers(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """The headers to add to an answer."""
        rule = self._rule(scope["path"])
        if rule is None:
            return []
        origin = Headers(scope=scope).get("origin")
        found = [(b"access-control-expose-headers", _EXPOSED.encode())]
        if "*" in rule.origins:
            found.append((b"access-control-allow-origin", b"*"))
            return found
        vary = (b"vary", b"Origin")
        if not origin or origin not in rule.origins:
            # Caches must not give this answer to an origin that is allowed.
            return [vary]
        found += [(b"access-control-allow-origin", origin.encode()), vary]
        if rule.credentials:
            found.append((b"access-control-allow-credentials", b"true"))
        return found

    def preflight(self, scope: Scope) -> Response:
        """The answer to OPTIONS; its origin header comes from `headers` like every answer's."""
        rule = self._rule(scope["path"])
        if rule is None:
            return Response(status_code=204)
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": rule.methods,
                "Access-Control-Allow-Headers": rule.headers,
                "Access-Control-Max-Age": "600",
            },
        )
