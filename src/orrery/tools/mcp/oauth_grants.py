"""The messages of OAuth 2.1: registration, authorization with PKCE, codes, refreshing. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from orrery.tools.mcp.errors import OAuthError
from orrery.tools.mcp.oauth_metadata import AuthorizationServer

CLIENT_NAME: Final = "Orrery"
Pairs = Sequence[tuple[str, str]]


class OAuthClient(msgspec.Struct, frozen=True):
    """Who we are to an authorization server: registered by an administrator, or by ourselves."""

    client_id: str
    client_secret: str = ""
    token_auth_method: str = ""


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """``expires_at``: seconds since the epoch, None when the server didn't say."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    refresh_token: str = ""
    expires_at: float | None = None
    scope: str = ""

    @property
    def header(self) -> str:
        kind = "Bearer" if self.token_type.lower() == "bearer" else self.token_type
        return f"{kind} {self.access_token}"

    def due(self, now: float, *, margin: float = 60.0) -> bool:
        """Whether it is time to refresh."""
        return self.expires_at is not None and self.expires_at - margin <= now


class TokenRequest(msgspec.Struct, frozen=True):
    """A POST to the token endpoint."""

    url: str
    form: Pairs
    headers: Mapping[str, str]


def new_verifier() -> str:
    """A fresh PKCE verifier: 43 characters."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def registration(server: AuthorizationServer, redirect_uri: str, scope: str) -> dict[str, object]:
    """Body of a dynamic registration (RFC 7591)."""
    public = not server.token_auth_methods or "none" in server.token_auth_methods
    body: dict[str, object] = {
        "client_name": CLIENT_NAME,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none" if public else server.token_auth_methods[0],
    }
    return body | ({"scope": scope} if scope else {})


def read_registration(answer: Mapping[str, object]) -> OAuthClient:
    """Raises `OAuthError`."""
    client_id = answer.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        raise OAuthError("The authorization server registered no client.")
    return OAuthClient(
        client_id, str(answer.get("client_secret") or ""), str(answer.get("token_endpoint_auth_method") or "")
    )


def authorization_url(
    server: AuthorizationServer,
    client: OAuthClient,
    *,
    redirect_uri: str,
    verifier: str,
    state: str,
    scope: str,
    resource: str,
) -> str:
    """The address to send a person's browser to."""
    parts = urlsplit(server.authorization_endpoint)
    query = [
        *parse_qsl(parts.query, keep_blank_values=True),
        ("response_type", "code"),
        ("client_id", client.client_id),
        ("redirect_uri", redirect_uri),
        ("code_challenge", challenge_of(verifier)),
        ("code_challenge_method", "S256"),
        ("state", state),
        ("resource", resource),
    ]
    if scope:
        query.append(("scope", scope))
    return urlunsplit(parts._replace(query=urlencode(query)))


def code_request(
    server: AuthorizationServer, client: OAuthClient, *, code: str, redirect_uri: str, verifier: str, resource: str
) -> TokenRequest:
    """Exchanges a code for tokens."""
    form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier),
        ("resource", resource),
    ]
    return _signed(server, client, form)


def refresh_request(
    server: AuthorizationServer, client: OAuthClient, *, refresh_token: str, resource: str
) -> TokenRequest:
    """Exchanges a refresh token for new tokens."""
    form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token), ("resource", resource)]
    return _signed(server, client, form)


def read_tokens(answer: Mapping[str, object], *, now: float, previous: Tokens | None = None) -> Tokens:
    """A refresh token that is not renewed stays valid. Raises `OAuthError` with the server's words."""
    access = answer.get("access_token")
    if not isinstance(access, str) or not access:
        told = answer.get("error_description") or answer.get("error") or "no access token came back"
        raise OAuthError(f"The authorization server refused: {told}")
    lifetime = answer.get("expires_in")
    expires_at: float | None = None
    if isinstance(lifetime, (int, float, str)):
        try:
            expires_at = now + float(lifetime)
        except ValueError:
            expires_at = None
    return Tokens(
        access_token=access,
        token_type=str(answer.get("token_type") or "Bearer"),
        refresh_token=str(answer.get("refresh_token") or (previous.refresh_token if previous else "")),
        expires_at=expires_at,
        scope=str(answer.get("scope") or (previous.scope if previous else "")),
    )


def _signed(server: AuthorizationServer, client: OAuthClient, form: list[tuple[str, str]]) -> TokenRequest:
    """A client with a secret shows it the way that it registered for, or that the server prefers."""
    if not client.client_secret or client.token_auth_method == "none":  # noqa: S105 - the name of a method
        return TokenRequest(server.token_endpoint, [*form, ("client_id", client.client_id)], {})
    methods = server.token_auth_methods
    method = client.token_auth_method or ("client_secret_post" if "client_secret_post" in methods else "")
    if method == "client_secret_post":
        secret = [("client_id", client.client_id), ("client_secret", client.client_secret)]
        return TokenRequest(server.token_endpoint, [*form, *secret], {})
    pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
    return TokenRequest(
        server.token_endpoint, form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    )
