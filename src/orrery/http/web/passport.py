"""How visitors of a page get in (workflow.md 6.1). Pages are public: anybody gets a passport."""

from __future__ import annotations

import uuid
from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.catalog.access import AppAccess
from orrery.apps.conversations.end_users import EndUsers
from orrery.errors import NotFound, OrreryError, Unauthorized
from orrery.http.app import Authenticator
from orrery.http.authenticators.passport import CODE_HEADER
from orrery.http.call import Call
from orrery.http.console.features import FeatureRoutes
from orrery.http.endpoint import Endpoint, RouteGroup, route
from orrery.security.tokens import Tokens

JsonObject = dict[str, object]
_PASSPORT = Endpoint(method="GET", path="/site", auth="passport", scope="app")


class PassportQuery(msgspec.Struct, frozen=True):
    """``user_id``: the word by which the embedding page knows its visitor."""

    user_id: Annotated[str, Meta(max_length=255)] = ""


class StatusQuery(msgspec.Struct, frozen=True):
    app_code: str = ""
    user_id: str = ""


class WebEntryRoutes(RouteGroup):
    """Passports, and what a page asks before it has one."""

    def __init__(
        self,
        access: AppAccess,
        end_users: EndUsers,
        tokens: Tokens,
        passport: Authenticator,
        features: FeatureRoutes,
    ) -> None:
        self._access = access
        self._end_users = end_users
        self._tokens = tokens
        self._passport = passport
        self._features = features

    @route("GET", "/passport", auth="public", scope="none", query=PassportQuery)
    async def passport(self, call: Call, query: PassportQuery) -> JsonObject:
        """Gives a passport to a visitor of the page that the header names."""
        code = call.request.headers.get(CODE_HEADER, "")
        if not code:
            raise Unauthorized("X-App-Code header is missing.")
        app = await self._access.by_code(code)
        if app.status != "normal" or not app.enable_site:
            raise NotFound
        session_id = query.user_id.replace("\x00", "") or str(uuid.uuid4())
        user = await self._end_users.add_anonymous(app.workspace_id, app.app_id, session_id)
        return {"access_token": self._tokens.passport(app_id=app.app_id, app_code=code, end_user_id=user.id)}

    @route("GET", "/system-features", auth="public", scope="none")
    async def system_features(self, call: Call) -> JsonObject:
        """Flags of the installation."""
        return await self._features.system(call)

    @route("GET", "/webapp/access-mode", auth="public", scope="none")
    async def access_mode(self, call: Call) -> JsonObject:
        """Who may open the page."""
        return {"accessMode": "public"}

    @route("GET", "/webapp/permission", auth="public", scope="none")
    async def permission(self, call: Call) -> JsonObject:
        """Whether the caller may open the page."""
        return {"result": True}

    @route("GET", "/login/status", auth="public", scope="none", query=StatusQuery)
    async def status(self, call: Call, query: StatusQuery) -> JsonObject:
        """Whether the visitor holds a passport that works. Nobody needs to sign in to a public page."""
        return {"logged_in": bool(query.app_code), "app_logged_in": await self._has_passport(call)}

    @route("POST", "/logout", auth="public", scope="none")
    async def logout(self, call: Call) -> JsonObject:
        """Nothing is held here: the page forgets its passport."""
        return {"result": "success"}

    async def _has_passport(self, call: Call) -> bool:
        try:
            await self._passport(call.request, _PASSPORT, {})
        except OrreryError:
            return False
        return True
