"""What an operator does for people who can't help themselves: passwords, addresses, a first workspace."""

from __future__ import annotations

import asyncio
import secrets

import msgspec
from sqlalchemy.exc import IntegrityError

from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.database.orm import utc_now
from orrery.security.passwords import Passwords
from orrery.workspaces.accounts import store
from orrery.workspaces.accounts.errors import EmailInUse
from orrery.workspaces.accounts.tables import Account, Setup
from orrery.workspaces.accounts.words import DEFAULT_LANGUAGE, LANGUAGES, checked_email, checked_name
from orrery.workspaces.members.tables import Membership, Workspace

_PASSWORD_BYTES = 16


class NewTenant(msgspec.Struct, frozen=True):
    """The workspace that was made, its owner's address, and the password that nobody else knows yet."""

    workspace_id: str
    email: str
    password: str


async def create_tenant(
    database: Database, email: str, name: str, language: str, *, version: str, passwords: Passwords
) -> NewTenant:
    """Makes an account and a workspace that it owns. An unknown language is English.

    A first run that is still to do counts as done. Raises `EmailInUse`, `InvalidParam`.
    """
    address = checked_email(email)
    # A letter and a digit are in it by chance almost always; the rule wants them always.
    password = secrets.token_urlsafe(_PASSWORD_BYTES) + "a1"
    hashed = await asyncio.to_thread(passwords.hash, password)
    workspace = Workspace(
        id=new_id(), name=checked_name(name or f"{address.partition('@')[0]}'s Workspace", "name", least=1, most=60)
    )
    account = Account(
        id=new_id(),
        name=address.partition("@")[0][:30],
        email=address,
        password=hashed,
        interface_language=language if language in LANGUAGES else DEFAULT_LANGUAGE,
        status="active",
        initialized_at=utc_now(),
    )
    try:
        async with database.write() as session:
            if await store.setup_row(session) is None:
                session.add(Setup(version=version, setup_at=utc_now()))
            session.add_all([workspace, account])
            await session.flush()
            session.add(Membership(tenant_id=workspace.id, account_id=account.id, role="owner", current=True))
    except IntegrityError as error:
        raise EmailInUse from error
    return NewTenant(workspace.id, address, password)
