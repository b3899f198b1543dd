"""End users of an app's page: holders of a passport (workflow.md 6.1)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from orrery.apps.catalog.access import AppAccess
from orrery.apps.conversations.end_users import EndUsers
from orrery.errors import BadRequest, NotFound, Unauthorized
from orrery.http.call import EndUserCaller
from orrery.http.endpoint import Endpoint
from orrery.security.jws import TokenError
from orrery.security.tokens import Tokens

CODE_HEADER = "X-App-Code"
PASSPORT_HEADER = "X-App-Passport"


class PassportAuthenticator:
    """Finds the end user of a passport, and checks that the page is still there."""

    def __init__(self, tokens: Tokens, access: AppAccess, end_users: EndUsers) -> None:
        self._tokens = tokens
        self._access = access
        self._end_users = end_users

    async def __call__(self, request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> EndUserCaller:
        """Raises `Unauthorized`, `BadRequest` for a page that is off, `NotFound` for a user who is gone."""
        claims = self._claims(request)
        code, app_id, end_user_id = (str(claims.get(name) or "") for name in ("app_code", "app_id", "end_user_id"))
        try:
            app = await self._access.by_code(code)
        except NotFound as error:
            raise BadRequest("Site URL is no longer valid.") from error
        if app.app_id != app_id:
            raise BadRequest("Site URL is no longer valid.")
        if not app.enable_site or app.status != "normal":
            raise BadRequest("Site is disabled.")
        user = await self._end_users.by_id(app_id, end_user_id)
        if user is None:
            raise NotFound("The end user no longer exists.")
        return EndUserCaller(app=app, end_user_id=user.id, session_id=user.session_id)

    def _claims(self, request: Request) -> Mapping[str, object]:
        code = request.headers.get(CODE_HEADER, "")
        token = request.headers.get(PASSPORT_HEADER) or request.cookies.get(f"passport-{code}") or _bearer(request)
        if not token:
            raise Unauthorized("App token is missing.")
        try:
            claims = self._tokens.read(token)
        except TokenError as error:
            raise Unauthorized(str(error)) from error
        if claims.get("sub") != "Web API Passport" or (code and claims.get("app_code") != code):
            raise Unauthorized("Invalid token.")
        return claims


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
