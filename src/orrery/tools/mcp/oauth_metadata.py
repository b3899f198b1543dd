"""Where one signs in to an MCP server: discovery of its authorization server (RFC 9728, RFC 8414), as pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec

from orrery.tools.mcp.errors import OAuthError

_RESOURCE_METADATA: Final = re.compile(r'resource_metadata\s*=\s*"?([^",\s]+)"?', re.IGNORECASE)
_SCOPE: Final = re.compile(r'(?<![a-z_])scope\s*=\s*"([^"]*)"', re.IGNORECASE)


class ResourceMetadata(msgspec.Struct, frozen=True):
    """What a protected server says of itself."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes: tuple[str, ...] = ()


class AuthorizationServer(msgspec.Struct, frozen=True, kw_only=True):
    """What an authorization server says of itself; empty texts where it says nothing."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    registration_endpoint: str = ""
    scopes: tuple[str, ...] = ()
    token_auth_methods: tuple[str, ...] = ()


def resource_urls(server_url: str, challenge: str = "") -> list[str]:
    """Where to ask for the server's metadata, best first: what its 401 named, then the well-known places."""
    named = _RESOURCE_METADATA.search(challenge)
    origin, path = _split(server_url)
    places = [named[1]] if named and named[1].startswith(("http://", "https://")) else []
    if path:
        places.append(f"{origin}/.well-known/oauth-protected-resource{path}")
    return [*places, f"{origin}/.well-known/oauth-protected-resource"]


def challenged_scope(challenge: str) -> str:
    """The scope that the server's 401 asks for, or an empty text."""
    found = _SCOPE.search(challenge)
    return found[1] if found else ""


def issuer_urls(issuer: str) -> list[str]:
    """Where to ask for an authorization server's metadata, best first."""
    origin, path = _split(issuer)
    if not path:
        return [f"{origin}/.well-known/oauth-authorization-server", f"{origin}/.well-known/openid-configuration"]
    return [
        f"{origin}/.well-known/oauth-authorization-server{path}",
        f"{origin}/.well-known/openid-configuration{path}",
        f"{origin}{path}/.well-known/openid-configuration",
    ]


def read_resource(answer: Mapping[str, object], server_url: str) -> ResourceMetadata:
    """Raises `OAuthError` when the metadata are those of another server."""
    resource = str(answer.get("resource") or server_url)
    mine, theirs = urlsplit(server_url), urlsplit(resource)
    if (mine.scheme, mine.netloc.lower()) != (theirs.scheme, theirs.netloc.lower()) or not _covers(
        theirs.path, mine.path
    ):
        raise OAuthError(f"The server's metadata speak of another resource: {resource}")
    return ResourceMetadata(
        resource, _texts(answer.get("authorization_servers")), _texts(answer.get("scopes_supported"))
    )


def read_authorization_server(answer: Mapping[str, object], issuer: str) -> AuthorizationServer:
    """Raises `OAuthError` when the server can't do what is needed: codes, with a proof of possession."""
    methods = _texts(answer.get("code_challenge_methods_supported"))
    if methods and "S256" not in methods:
        raise OAuthError("The authorization server does not support PKCE with S256.")
    kinds = _texts(answer.get("response_types_supported"))
    if kinds and "code" not in kinds:
        raise OAuthError("The authorization server does not give codes.")
    authorize, token = str(answer.get("authorization_endpoint") or ""), str(answer.get("token_endpoint") or "")
    if not authorize or not token:
        raise OAuthError("The authorization server's metadata name no endpoints.")
    for url in (authorize, token):
        _require_http(url)
    register = str(answer.get("registration_endpoint") or "")
    if register:
        _require_http(register)
    return AuthorizationServer(
        issuer=str(answer.get("issuer") or issuer),
        authorization_endpoint=authorize,
        token_endpoint=token,
        registration_endpoint=register,
        scopes=_texts(answer.get("scopes_supported")),
        token_auth_methods=_texts(answer.get("token_endpoint_auth_methods_supported")),
    )


def assumed_server(server_url: str) -> AuthorizationServer:
    """Servers from before discovery was required: their endpoints stand at fixed places (2025-03-26)."""
    origin, _ = _split(server_url)
    return AuthorizationServer(
        issuer=origin,
        authorization_endpoint=f"{origin}/authorize",
        token_endpoint=f"{origin}/token",
        registration_endpoint=f"{origin}/register",
    )


def _require_http(url: str) -> None:
    # The address is opened in a person's browser: anything but a web page there is an attack.
    if urlsplit(url).scheme not in {"http", "https"}:
        raise OAuthError(f"The authorization server names an endpoint that is no web address: {url[:200]}")


def _covers(path: str, of: str) -> bool:
    prefix = path.rstrip("/")
    return of.rstrip("/") == prefix or of.startswith(f"{prefix}/")


def _split(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")


def _texts(value: object) -> tuple[str, ...]:
    items = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else ()
    return tuple(item for item in items if isinstance(item, str))
