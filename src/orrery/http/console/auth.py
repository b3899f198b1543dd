"""Sessions: sign in, refresh, sign out."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.http.authenticators.cookies import SessionCookies
from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.workspaces.accounts.sign_in import RefreshRefused, SignIn

NO_WORKSPACE = "workspace not found, please contact system admin to invite you to join in a workspace"


class LoginBody(msgspec.Struct, frozen=True):
    """``password`` is base64 of the UTF-8 text, as the contract has it; this hides it from nobody."""

    email: str
    password: str
    remember_me: bool = False
    invite_token: str | None = None


class SessionRoutes(RouteGroup):
    """Cookies in and out."""

    def __init__(self, sign_in: SignIn, cookies: SessionCookies) -> None:
        self._sign_in = sign_in
        self._cookies = cookies

    @route("POST", "/login", auth="public", scope="none", body=LoginBody)
    async def login(self, call: Call, body: LoginBody) -> Response:
        """Signs in with a password."""
        tokens = await self._sign_in.with_password(
            body.email,
            body.password,
            ip=call.ip,
            user_agent=call.request.headers.get("user-agent", ""),
            invite_token=body.invite_token,
        )
        if tokens is None:
            return json_response({"result": "fail", "data": NO_WORKSPACE})
        return self._cookies.put(json_response(DONE), tokens)

    @route("POST", "/refresh-token", auth="public", scope="none", before_setup=True)
    async def refresh(self, call: Call) -> Response:
        """Replaces the session's cookies by fresh ones."""
        token = self._cookies.refresh_of(call.request)
        if token is None:
            return json_response({"result": "fail", "message": "No refresh token provided"}, 401)
        try:
            tokens = await self._sign_in.refresh(token)
        except RefreshRefused as error:
            return self._cookies.clear(json_response({"result": "fail", "message": str(error)}, 401))
        return self._cookies.put(json_response(DONE), tokens)

    @route("POST", "/logout", auth="public", scope="none")
    async def logout(self, call: Call) -> Response:
        """Ends this browser's session."""
        await self._sign_in.sign_out(self._cookies.refresh_of(call.request), ip=call.ip)
        return self._cookies.clear(json_response(DONE))
