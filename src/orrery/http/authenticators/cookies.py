"""The three cookies of a console session: names, flags and lives (product reference, 2.2)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from orrery.settings.groups.security import Security as SecuritySettings
from orrery.settings.groups.urls import Urls
from orrery.workspaces.accounts.sign_in import SessionTokens

INIT_COOKIE = "init_ticket"


class SessionCookies:
    """Reads, sets and clears the cookies under the rules of the installation's addresses.

    ``Secure`` when both console addresses are https; the ``__Host-`` prefix when there is no COOKIE_DOMAIN besides.
    """

    def __init__(self, *, security: SecuritySettings, urls: Urls) -> None:
        self._domain = security.cookie_domain.lstrip(".") or None
        self._secure = urls.secure_cookies()
        prefix = "__Host-" if self._secure and self._domain is None else ""
        self.access = f"{prefix}access_token"
        self.refresh = f"{prefix}refresh_token"
        self.csrf = f"{prefix}csrf_token"
        self._access_seconds = security.access_token_minutes * 60
        self._refresh_seconds = int(security.refresh_token_days * 86400)

    def refresh_of(self, request: Request) -> str | None:
        """The refresh token that the browser sent."""
        return request.cookies.get(self.refresh) or None

    def put(self, response: Response, tokens: SessionTokens) -> Response:
        """Adds the cookies of a session to an answer."""
        self._set(response, self.access, tokens.access, self._access_seconds)
        if tokens.refresh is not None:
            self._set(response, self.refresh, tokens.refresh, self._refresh_seconds)
        self._set(response, self.csrf, tokens.csrf, self._access_seconds, script=True)
        return response

    def clear(self, response: Response) -> Response:
        """Tells the browser to forget all three."""
        for name in (self.access, self.refresh, self.csrf):
            self._set(response, name, "", 0, script=name == self.csrf)
        return response

    def put_ticket(self, response: Response, ticket: str, seconds: int) -> Response:
        """Adds the proof that the installation password was given."""
        self._set(response, INIT_COOKIE, ticket, seconds)
        return response

    def _set(self, response: Response, name: str, value: str, seconds: int, *, script: bool = False) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            domain=self._domain,
            secure=self._secure,
            httponly=not script,
            samesite="lax",
        )
