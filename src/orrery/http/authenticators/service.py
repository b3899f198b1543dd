"""Callers of the Service API: holders of an app's key (workflow.md 5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from orrery.apps.catalog.access import AppAccess
from orrery.errors import Unauthorized
from orrery.http.call import AppCaller
from orrery.http.endpoint import Endpoint


class ServiceAuthenticator:
    """Finds the app of an ``app-`` key."""

    def __init__(self, access: AppAccess) -> None:
        self._access = access

    async def __call__(self, request: Request, endpoint: Endpoint, path: Mapping[str, str]) -> AppCaller:
        """Raises `Unauthorized`, `Forbidden` with the contract's texts."""
        return AppCaller(app=await self._access.by_key(bearer_token(request)))


def bearer_token(request: Request) -> str:
    """The key in the request's header. Raises `Unauthorized` with the contract's texts."""
    header = request.headers.get("authorization")
    if not header or " " not in header:
        raise Unauthorized("Authorization header must be provided and start with 'Bearer'")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Authorization scheme must be 'Bearer'")
    return token.strip()
