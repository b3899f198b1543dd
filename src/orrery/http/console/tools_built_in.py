"""Built-in tool providers and their credentials (product reference, 6.11)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from typing import Literal, TypeVar

import msgspec
from starlette.responses import Response

from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE, Done, acting
from orrery.http.console.tools_shapes import ToolPages, field_object, provider_object, tool_object
from orrery.http.endpoint import Method, RouteGroup, route
from orrery.http.runs import JsonObject
from orrery.security.permissions import Permission
from orrery.workspaces.tools.built_in import API_KEY, BuiltInTools
from orrery.workspaces.tools.errors import ToolRefused
from orrery.workspaces.tools.tables import BuiltInCredential

_BASE = "/workspaces/current/tool-provider/builtin"
_IDS = ("{provider}", "{organization}/{plugin}/{provider}")

F = TypeVar("F", bound=Callable[..., Awaitable[object]])


class NewCredentialBody(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form."""

    credentials: dict[str, object]
    name: str | None = None
    type: Literal["api-key", "oauth2", "unauthorized"] = "api-key"


class CredentialBody(msgspec.Struct, frozen=True, kw_only=True):
    """New values or a new name of a credential; masked values stay."""

    credential_id: str
    credentials: dict[str, object] | None = None
    name: str | None = None


class CredentialIdBody(msgspec.Struct, frozen=True):
    """A credential."""

    credential_id: str


class DefaultBody(msgspec.Struct, frozen=True):
    """The credential that apps use unless they name another."""

    id: str


class CustomClientBody(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace's own client at a vendor."""

    client_params: dict[str, object] | None = None
    enable_oauth_custom_client: bool | None = None


def _route(
    method: Method,
    tail: str,
    permission: Permission = Permission.TOOL_VIEW,
    body: type[msgspec.Struct] | None = None,
) -> Callable[[F], F]:
    """Declares the method below both spellings of the provider's id."""

    def declare(handler: F) -> F:
        for provider in _IDS:
            handler = route(
                method, f"{_BASE}/{provider}{tail}", auth="console", scope="workspace", permission=permission, body=body
            )(handler)
        return handler

    return declare


class BuiltInToolRoutes(RouteGroup):
    """Shows providers; adds, changes, removes and chooses credentials."""

    def __init__(self, tools: BuiltInTools, pages: ToolPages) -> None:
        self._tools, self._pages = tools, pages

    @_route("GET", "/tools")
    async def tools(self, call: Call) -> list[JsonObject]:
        """The provider's tools."""
        view = await self._tools.show(call.account.workspace_id, _provider(call))
        return [tool_object(tool, view.author, view.labels) for tool in view.tools]

    @_route("GET", "/info")
    async def info(self, call: Call) -> JsonObject:
        """The provider."""
        view = await self._tools.show(call.account.workspace_id, _provider(call))
        return provider_object(view, icon_base=self._pages.icons(call), with_tools=False)

    @_route("GET", "/credentials")
    async def credentials(self, call: Call) -> list[JsonObject]:
        """The provider's credentials, secrets masked."""
        found = await self._tools.credentials(call.account.workspace_id, _provider(call))
        return [_credential(row, dict(values)) for row, values in found]

    @_route("GET", "/credential/info")
    async def credential_info(self, call: Call) -> JsonObject:
        """Which kinds of credentials the provider takes, and those that it has."""
        return {
            "supported_credential_types": [API_KEY] if self._tools.form(_provider(call)) else [],
            "is_oauth_custom_client_enabled": False,
            "credentials": await self.credentials(call),
        }

    @_route("GET", "/credential/schema/{credential_type}")
    async def form(self, call: Call) -> list[JsonObject]:
        """The form of a kind of credentials."""
        if call.path["credential_type"] != API_KEY:
            return []
        return [field_object(field) for field in self._tools.form(_provider(call))]

    @_route("POST", "/add", Permission.TOOL_MANAGE, NewCredentialBody)
    async def add(self, call: Call, body: NewCredentialBody) -> Done:
        """Saves a credential that the vendor takes."""
        await self._tools.add(acting(call), _provider(call), body.credentials, body.name, body.type)
        return DONE

    @_route("POST", "/update", Permission.TOOL_MANAGE, CredentialBody)
    async def change(self, call: Call, body: CredentialBody) -> Done:
        """Changes a credential."""
        await self._tools.change(acting(call), _provider(call), body.credential_id, body.credentials, body.name)
        return DONE

    @_route("POST", "/delete", Permission.TOOL_MANAGE, CredentialIdBody)
    async def remove(self, call: Call, body: CredentialIdBody) -> Done:
        """Forgets a credential."""
        await self._tools.remove(acting(call), _provider(call), body.credential_id)
        return DONE

    @_route("POST", "/default-credential", Permission.TOOL_MANAGE, DefaultBody)
    async def choose(self, call: Call, body: DefaultBody) -> Done:
        """Makes a credential the default."""
        await self._tools.choose(acting(call), _provider(call), body.id)
        return DONE

    @_route("GET", "/oauth/client-schema")
    async def client_form(self, call: Call) -> JsonObject:
        """No built-in provider signs in by OAuth, so there is nothing to fill in."""
        self._tools.form(_provider(call))
        return {
            "schema": [],
            "is_oauth_custom_client_enabled": False,
            "is_system_oauth_params_exists": False,
            "client_params": {},
            "redirect_uri": "",
        }

    @_route("GET", "/oauth/custom-client", Permission.TOOL_MANAGE)
    async def client(self, call: Call) -> JsonObject:
        """The workspace's own client: there is none."""
        self._tools.form(_provider(call))
        return {}

    @_route("POST", "/oauth/custom-client", Permission.TOOL_MANAGE, CustomClientBody)
    async def set_client(self, call: Call, body: CustomClientBody) -> Done:
        """Refused: no built-in provider signs in by OAuth."""
        self._tools.form(_provider(call))
        raise ToolRefused(f"The provider {_provider(call)} does not sign in by OAuth.")

    @_route("DELETE", "/oauth/custom-client", Permission.TOOL_MANAGE)
    async def remove_client(self, call: Call) -> Done:
        """Forgets the workspace's own client: there is none."""
        self._tools.form(_provider(call))
        return DONE

    @route("GET", f"{_BASE}/{{provider}}/icon", auth="public", scope="none")
    @route("GET", f"{_BASE}/{{organization}}/{{plugin}}/{{provider}}/icon", auth="public", scope="none")
    async def icon(self, call: Call) -> Response:
        """The provider's initial as a picture."""
        self._tools.form(_provider(call))
        initial = escape(call.path["provider"][:1].upper())
        picture = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="8" '
            'fill="#4f46e5"/><text x="20" y="27" font-family="sans-serif" font-size="20" font-weight="600" '
            f'fill="#fff" text-anchor="middle">{initial}</text></svg>'
        )
        headers = {"Cache-Control": "public, max-age=3600", "Content-Security-Policy": "sandbox; default-src 'none'"}
        return Response(picture, media_type="image/svg+xml", headers=headers)


def _provider(call: Call) -> str:
    """The provider's id as it was written."""
    parts = (call.path.get("organization"), call.path.get("plugin"), call.path["provider"])
    return "/".join(part for part in parts if part)


def _credential(row: BuiltInCredential, values: JsonObject) -> JsonObject:
    return {
        "id": row.id,
        "name": row.name,
        "provider": row.provider,
        "credential_type": row.credential_type,
        "is_default": row.is_default,
        "credentials": values,
    }
