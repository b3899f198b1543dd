"""The whole login against an authorization server of our own, and the pure parts by themselves."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from orrery.egress import GuardedHttpClient
from orrery.tools.mcp.errors import McpAuthError, OAuthError
from orrery.tools.mcp.mcp_tool import fetch_tools
from orrery.tools.mcp.oauth_grants import OAuthClient, Tokens, challenge_of, code_request, read_tokens
from orrery.tools.mcp.oauth_login import Login, McpLogin, PendingLogin
from orrery.tools.mcp.oauth_metadata import (
    AuthorizationServer,
    challenged_scope,
    issuer_urls,
    read_authorization_server,
    read_resource,
    resource_urls,
)
from orrery.tools.mcp.transport import McpEndpoint

from .serving import serving

BACK = "https://orrery.test/console/api/mcp/oauth/callback"


class MemoryStore:
    def __init__(self) -> None:
        self.clients: dict[tuple[str, str], OAuthClient] = {}
        self.pending: dict[str, PendingLogin] = {}
        self.logins: dict[str, Login] = {}

    async def client(self, provider_id: str, issuer: str) -> OAuthClient | None:
        return self.clients.get((provider_id, issuer))

    async def keep_client(self, provider_id: str, issuer: str, client: OAuthClient) -> None:
        self.clients[provider_id, issuer] = client

    async def keep_pending(self, state: str, pending: PendingLogin) -> None:
        self.pending[state] = pending

    async def take_pending(self, state: str) -> PendingLogin | None:
        return self.pending.pop(state, None)

    async def login(self, provider_id: str) -> Login | None:
        return self.logins.get(provider_id)

    async def keep_login(self, provider_id: str, login: Login) -> None:
        self.logins[provider_id] = login


class Vendor:
    """A protected MCP address and its authorization server; grants tokens a1, a2, ... for 100 s each."""

    def __init__(self) -> None:
        self.challenges: dict[str, str] = {}
        self.granted = 0
        self.registered: list[dict[str, Any]] = []
        self.app = Starlette(
            routes=[
                Route("/mcp", self.mcp, methods=["POST", "GET", "DELETE"]),
                Route("/.well-known/oauth-protected-resource/mcp", self.resource),
                Route("/.well-known/oauth-authorization-server/login", self.server),
                Route("/register", self.register, methods=["POST"]),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def mcp(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer a{self.granted}" or not self.granted:
            return JSONResponse({}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token", scope="tools read"'})
        message = await request.json() if request.method == "POST" else {}
        results = {
            "initialize": {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {}},
            "tools/list": {"tools": [{"name": "secret", "inputSchema": {"type": "object"}}]},
        }
        if "id" not in message:
            return JSONResponse(None, 202)
        return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": results[message["method"]]})

    async def resource(self, request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip("/")
        return JSONResponse({"resource": f"{base}/mcp", "authorization_servers": [f"{base}/login"]})

    async def server(self, request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": f"{base}/login",
                "authorization_endpoint": f"{base}/authorize?tenant=7",
                "token_endpoint": f"{base}/token",
                "registration_endpoint": f"{base}/register",
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def register(self, request: Request) -> JSONResponse:
        self.registered.append(await request.json())
        return JSONResponse({"client_id": "c-1", "client_secret": ""}, 201)

    async def token(self, request: Request) -> JSONResponse | PlainTextResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form["grant_type"] == "authorization_code" and self.challenges.get(form["code"]) != challenge_of(
            form["code_verifier"]
        ):
            return JSONResponse({"error": "invalid_grant", "error_description": "proof of possession failed"}, 400)
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != "r":
            return PlainTextResponse("no", 500)
        self.granted += 1
        token = {"access_token": f"a{self.granted}", "token_type": "bearer", "expires_in": 100}
        return JSONResponse(token | ({"refresh_token": "r"} if self.granted == 1 else {}))


async def test_a_person_signs_in_and_the_token_is_refreshed(http: GuardedHttpClient):
    vendor, store, clock = Vendor(), MemoryStore(), [1000.0]
    async with serving(vendor.app) as base:
        endpoint = McpEndpoint(url=f"{base}/mcp", timeout=60)
        with pytest.raises(McpAuthError) as refused:
            await fetch_tools(http, endpoint)

        login = McpLogin(http, store, redirect_uri=BACK, now=lambda: clock[0])
        assert await login.authorization("p") is None
        address = await login.begin("p", endpoint.url, challenge=refused.value.challenge)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{base}/authorize?")
        assert asked["tenant"] == "7"
        assert asked["client_id"] == "c-1"
        assert asked["resource"] == f"{base}/mcp"
        assert asked["scope"] == "tools read"
        assert vendor.registered[0]["redirect_uris"] == [BACK]

        vendor.challenges["the-code"] = asked["code_challenge"]
        assert await login.finish(asked["state"], "the-code") == "p"
        with pytest.raises(OAuthError, match="used already"):
            await login.finish(asked["state"], "the-code")

        async def authorization() -> str | None:
            return await login.authorization("p")

        assert [tool.name for tool in await fetch_tools(http, endpoint, authorization)] == ["secret"]
        clock[0] += 50
        assert await login.authorization("p") == "Bearer a2"
        assert store.logins["p"].tokens.refresh_token == "r"
        assert store.logins["p"].tokens.expires_at == 1150


async def test_a_stolen_code_is_worth_nothing(http: GuardedHttpClient):
    vendor, store = Vendor(), MemoryStore()
    async with serving(vendor.app) as base:
        login = McpLogin(http, store, redirect_uri=BACK, now=lambda: 0.0)
        address = await login.begin("p", f"{base}/mcp")
        state = parse_qs(urlsplit(address).query)["state"][0]
        vendor.challenges["code"] = "somebody else's"
        with pytest.raises(OAuthError, match="proof of possession failed"):
            await login.finish(state, "code")
        assert store.logins == {}


def test_where_metadata_are_looked_for():
    challenge = 'Bearer resource_metadata="https://a.test/meta", scope="x y"'
    assert resource_urls("https://h.test/api/mcp", challenge) == [
        "https://a.test/meta",
        "https://h.test/.well-known/oauth-protected-resource/api/mcp",
        "https://h.test/.well-known/oauth-protected-resource",
    ]
    assert challenged_scope(challenge) == "x y"
    assert issuer_urls("https://i.test/tenant")[0] == "https://i.test/.well-known/oauth-authorization-server/tenant"
    assert issuer_urls("https://i.test/")[1] == "https://i.test/.well-known/openid-configuration"


def test_metadata_that_can_t_be_trusted_are_refused():
    with pytest.raises(OAuthError, match="another resource"):
        read_resource({"resource": "https://evil.test/mcp"}, "https://h.test/mcp")
    with pytest.raises(OAuthError, match="another resource"):
        read_resource({"resource": "https://h.test/mcp-two"}, "https://h.test/mcp")
    ends = {"authorization_endpoint": "https://i.test/a", "token_endpoint": "https://i.test/t"}
    with pytest.raises(OAuthError, match="PKCE"):
        read_authorization_server(ends | {"code_challenge_methods_supported": ["plain"]}, "https://i.test")
    with pytest.raises(OAuthError, match="no web address"):
        read_authorization_server(ends | {"authorization_endpoint": "javascript:alert(1)"}, "https://i.test")


def test_a_client_shows_its_secret_as_it_registered():
    server = AuthorizationServer(issuer="i", authorization_endpoint="a", token_endpoint="t")

    def form(client: OAuthClient) -> Any:
        return code_request(server, client, code="c", redirect_uri=BACK, verifier="v", resource="r")

    assert form(OAuthClient("id", "s:1")).headers == {"Authorization": "Basic aWQ6cyUzQTE="}
    assert ("client_secret", "s") in form(OAuthClient("id", "s", "client_secret_post")).form
    assert ("client_id", "id") in form(OAuthClient("id")).form


def test_tokens_and_their_end():
    tokens = read_tokens(
        {"access_token": "a", "expires_in": "90"}, now=10, previous=Tokens(access_token="o", scope="x")
    )
    assert (tokens.expires_at, tokens.scope, tokens.header) == (100, "x", "Bearer a")
    assert tokens.due(40)
    assert not tokens.due(39)
    with pytest.raises(OAuthError, match="invalid_grant"):
        read_tokens({"error": "invalid_grant"}, now=0)
