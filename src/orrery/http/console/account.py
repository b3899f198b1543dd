"""One's own account."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from orrery.http.authenticators.cookies import SessionCookies
from orrery.http.call import Call
from orrery.http.console.people_shapes import AccountView, account_view, acting
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.workspaces.accounts.profile import Profiles
from orrery.workspaces.accounts.sign_in import SignIn


class NameBody(msgspec.Struct, frozen=True):
    """3 to 30 characters."""

    name: str


class AvatarBody(msgspec.Struct, frozen=True):
    """The id of an uploaded picture."""

    avatar: str


class LanguageBody(msgspec.Struct, frozen=True):
    """A language of the pages."""

    interface_language: str


class ThemeBody(msgspec.Struct, frozen=True):
    """light or dark."""

    interface_theme: str


class TimezoneBody(msgspec.Struct, frozen=True):
    """A name of the IANA database."""

    timezone: str


class PasswordBody(msgspec.Struct, frozen=True):
    """``password`` is the current one, where there is one."""

    new_password: str
    repeat_new_password: str
    password: str | None = None


class AccountRoutes(RouteGroup):
    """Reads and changes the caller's own account."""

    def __init__(self, profiles: Profiles, sign_in: SignIn, cookies: SessionCookies) -> None:
        self._profiles = profiles
        self._sign_in = sign_in
        self._cookies = cookies

    @route("GET", "/account/profile", auth="console", scope="account")
    async def profile(self, call: Call) -> AccountView:
        """Shows the account."""
        return account_view(await self._profiles.get(call.account.account_id), self._profiles)

    @route("POST", "/account/name", auth="console", scope="account", body=NameBody)
    async def rename(self, call: Call, body: NameBody) -> AccountView:
        """Changes the name."""
        return account_view(await self._profiles.rename(acting(call), body.name), self._profiles)

    @route("POST", "/account/avatar", auth="console", scope="account", body=AvatarBody)
    async def change_avatar(self, call: Call, body: AvatarBody) -> AccountView:
        """Takes an uploaded picture as avatar."""
        return account_view(await self._profiles.change_avatar(acting(call), body.avatar), self._profiles)

    @route("POST", "/account/interface-language", auth="console", scope="account", body=LanguageBody)
    async def change_language(self, call: Call, body: LanguageBody) -> AccountView:
        """Changes the language of the pages."""
        return account_view(await self._profiles.change_language(acting(call), body.interface_language), self._profiles)

    @route("POST", "/account/interface-theme", auth="console", scope="account", body=ThemeBody)
    async def change_theme(self, call: Call, body: ThemeBody) -> AccountView:
        """Changes the theme of the pages."""
        return account_view(await self._profiles.change_theme(acting(call), body.interface_theme), self._profiles)

    @route("POST", "/account/timezone", auth="console", scope="account", body=TimezoneBody)
    async def change_timezone(self, call: Call, body: TimezoneBody) -> AccountView:
        """Changes the time zone."""
        return account_view(await self._profiles.change_timezone(acting(call), body.timezone), self._profiles)

    @route("POST", "/account/password", auth="console", scope="account", body=PasswordBody)
    async def change_password(self, call: Call, body: PasswordBody) -> Response:
        """Changes the password and ends the other sessions; this browser gets new cookies."""
        account = await self._profiles.change_password(
            acting(call),
            current=body.password,
            new=body.new_password,
            repeated=body.repeat_new_password,
            session_token=self._cookies.refresh_of(call.request),
        )
        answer = json_response(account_view(account, self._profiles))
        if self._cookies.access in call.request.cookies:
            self._cookies.put(answer, self._sign_in.renewed(account.id))
        return answer
