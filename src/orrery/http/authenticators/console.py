"""The console's callers: a session's cookies with the CSRF header, a bearer token, or the administrator's key."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request

from orrery.errors import Unauthorized
from orrery.http.authenticators.cookies import SessionCookies
from orrery.http.call import ConsoleCaller
from orrery.http.endpoint import Endpoint
from orrery.workspaces.accounts.callers import Callers
from orrery.workspaces.accounts.first_run import FirstRun
from orrery.workspaces.accounts.store import Identity
from orrery.workspaces.members.errors import NotInWorkspace

CSRF_HEADER = "X-CSRF-Token"
WORKSPACE_HEADER = "X-WORKSPACE-ID"
CSRF_TEXT = "CSRF token is missing or invalid."

# The page saves its draft while it is being left, by a beacon, which can't carry headers. Exactly that address.
_BEACON = re.compile(r"/console/api/apps/[0-9a-fA-F-]{36}/workflows/draft")


class PublicGate:
    """Lets anybody through once there is an owner; before that, only to the routes that work without one."""

    def __init__(self, first_run: FirstRun) -> None:
        self._first_run = first_run

    async def __call__(self, request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> None:
        """Raises `NotSetup` or `NotInitValidated`."""
        if not endpoint.before_setup:
            await self._first_run.gate()


class ConsoleAuthenticator:
    """Finds the signed-in account and its current workspace."""

    def __init__(self, callers: Callers, first_run: FirstRun, cookies: SessionCookies) -> None:
        self._callers = callers
        self._first_run = first_run
        self._cookies = cookies

    async def __call__(self, request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> ConsoleCaller:
        """Raises `NotSetup`, `NotInitValidated`, `Unauthorized`, `NotInWorkspace`."""
        if not endpoint.before_setup:
            await self._first_run.gate()
        cookie = request.cookies.get(self._cookies.access)
        bearer = bearer_of(request)
        if bearer is not None and self._callers.is_admin_key(bearer):
            return _caller(await self._callers.owner_of(request.headers.get(WORKSPACE_HEADER, "")))
        token = cookie or bearer
        if not token:
            raise Unauthorized
        account_id = await self._callers.account_of(token)
        if cookie and not self._is_beacon(request):
            self._check_csrf(request, account_id)
        identity = await self._callers.find(account_id)
        if endpoint.scope == "workspace" and not identity.workspace_id:
            raise NotInWorkspace
        return _caller(identity)

    def _check_csrf(self, request: Request, account_id: str) -> None:
        header = request.headers.get(CSRF_HEADER)
        if not self._callers.is_csrf_pair(header, request.cookies.get(self._cookies.csrf), account_id):
            raise Unauthorized(CSRF_TEXT)

    def _is_beacon(self, request: Request) -> bool:
        return request.method == "POST" and _BEACON.fullmatch(request.url.path) is not None


def bearer_of(request: Request) -> str | None:
    """The token of ``Authorization: Bearer``, or None."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _caller(identity: Identity) -> ConsoleCaller:
    return ConsoleCaller(
        account_id=identity.account_id,
        account_name=identity.name,
        email=identity.email,
        workspace_id=identity.workspace_id,
        role=identity.role,
    )
