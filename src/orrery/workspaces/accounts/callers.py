"""Who is calling: from a token or the administrator's key to an account in its current workspace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from orrery.database import Database
from orrery.errors import Unauthorized
from orrery.security.jws import TokenError
from orrery.security.tokens import Tokens, same_text
from orrery.settings.groups.security import Security as SecuritySettings
from orrery.workspaces.accounts import store
from orrery.workspaces.accounts.revocation import Revocation
from orrery.workspaces.accounts.store import Identity

ACTIVE_AGAIN = timedelta(minutes=10)


class Callers:
    """Looks callers up: one indexed query a request, so that a removed member is out with the next one."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        revocation: Revocation,
        *,
        security: SecuritySettings,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._revocation = revocation
        self._security = security
        self._now = now

    async def account_of(self, access_token: str) -> str:
        """The account id of a console access token that still counts. Raises `Unauthorized` with the contract's text."""
        try:
            account_id = self._tokens.console_user(access_token)
            expiry = self._tokens.read(access_token)["exp"]
        except TokenError as error:
            raise Unauthorized(str(error)) from error
        if isinstance(expiry, (int, float)) and await self._revocation.covers(account_id, expiry):
            raise Unauthorized("Token has expired.")
        return account_id

    def is_csrf_pair(self, header: str | None, cookie: str | None, account_id: str) -> bool:
        """Whether header and cookie are one unexpired CSRF token of this account."""
        return self._tokens.is_csrf_pair(header, cookie, account_id)

    async def find(self, account_id: str) -> Identity:
        """The account in its current workspace. Raises `Unauthorized` for accounts that may not come in."""
        async with self._database.reader.connect() as connection:
            identity = await store.identity(connection, account_id)
        if identity is None or identity.status == "closed":
            raise Unauthorized
        if identity.status == "banned":
            raise Unauthorized("Account is banned.")
        now = self._now()
        if now - identity.last_active_at > ACTIVE_AGAIN:
            async with self._database.write() as session:
                await store.touch(session, account_id, now, now - ACTIVE_AGAIN)
        return identity

    def is_admin_key(self, token: str) -> bool:
        """Whether the bearer token is ADMIN_API_KEY, and that is switched on."""
        key = self._security.admin_key
        return self._security.admin_key_enabled and bool(key) and same_text(token, key)

    async def owner_of(self, workspace_id: str) -> Identity:
        """The owner that the administrator's key acts as. Raises `Unauthorized` for an unknown workspace."""
        async with self._database.read() as session:
            identity = await store.owner_of(session, workspace_id)
        if identity is None:
            raise Unauthorized
        return identity
