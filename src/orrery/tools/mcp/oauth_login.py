"""Signing in to an MCP server: discovery, registration, the person's consent, tokens kept and refreshed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, cast
from urllib.parse import urlencode

import msgspec

from orrery.egress.protocol import EgressError, HttpClient, HttpResponse, Timeouts
from orrery.tools.mcp.errors import OAuthError
from orrery.tools.mcp.oauth_grants import (
    OAuthClient,
    TokenRequest,
    Tokens,
    authorization_url,
    code_request,
    new_verifier,
    read_registration,
    read_tokens,
    refresh_request,
    registration,
)
from orrery.tools.mcp.oauth_metadata import (
    AuthorizationServer,
    ResourceMetadata,
    assumed_server,
    challenged_scope,
    issuer_urls,
    read_authorization_server,
    read_resource,
    resource_urls,
)
from orrery.tools.mcp.transport import translated

_TIMEOUTS: Final = Timeouts(connect=10, read=20, write=20, total=30)
_MAX_BYTES: Final = 1024 * 1024


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login whose person is away at the authorization server; kept a few minutes under its ``state``."""

    provider_id: str
    server: AuthorizationServer
    client: OAuthClient
    verifier: str
    redirect_uri: str
    resource: str


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A login that holds: enough to ask for fresh tokens."""

    server: AuthorizationServer
    client: OAuthClient
    tokens: Tokens
    resource: str


class LoginStore(Protocol):
    """Keeps logins, sealed. A pending login can be taken only once."""

    async def client(self, provider_id: str, issuer: str) -> OAuthClient | None:
        """The client that an administrator gave, or an earlier registration."""
        ...

    async def keep_client(self, provider_id: str, issuer: str, client: OAuthClient) -> None: ...
    async def keep_pending(self, state: str, pending: PendingLogin) -> None: ...
    async def take_pending(self, state: str) -> PendingLogin | None: ...
    async def login(self, provider_id: str) -> Login | None: ...
    async def keep_login(self, provider_id: str, login: Login) -> None: ...


class McpLogin:
    """Signs in to MCP servers. ``now`` gives seconds since the epoch."""

    def __init__(self, http: HttpClient, store: LoginStore, *, redirect_uri: str, now: Callable[[], float]) -> None:
        self._http, self._store, self._redirect_uri, self._now = http, store, redirect_uri, now

    async def begin(self, provider_id: str, server_url: str, *, challenge: str = "", scope: str = "") -> str:
        """The address to send the person to. ``challenge`` is what the server's 401 said. Raises `OAuthError`."""
        resource, server = await self._discover(server_url, challenge)
        wanted = scope or challenged_scope(challenge) or " ".join(resource.scopes)
        client = await self._store.client(provider_id, server.issuer)
        if client is None:
            client = await self._register(server, wanted)
            await self._store.keep_client(provider_id, server.issuer, client)
        state, verifier = secrets.token_urlsafe(24), new_verifier()
        pending = PendingLogin(
            provider_id=provider_id,
            server=server,
            client=client,
            verifier=verifier,
            redirect_uri=self._redirect_uri,
            resource=resource.resource,
        )
        await self._store.keep_pending(state, pending)
        return authorization_url(
            server,
            client,
            redirect_uri=self._redirect_uri,
            verifier=verifier,
            state=state,
            scope=wanted,
            resource=resource.resource,
        )

    async def finish(self, state: str, code: str) -> str:
        """Exchanges the code that the person brought back; the provider's id. Raises `OAuthError`."""
        pending = await self._store.take_pending(state)
        if pending is None:
            raise OAuthError("This login is unknown or has been used already. Start again.")
        request = code_request(
            pending.server,
            pending.client,
            code=code,
            redirect_uri=pending.redirect_uri,
            verifier=pending.verifier,
            resource=pending.resource,
        )
        tokens = read_tokens(await self._tokens(request), now=self._now())
        login = Login(server=pending.server, client=pending.client, tokens=tokens, resource=pending.resource)
        await self._store.keep_login(pending.provider_id, login)
        return pending.provider_id

    async def present(self, provider_id: str) -> str | None:
        """The ``Authorization`` header if it holds for a while yet, without asking anybody."""
        login = await self._store.login(provider_id)
        return None if login is None or login.tokens.due(self._now()) else login.tokens.header

    async def authorization(self, provider_id: str) -> str | None:
        """The ``Authorization`` header, refreshed when due; None when nobody has signed in. Raises `OAuthError`."""
        login = await self._store.login(provider_id)
        if login is None:
            return None
        if login.tokens.refresh_token and login.tokens.due(self._now()):
            login = await self._refreshed(provider_id, login)
        return login.tokens.header

    async def renew(self, provider_id: str, refused: str) -> str | None:
        """Another header than ``refused``, which the server no longer takes; None where there is none.

        Raises `OAuthError`.
        """
        login = await self._store.login(provider_id)
        if login is None:
            return None
        if login.tokens.header == refused:
            if not login.tokens.refresh_token:
                return None
            login = await self._refreshed(provider_id, login)
        return login.tokens.header

    async def _refreshed(self, provider_id: str, login: Login) -> Login:
        request = refresh_request(
            login.server, login.client, refresh_token=login.tokens.refresh_token, resource=login.resource
        )
        tokens = read_tokens(await self._tokens(request), now=self._now(), previous=login.tokens)
        login = msgspec.structs.replace(login, tokens=tokens)
        await self._store.keep_login(provider_id, login)
        return login

    async def _discover(self, server_url: str, challenge: str) -> tuple[ResourceMetadata, AuthorizationServer]:
        resource = ResourceMetadata(server_url, ())
        found = await self._first(resource_urls(server_url, challenge))
        if found is not None:
            resource = read_resource(found, server_url)
        issuers = resource.authorization_servers or (_origin(server_url),)
        described = await self._first(issuer_urls(issuers[0]))
        if described is not None:
            return resource, read_authorization_server(described, issuers[0])
        if resource.authorization_servers:
            raise OAuthError(f"The authorization server {issuers[0]} does not describe itself.")
        return resource, assumed_server(server_url)

    async def _first(self, urls: Sequence[str]) -> Mapping[str, object] | None:
        """The first of some addresses that answers with an object."""
        for url in urls:
            answer = await self._send("GET", url)
            if answer.status == 200:
                found = _object(answer)
                if found is not None:
                    return found
        return None

    async def _register(self, server: AuthorizationServer, scope: str) -> OAuthClient:
        if not server.registration_endpoint:
            raise OAuthError("The authorization server registers no clients by itself. Give a client id and secret.")
        body = registration(server, self._redirect_uri, scope)
        answer = await self._send(
            "POST", server.registration_endpoint, {"Content-Type": "application/json"}, msgspec.json.encode(body)
        )
        if answer.status not in {200, 201}:
            raise OAuthError(f"The authorization server refused to register: {answer.text()[:300]}")
        return read_registration(_object(answer) or {})

    async def _tokens(self, request: TokenRequest) -> Mapping[str, object]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **request.headers}
        answer = await self._send("POST", request.url, headers, urlencode(list(request.form)).encode())
        found = _object(answer)
        if found is None:
            raise OAuthError(f"The authorization server answered with status {answer.status} and no tokens.")
        return found

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> HttpResponse:
        try:
            return await self._http.request(
                method,
                url,
                headers={"Accept": "application/json", **(headers or {})},
                content=content,
                timeouts=_TIMEOUTS,
                follow_redirects=method == "GET",
                max_bytes=_MAX_BYTES,
            )
        except EgressError as error:
            raise translated(error, url) from error


def _object(answer: HttpResponse) -> Mapping[str, object] | None:
    try:
        found: object = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return None
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else None


def _origin(url: str) -> str:
    return url.split("/", 3)[0] + "//" + url.split("/", 3)[2]
