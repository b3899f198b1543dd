"""Signing in, staying signed in, signing out.

A session is one row per browser. Its refresh token is replaced at each use; the replaced one coming back later means
that somebody copied it, and ends the session for both.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.security.passwords import Passwords
from orrery.security.tokens import Tokens, fingerprint, refresh_token
from orrery.settings.groups.accounts import Accounts as AccountSettings
from orrery.settings.groups.security import Security as SecuritySettings
from orrery.workspaces.accounts import store
from orrery.workspaces.accounts.errors import (
    AccountBanned,
    AlreadyActivated,
    AuthenticationFailed,
    InvalidEmail,
    PasswordLoginOff,
)
from orrery.workspaces.accounts.lockout import Lockout
from orrery.workspaces.accounts.revocation import Revocation
from orrery.workspaces.accounts.tables import Account, AccountSession
from orrery.workspaces.accounts.words import checked_password
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.members import store as members_store

TABS_SECONDS = 30
"""How long after a rotation the replaced token may still come from another tab of the same browser."""


class SessionTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser gets. ``refresh`` is None when the browser's own is still the right one."""

    account_id: str
    access: str
    csrf: str
    refresh: str | None


class RefreshRefused(Exception):
    """The refresh token does not hold: unknown, run out, or replaced long ago."""


class SignIn:
    """Makes and ends sessions. ``now`` is the wall clock, aware, in UTC."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        tokens: Tokens,
        lockout: Lockout,
        revocation: Revocation,
        *,
        accounts: AccountSettings,
        security: SecuritySettings,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._tokens = tokens
        self._lockout = lockout
        self._revocation = revocation
        self._accounts = accounts
        self._security = security
        self._now = now

    async def with_password(
        self, email: str, encoded_password: str, *, ip: str, user_agent: str, invite_token: str | None = None
    ) -> SessionTokens | None:
        """Checks the password (base64 of its UTF-8 text) and opens a session; None when the account has no workspace.

        With the token of an open invitation, an account without a password takes this one. Raises
        `AuthenticationFailed`, `SignInLocked`, `AccountBanned`, `InvalidEmail`, `PasswordLoginOff`.
        """
        if not self._accounts.password_login:
            raise PasswordLoginOff
        password = decode_password(encoded_password)
        await self._lockout.begin(email, ip)
        async with self._database.read() as session:
            account = await store.account_by_email(session, email)
        first_password = None
        if invite_token:
            await self._check_invitation(invite_token, email)
            if account is not None and account.password is None:
                first_password = checked_password(password)
        if first_password is None:
            await self._verify(account, password)
        if account is None:
            raise AuthenticationFailed
        await self._lockout.succeed(email, ip)
        if account.status == "banned":
            raise AccountBanned
        return await self._open(account, password, is_first=first_password is not None, ip=ip, user_agent=user_agent)

    async def _verify(self, account: Account | None, password: str) -> None:
        # An unknown mail and a closed account cost the same time as a wrong password.
        closed = account is None or account.status == "closed"
        stored, salt = (None, None) if account is None or closed else (account.password, account.password_salt)
        if not await asyncio.to_thread(self._passwords.verify, password, stored, salt):
            raise AuthenticationFailed

    async def _check_invitation(self, token: str, email: str) -> None:
        async with self._database.read() as session:
            invitation = await members_store.invitation_by_hash(session, fingerprint(token))
        if invitation is None or invitation.expires_at <= self._now():
            raise AlreadyActivated
        if invitation.email.lower() != email.strip().lower():
            raise InvalidEmail("This invitation is for another email address.")

    async def _open(
        self, account: Account, password: str, *, is_first: bool, ip: str, user_agent: str
    ) -> SessionTokens | None:
        changes: dict[str, object] = {}
        if is_first or (account.password is not None and self._passwords.needs_rehash(account.password)):
            hashed = await asyncio.to_thread(self._passwords.hash, password)
            changes = {"password": hashed, "password_salt": None}
        async with self._database.write() as session:
            row = await store.account_to_change(session, account.id)
            identity = await store.identity(session, account.id)
            if identity is None or row is None:
                raise AuthenticationFailed
            if not identity.workspace_id:
                return None
            if is_first and row.password is not None:
                raise AuthenticationFailed
            for name, value in changes.items():
                setattr(row, name, value)
            if row.status == "pending":
                row.status = "active"
            row.last_login_at = row.last_active_at = self._now()
            row.last_login_ip = ip or None
            await store.drop_expired_sessions(session, account.id, self._now())
            refresh = self._add_session(session, account.id, ip=ip, user_agent=user_agent)
            actor = Actor(workspace_id=identity.workspace_id, account_id=account.id, ip=ip)
            record(session, actor, "account.login", account.id)
        return self._issue(account.id, refresh)

    def _add_session(self, session: AsyncSession, account_id: str, *, ip: str, user_agent: str) -> str:
        token = refresh_token()
        session.add(
            AccountSession(
                id=new_id(),
                account_id=account_id,
                token_hash=fingerprint(token),
                expires_at=self._now() + self._life,
                ip=ip or None,
                user_agent=user_agent[:255] or None,
            )
        )
        return token

    async def refresh(self, token: str) -> SessionTokens:
        """Fresh tokens for a refresh token, which is replaced. Raises `RefreshRefused`."""
        token_hash = fingerprint(token)
        stolen = False
        async with self._database.write() as session:
            row = await store.session_by_hash(session, token_hash)
            identity = await store.identity(session, row.account_id) if row else None
            if row is None or identity is None or row.expires_at <= self._now() or identity.status != "active":
                raise RefreshRefused("Invalid refresh token")
            account_id = row.account_id
            fresh: str | None = None
            if row.token_hash == token_hash:
                fresh = refresh_token()
                row.previous_hash, row.token_hash = token_hash, fingerprint(fresh)
                row.rotated_at, row.expires_at = self._now(), self._now() + self._life
            elif row.rotated_at is None or self._now() - row.rotated_at > timedelta(seconds=TABS_SECONDS):
                stolen = True
                await session.delete(row)
                if identity.workspace_id:
                    actor = Actor(workspace_id=identity.workspace_id, account_id=account_id)
                    record(session, actor, "account.session.stolen", account_id)
        if stolen:
            await self._revocation.revoke(account_id)
            raise RefreshRefused("Invalid refresh token")
        return self._issue(account_id, fresh)

    async def sign_out(self, token: str | None, *, ip: str) -> None:
        """Ends the session of a refresh token; an unknown one is no error."""
        if not token:
            return
        async with self._database.write() as session:
            account_id = await store.end_session(session, fingerprint(token))
            identity = await store.identity(session, account_id) if account_id else None
            if identity is not None and identity.workspace_id:
                actor = Actor(workspace_id=identity.workspace_id, account_id=identity.account_id, ip=ip)
                record(session, actor, "account.logout", identity.account_id)

    def renewed(self, account_id: str) -> SessionTokens:
        """Fresh access and CSRF tokens for a caller who has proved himself; the refresh token stays."""
        return self._issue(account_id, None)

    @property
    def _life(self) -> timedelta:
        return timedelta(days=self._security.refresh_token_days)

    def _issue(self, account_id: str, refresh: str | None) -> SessionTokens:
        minutes = self._security.access_token_minutes
        return SessionTokens(
            account_id=account_id,
            access=self._tokens.console_access(account_id, minutes=minutes),
            csrf=self._tokens.csrf(account_id, minutes=minutes),
            refresh=refresh,
        )


def decode_password(encoded: str) -> str:
    """The text behind a password on the wire. Raises `AuthenticationFailed`."""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise AuthenticationFailed from error
