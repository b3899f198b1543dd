"""MCP servers and signing in to them (product reference, 6.11)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
from starlette.responses import RedirectResponse, Response

from orrery.http.call import Call
from orrery.http.console.people_shapes import DONE, Done, acting
from orrery.http.console.tools_shapes import ToolPages, provider_object
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.http.runs import JsonObject
from orrery.security.permissions import Permission
from orrery.workspaces.tools.errors import ToolRefused
from orrery.workspaces.tools.mcp import McpServers
from orrery.workspaces.tools.mcp_rows import McpForm

_BASE = "/workspaces/current/tool-provider/mcp"
_COOKIE = "mcp_login"
_COOKIE_SECONDS = 600


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds."""

    timeout: float = 30.0
    sse_read_timeout: float = 300.0


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are to the server's authorization server; without an id we register ourselves."""

    client_id: str = ""
    client_secret: str | None = None


class ServerBody(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form."""

    server_url: str
    name: str
    icon: str
    icon_type: Literal["emoji", "image", "link"] = "emoji"
    icon_background: str | None = ""
    server_identifier: str
    configuration: Waits | None = None
    headers: dict[str, str] | None = None
    authentication: Client | None = None

    def form(self) -> McpForm:
        waits, client = self.configuration or Waits(), self.authentication
        emoji = {"content": self.icon, "background": self.icon_background or ""}
        return McpForm(
            server_url=self.server_url,
            name=self.name,
            server_identifier=self.server_identifier,
            icon=emoji if self.icon_type == "emoji" else self.icon,
            headers=self.headers or {},
            client=None if client is None else (client.client_id, client.client_secret or ""),
            timeout=waits.timeout,
            sse_read_timeout=waits.sse_read_timeout,
        )


class ChangedServerBody(ServerBody, frozen=True, kw_only=True):
    """A filled-in form for a server that is kept."""

    provider_id: str


class ServerIdBody(msgspec.Struct, frozen=True):
    """A server."""

    provider_id: str


class LoginBody(msgspec.Struct, frozen=True, kw_only=True):
    """A server to sign in to; with a code, the end of a login that began before."""

    provider_id: str
    authorization_code: str | None = None
    state: str | None = None


class BackQuery(msgspec.Struct, frozen=True):
    """What an authorization server sends along."""

    state: str
    code: str = ""
    error: str = ""
    error_description: str = ""


class McpRoutes(RouteGroup):
    """Keeps servers, asks for their tools, signs in."""

    def __init__(self, servers: McpServers, pages: ToolPages) -> None:
        self._servers, self._pages = servers, pages

    @route("POST", _BASE, auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=ServerBody)
    async def add(self, call: Call, body: ServerBody) -> JsonObject:
        """Keeps a server, and its tools if it answers at once."""
        view = await self._servers.add(acting(call), body.form())
        return provider_object(view, icon_base=self._pages.icons(call))

    @route("PUT", _BASE, auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=ChangedServerBody)
    async def change(self, call: Call, body: ChangedServerBody) -> Done:
        """Replaces a server; masked values are kept."""
        await self._servers.change(acting(call), body.provider_id.lower(), body.form())
        return DONE

    @route("DELETE", _BASE, auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=ServerIdBody)
    async def remove(self, call: Call, body: ServerIdBody) -> Done:
        """Forgets a server with its tokens."""
        await self._servers.remove(acting(call), body.provider_id.lower())
        return DONE

    @route(
        "POST", f"{_BASE}/auth", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE, body=LoginBody
    )
    async def sign_in(self, call: Call, body: LoginBody) -> Response:
        """Signs in: done, or the address where a person must consent."""
        back = self._pages.way_back(call)
        if body.authorization_code and body.state:
            await self._servers.come_back(body.state, body.authorization_code, back)
            return json_response({"result": "success"})
        url = await self._servers.sign_in(acting(call), body.provider_id.lower(), back)
        if url is None:
            return json_response({"result": "success"})
        answer = json_response({"authorization_url": url})
        state = parse_qs(urlsplit(url).query)["state"][0]
        answer.set_cookie(
            _COOKIE,
            _mark(state),
            max_age=_COOKIE_SECONDS,
            path="/console/api/mcp/oauth",
            secure=back.startswith("https://"),
            httponly=True,
            samesite="lax",
        )
        return answer

    @route("GET", f"{_BASE}/tools/{{provider_id}}", auth="console", scope="workspace", permission=Permission.TOOL_VIEW)
    async def tools(self, call: Call) -> JsonObject:
        """A server with the tools that it listed when it was last asked."""
        view = await self._servers.show(call.account.workspace_id, call.id("provider_id"))
        return provider_object(view, icon_base=self._pages.icons(call))

    @route(
        "GET", f"{_BASE}/update/{{provider_id}}", auth="console", scope="workspace", permission=Permission.TOOL_MANAGE
    )
    async def refresh(self, call: Call) -> JsonObject:
        """Asks the server for its tools now."""
        view = await self._servers.refresh(call.account.workspace_id, call.id("provider_id"))
        return provider_object(view, icon_base=self._pages.icons(call))

    @route("GET", "/mcp/oauth/callback", auth="public", scope="none", query=BackQuery)
    async def come_back(self, call: Call, query: BackQuery) -> Response:
        """Where authorization servers send the person's browser; the login must have begun in the same browser."""
        held = call.request.cookies.get(_COOKIE, "").encode()
        if not hmac.compare_digest(held, _mark(query.state).encode()):
            raise ToolRefused("This login began in another browser, or too long ago. Start again.", params="state")
        if query.error or not query.code:
            raise ToolRefused(
                f"The authorization server refused: {query.error_description or query.error or 'no code'}"
            )
        await self._servers.come_back(query.state, query.code, self._pages.way_back(call))
        answer = RedirectResponse(self._pages.signed_in(call), status_code=302)
        answer.delete_cookie(_COOKIE, path="/console/api/mcp/oauth")
        return answer


def _mark(state: str) -> str:
    """What the browser holds of a login; it says nothing of the state itself."""
    return hashlib.sha256(state.encode()).hexdigest()
