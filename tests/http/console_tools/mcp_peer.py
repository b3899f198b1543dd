"""MCP servers of the reference implementation: an open one, one behind a header, one behind OAuth."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    OAuthAuthorizationServerProvider,
    RefreshToken,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.server.mcpserver import MCPServer
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.support.ports import free_port
from tests.unit.tools.serving import serving


class People(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """An authorization server whose people always consent. ``revoke`` ends all access tokens."""

    def __init__(self) -> None:
        self.clients: dict[str, OAuthClientInformationFull] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.access: dict[str, AccessToken] = {}
        self.refresh: dict[str, RefreshToken] = {}
        self.refreshed = 0
        self.lifetime = 3_600

    def revoke(self) -> None:
        self.access.clear()

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        assert client_info.client_id
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        assert client.client_id
        code = AuthorizationCode(
            code=secrets.token_urlsafe(16),
            scopes=params.scopes or [],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        del self.codes[authorization_code.code]
        return self._granted(authorization_code.client_id, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        del self.refresh[refresh_token.token]  # each holds only once
        self.refreshed += 1
        return self._granted(refresh_token.client_id, refresh_token.scopes, refresh_token.resource)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.access.pop(token.token, None)

    def _granted(self, client_id: str, scopes: list[str], resource: str | None) -> OAuthToken:
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.access[access] = AccessToken(token=access, client_id=client_id, scopes=scopes, resource=resource)
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes, resource=resource)
        return OAuthToken(access_token=access, refresh_token=refresh, expires_in=self.lifetime, scope=" ".join(scopes))


def _with_tools(server: MCPServer) -> MCPServer:
    @server.tool(description="Adds numbers.", structured_output=False)
    def add(a: int, b: int = 1) -> str:
        return f"sum {a + b}"

    return server


class Guarded:
    """An app behind a header; ``seen`` are the headers of the last request."""

    def __init__(self, app: ASGIApp, header: tuple[str, str]) -> None:
        self._app, self._header, self.seen = app, header, dict[str, str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.seen = {name.decode(): value.decode() for name, value in scope["headers"]}
            if self.seen.get(self._header[0]) != self._header[1]:
                await send({"type": "http.response.start", "status": 403, "headers": []})
                await send({"type": "http.response.body", "body": b"no key"})
                return
        await self._app(scope, receive, send)


@asynccontextmanager
async def open_peer(
    transport: str = "streamable", wrap: Callable[[ASGIApp], ASGIApp] | None = None
) -> AsyncGenerator[str]:
    """A server for anybody; gives its address."""
    server = _with_tools(MCPServer("peer"))
    app: Any = server.sse_app() if transport == "sse" else server.streamable_http_app()
    async with serving(wrap(app) if wrap else app) as base:
        yield base + ("/sse" if transport == "sse" else "/mcp")


@asynccontextmanager
async def protected_peer(people: People, *, registers: bool = True) -> AsyncGenerator[str]:
    """A server for those who signed in; gives its address. Its own address must be known before it runs."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = AuthSettings(
        issuer_url=AnyHttpUrl(base),
        resource_server_url=AnyHttpUrl(f"{base}/mcp"),
        validate_token_resource=True,
        required_scopes=["tools"],
        client_registration_options=ClientRegistrationOptions(
            enabled=registers, valid_scopes=["tools"], default_scopes=["tools"]
        ),
    )
    server = _with_tools(MCPServer("protected", auth=settings, auth_server_provider=people))
    async with serving(server.streamable_http_app(), port=port):
        yield f"{base}/mcp"
