"""Logins at MCP servers: sealed in their provider's row, and in the cache while a person is away to consent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from sqlalchemy import select

from orrery.cache.protocol import Cache
from orrery.database import Database
from orrery.security.encryption import DecryptionError, Vault
from orrery.tools.mcp.errors import OAuthError
from orrery.tools.mcp.oauth_grants import OAuthClient
from orrery.tools.mcp.oauth_login import Login, PendingLogin
from orrery.workspaces.tools.tables import McpProvider

PENDING_SECONDS: Final = 600.0
"""How long a person may take at the authorization server."""

_S = TypeVar("_S", bound=msgspec.Struct)


class KnownClients(msgspec.Struct, frozen=True, kw_only=True):
    """Who we are to authorization servers: ``given`` by an administrator, or registered, by issuer and way back."""

    given: OAuthClient | None = None
    registered: dict[str, OAuthClient] = {}


class SealedLogins:
    """Implements `LoginStore` for the providers of one workspace. ``redirect_uri`` is where people come back to."""

    def __init__(self, database: Database, cache: Cache, vault: Vault, workspace_id: str, redirect_uri: str) -> None:
        self._database, self._cache, self._vault = database, cache, vault
        self.workspace_id, self._redirect_uri = workspace_id, redirect_uri

    async def client(self, provider_id: str, issuer: str) -> OAuthClient | None:
        known = await self.known_clients(provider_id)
        # A client is registered for one way back: where that has changed, it would be refused there.
        return known.given or known.registered.get(self._key_of(issuer))

    async def keep_client(self, provider_id: str, issuer: str, client: OAuthClient) -> None:
        known = await self.known_clients(provider_id)
        registered = {**known.registered, self._key_of(issuer): client}
        await self.set_clients(provider_id, msgspec.structs.replace(known, registered=registered))

    async def known_clients(self, provider_id: str) -> KnownClients:
        row = await self._row(provider_id)
        if row is None or row.encrypted_client is None:
            return KnownClients()
        return self._open(row.encrypted_client, KnownClients) or KnownClients()

    async def set_clients(self, provider_id: str, clients: KnownClients) -> None:
        await self._write(provider_id, lambda row: setattr(row, "encrypted_client", self._seal(clients)))

    async def keep_pending(self, state: str, pending: PendingLogin) -> None:
        held = f"{self.workspace_id}:{self._seal(pending)}"
        await self._cache.set(pending_key(state), held.encode(), ttl=PENDING_SECONDS)

    async def take_pending(self, state: str) -> PendingLogin | None:
        """A login that began in any workspace; the store is that workspace's from then on."""
        held = await self._cache.take(pending_key(state))
        if held is None:
            return None
        self.workspace_id, _, sealed = held.decode().partition(":")
        return self._open(sealed, PendingLogin)

    async def login(self, provider_id: str) -> Login | None:
        row = await self._row(provider_id)
        return None if row is None or row.encrypted_login is None else self._open(row.encrypted_login, Login)

    async def keep_login(self, provider_id: str, login: Login) -> None:
        """Raises `OAuthError` when the provider was removed meanwhile."""
        if not await self._write(provider_id, lambda row: setattr(row, "encrypted_login", self._seal(login))):
            raise OAuthError("The MCP server was removed while somebody signed in.")

    async def _row(self, provider_id: str) -> McpProvider | None:
        query = select(McpProvider).where(McpProvider.tenant_id == self.workspace_id, McpProvider.id == provider_id)
        async with self._database.read() as session:
            return await session.scalar(query)

    async def _write(self, provider_id: str, change: Callable[[McpProvider], None]) -> bool:
        query = select(McpProvider).where(McpProvider.tenant_id == self.workspace_id, McpProvider.id == provider_id)
        async with self._database.write() as session:
            row = await session.scalar(query.with_for_update())
            if row is None:
                return False
            change(row)
        return True

    def _key_of(self, issuer: str) -> str:
        return f"{issuer} {self._redirect_uri}"

    def _seal(self, value: msgspec.Struct) -> str:
        return self._vault.encrypt(self.workspace_id, msgspec.json.encode(value).decode())

    def _open(self, sealed: str, kind: type[_S]) -> _S | None:
        """None for what was sealed under another key: signing in again mends it."""
        try:
            return msgspec.json.decode(self._vault.decrypt(self.workspace_id, sealed), type=kind)
        except (DecryptionError, msgspec.DecodeError):
            return None


def pending_key(state: str) -> str:
    """Where a pending login is kept; the state itself is a secret and stays out of the cache's keys."""
    return f"mcp_login:{hashlib.sha256(state.encode()).hexdigest()}"
