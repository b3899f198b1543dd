"""The first run: one owner, one workspace, one record that says so, or none of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy.exc import IntegrityError

from orrery.cache.protocol import Cache
from orrery.database import Database
from orrery.database.ids import new_id
from orrery.errors import TooManyRequests
from orrery.security.jws import TokenError, sign, verify
from orrery.security.passwords import Passwords
from orrery.security.tokens import same_text
from orrery.settings.groups.security import Security as SecuritySettings
from orrery.workspaces.accounts import store
from orrery.workspaces.accounts.errors import AlreadySetup, InitValidateFailed, NotInitValidated, NotSetup
from orrery.workspaces.accounts.tables import Account, Setup
from orrery.workspaces.accounts.words import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    checked_email,
    checked_name,
    checked_password,
)
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.members.tables import Membership, Workspace

TICKET_SECONDS = 3600
"""How long the owner may take between giving the installation password and making the account."""


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Who the first account is for; ``name`` at most 30 characters, ``password`` in the clear."""

    email: str
    name: str
    password: str
    language: str | None = None


class FirstRun:
    """Knows whether the owner exists, and makes the owner once.

    ``settings`` gives INIT_PASSWORD ("" asks nothing); ``always_finished`` is for editions that are not self-hosted.
    """

    def __init__(
        self,
        database: Database,
        cache: Cache,
        passwords: Passwords,
        *,
        version: str,
        settings: SecuritySettings,
        always_finished: bool,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._cache = cache
        self._passwords = passwords
        self._version = version
        self._init_password = settings.init_password
        self._ticket_key = b"first-run:" + settings.secret_key.encode()
        self._always_finished = always_finished
        self._now = now
        self._finished = always_finished

    @property
    def asks_init_password(self) -> bool:
        """Whether a password must be given before the owner can be made."""
        return bool(self._init_password) and not self._always_finished

    async def is_finished(self) -> bool:
        """Whether the owner exists. Once true it is never asked of the database again."""
        if not self._finished:
            async with self._database.read() as session:
                self._finished = await store.setup_row(session) is not None
        return self._finished

    async def finished_at(self) -> datetime | None:
        """When the first run was, or None."""
        async with self._database.read() as session:
            row = await store.setup_row(session)
        return row.setup_at if row else None

    async def gate(self) -> None:
        """Raises `NotSetup` or `NotInitValidated` while there is no owner."""
        if not await self.is_finished():
            raise NotInitValidated if self.asks_init_password else NotSetup

    async def check_init_password(self, password: str, *, ip: str) -> str:
        """A ticket that proves for an hour that the password was given.

        Raises `AlreadySetup` when the owner exists, `InitValidateFailed` when the password is wrong, `TooManyRequests`
        beyond ten attempts an hour from one address.
        """
        if await self.is_finished():
            raise AlreadySetup
        attempt = await self._cache.hit(f"init_password:{ip}", limit=10, window=3600)
        if not attempt.allowed:
            raise TooManyRequests(retry_after=attempt.retry_after)
        if not same_text(password, self._init_password):
            raise InitValidateFailed
        expiry = int(self._now().timestamp()) + TICKET_SECONDS
        return sign({"is_init_validated": True, "exp": expiry}, self._ticket_key)

    def is_ticket(self, text: str | None) -> bool:
        """Whether the text is a ticket of `check_init_password` that still holds."""
        try:
            claims = verify(text or "", self._ticket_key)
        except TokenError:
            return False
        expiry = claims.get("exp")
        return isinstance(expiry, int) and expiry > self._now().timestamp()

    async def make_owner(self, owner: Owner, *, init_validated: bool, ip: str) -> str:
        """Makes account, workspace, membership and record in one transaction; gives the workspace's id.

        Raises `AlreadySetup`, also for the loser of two at once; `NotInitValidated`; `InvalidParam`.
        """
        if await self.is_finished():
            raise AlreadySetup
        if self.asks_init_password and not init_validated:
            raise NotInitValidated
        email = checked_email(owner.email)
        name = checked_name(owner.name, "name", least=1, most=30)
        checked_password(owner.password)
        hashed = await asyncio.to_thread(self._passwords.hash, owner.password)
        try:
            async with self._database.write() as session:
                if await store.setup_row(session) is not None:
                    raise AlreadySetup
                # First of all: on servers the loser of a race stops here, at the record's primary key.
                session.add(Setup(version=self._version, setup_at=self._now()))
                await session.flush()
                account = Account(
                    id=new_id(),
                    name=name,
                    email=email,
                    password=hashed,
                    interface_language=owner.language if owner.language in LANGUAGES else DEFAULT_LANGUAGE,
                    status="active",
                    initialized_at=self._now(),
                    last_active_at=self._now(),
                    last_login_ip=ip or None,
                )
                workspace = Workspace(id=new_id(), name=f"{name}'s Workspace")
                session.add_all((account, workspace))
                await session.flush()
                session.add(Membership(tenant_id=workspace.id, account_id=account.id, role="owner", current=True))
                actor = Actor(workspace_id=workspace.id, account_id=account.id, ip=ip)
                record(session, actor, "workspace.setup", workspace.id, name=workspace.name)
        except IntegrityError as error:
            raise AlreadySetup from error
        self._finished = True
        return workspace.id
