"""Inviting people by link, and accepting an invitation. No mail service is needed: the link goes to the inviter.

An account that nobody has used yet is ``pending``; it has joined the workspace already, but can't sign in before its
invitation gave it a password, at `Invitations.accept` or at the first sign-in with the link's token.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.security.passwords import Passwords
from orrery.security.tokens import fingerprint, one_time_token
from orrery.settings.groups.accounts import Accounts as AccountSettings
from orrery.workspaces.accounts import store as accounts_store
from orrery.workspaces.accounts.errors import AlreadyActivated
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.accounts.words import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    checked_email,
    checked_language,
    checked_name,
    checked_password,
    checked_timezone,
)
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.members import store
from orrery.workspaces.members.service import checked_role
from orrery.workspaces.members.tables import Invitation, Membership

MOST_AT_ONCE = 50


class Invited(msgspec.Struct, frozen=True):
    """What became of one address: ``url`` for the invited person, or ``problem``."""

    email: str
    url: str | None
    problem: str | None = None


class OpenInvitation(msgspec.Struct, frozen=True):
    """What the invited person is shown."""

    workspace_id: str
    workspace_name: str
    email: str


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """What the invited person chose. ``workspace_id`` and ``email`` must fit the invitation where they are given."""

    token: str
    name: str
    interface_language: str
    timezone: str
    workspace_id: str | None = None
    email: str | None = None
    password: str | None = None


class Invitations:
    """Makes and takes invitations; a link lives INVITE_EXPIRY_HOURS."""

    def __init__(
        self, database: Database, passwords: Passwords, *, settings: AccountSettings, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._settings = settings
        self._now = now

    async def invite(
        self, actor: Actor, emails: Sequence[str], role: str, *, language: str | None, console_url: str
    ) -> list[Invited]:
        """Makes the people members and gives each one's link below ``console_url``. Raises `InvalidRole`.

        An active account joins at once and needs only the sign-in page. A wrong address fails alone.
        """
        checked_role(role)
        if not 1 <= len(emails) <= MOST_AT_ONCE:
            raise InvalidParam(f"Between 1 and {MOST_AT_ONCE} email addresses can be invited at once.", params="emails")
        base = console_url.rstrip("/")
        results: list[Invited] = []
        async with self._database.write() as session:
            await store.drop_expired_invitations(session, actor.workspace_id, self._now())
            for text in dict.fromkeys(emails):
                try:
                    email = checked_email(text, "emails")
                except InvalidParam as error:
                    results.append(Invited(text, None, error.message))
                    continue
                results.append(Invited(email, base + await self._invite_one(session, actor, email, role, language)))
        return results

    async def _invite_one(
        self, session: AsyncSession, actor: Actor, email: str, role: str, language: str | None
    ) -> str:
        account = await accounts_store.account_by_email(session, email)
        if account is None:
            account = Account(
                id=new_id(),
                name=email.partition("@")[0],
                email=email,
                interface_language=language if language in LANGUAGES else DEFAULT_LANGUAGE,
                status="pending",
            )
            session.add(account)
            await session.flush()
        if await store.membership(session, actor.workspace_id, account.id) is None:
            is_first = not await store.workspaces_of(session, account.id)
            session.add(
                Membership(
                    tenant_id=actor.workspace_id,
                    account_id=account.id,
                    role=role,
                    current=is_first,
                    invited_by=actor.account_id,
                )
            )
        record(session, actor, "member.invite", account.id, email=email, role=role)
        if account.status != "pending":
            return "/signin"
        token = one_time_token()
        session.add(
            Invitation(
                tenant_id=actor.workspace_id,
                account_id=account.id,
                email=email,
                token_hash=fingerprint(token),
                expires_at=self._now() + timedelta(hours=self._settings.invite_hours),
            )
        )
        await session.flush()
        return f"/activate?email={quote(email)}&token={token}"

    async def check(self, token: str, *, workspace_id: str | None, email: str | None) -> OpenInvitation | None:
        """What the link invites to, or None when it does not hold (any more)."""
        async with self._database.read() as session:
            found = await self._find(session, token, workspace_id, email)
            workspace = await store.workspace(session, found[0].tenant_id) if found else None
        if found is None or workspace is None:
            return None
        return OpenInvitation(workspace.id, workspace.name, found[0].email)

    async def accept(self, acceptance: Acceptance, *, ip: str) -> None:
        """Activates the account of the invitation and voids the link. Raises `AlreadyActivated`, `InvalidParam`.

        Without a password the link stays good for the first sign-in, which sets one.
        """
        name = checked_name(acceptance.name, "name", least=1, most=30)
        language = checked_language(acceptance.interface_language)
        timezone = checked_timezone(acceptance.timezone)
        hashed = None
        if acceptance.password is not None:
            hashed = await asyncio.to_thread(self._passwords.hash, checked_password(acceptance.password))
        async with self._database.write() as session:
            taken = await store.invitation_to_take(session, fingerprint(acceptance.token))
            if taken is not None:
                await accounts_store.account_to_change(session, taken.account_id)
            found = await self._find(session, acceptance.token, acceptance.workspace_id, acceptance.email)
            if found is None:
                raise AlreadyActivated
            invitation, account = found
            if account.password is None and hashed is not None:
                account.password = hashed
            account.name, account.interface_language, account.timezone = name, language, timezone
            account.status, account.initialized_at = "active", self._now()
            if account.password is not None:
                await session.delete(invitation)
            actor = Actor(workspace_id=invitation.tenant_id, account_id=account.id, ip=ip)
            record(session, actor, "member.join", account.id)

    async def _find(
        self, session: AsyncSession, token: str, workspace_id: str | None, email: str | None
    ) -> tuple[Invitation, Account] | None:
        invitation = await store.invitation_by_hash(session, fingerprint(token))
        if invitation is None or invitation.expires_at <= self._now():
            return None
        if workspace_id and invitation.tenant_id != workspace_id:
            return None
        if email and invitation.email != email.strip().lower():
            return None
        account = await accounts_store.account_by_id(session, invitation.account_id)
        # A sign-in with the link sets the password and leaves the rest to this; afterwards the account is nobody's
        # to activate again.
        if account is None or account.initialized_at is not None or account.status not in {"pending", "active"}:
            return None
        return invitation, account
