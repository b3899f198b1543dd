"""SQL of accounts, their sessions, and the first-run record. Callers own the transaction."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from orrery.workspaces.accounts.tables import Account, AccountSession, Setup
from orrery.workspaces.members.tables import Membership, Workspace


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, and in which workspace: the current one, or else the one joined first. Empty when there is none."""

    account_id: str
    name: str
    email: str
    status: str
    last_active_at: datetime
    workspace_id: str
    role: str


# Prebuilt, and run on a bare connection where a request is let in: 0.5 ms against 0.9 ms through a session, of which
# 0.4 ms are the driver's. One index look-up on each table.
_JOINED = (
    select(Membership.id, Membership.account_id, Membership.tenant_id, Membership.role, Membership.current)
    .join(Workspace, and_(Workspace.id == Membership.tenant_id, Workspace.status == "normal"))
    .subquery()
)
_IDENTITY = (
    select(
        Account.id,
        Account.name,
        Account.email,
        Account.status,
        Account.last_active_at,
        _JOINED.c.tenant_id,
        _JOINED.c.role,
    )
    .outerjoin(_JOINED, _JOINED.c.account_id == Account.id)
    .where(Account.id == bindparam("account_id"))
    .order_by(_JOINED.c.current.desc(), _JOINED.c.id)
    .limit(1)
)


async def identity(session: AsyncSession | AsyncConnection, account_id: str) -> Identity | None:
    """The account with its current workspace, or None."""
    row = (await session.execute(_IDENTITY, {"account_id": account_id})).one_or_none()
    if row is None:
        return None
    return Identity(
        account_id=row[0],
        name=row[1],
        email=row[2],
        status=row[3],
        last_active_at=row[4],
        workspace_id=row[5] or "",
        role=row[6] or "",
    )


async def owner_of(session: AsyncSession, workspace_id: str) -> Identity | None:
    """The owner of a workspace, as caller in that workspace."""
    row = (
        await session.execute(
            select(Account)
            .join(Membership, Membership.account_id == Account.id)
            .join(Workspace, Workspace.id == Membership.tenant_id)
            .where(Membership.tenant_id == workspace_id, Membership.role == "owner", Workspace.status == "normal")
            .limit(1)
        )
    ).scalar_one_or_none()
    if row is None:
        return None
    return Identity(
        account_id=row.id,
        name=row.name,
        email=row.email,
        status=row.status,
        last_active_at=row.last_active_at,
        workspace_id=workspace_id,
        role="owner",
    )


async def account_by_id(session: AsyncSession, account_id: str) -> Account | None:
    """The account's row."""
    return await session.get(Account, account_id)


async def account_to_change(session: AsyncSession, account_id: str) -> Account | None:
    """The account's row as it is now, locked where the engine can.

    To be asked for first of all in a transaction: MariaDB refuses to lock what changed since an earlier plain read.
    """
    return await session.get(Account, account_id, with_for_update=True)


async def account_by_email(session: AsyncSession, email: str) -> Account | None:
    """The account of a mail address, as typed, else in lower case."""
    rows = (await session.scalars(select(Account).where(Account.email.in_({email, email.lower()})))).all()
    return min(rows, key=lambda row: row.email != email, default=None)


async def touch(session: AsyncSession, account_id: str, now: datetime, before: datetime) -> None:
    """Moves ``last_active_at`` to ``now`` unless another request did so since ``before``."""
    await session.execute(
        update(Account)
        .where(Account.id == account_id, Account.last_active_at < before)
        .values(last_active_at=now, updated_at=Account.updated_at)
    )


async def session_by_hash(session: AsyncSession, token_hash: str) -> AccountSession | None:
    """The session whose current or previous refresh token has this hash; locked where the engine can."""
    query = (
        select(AccountSession)
        .where(or_(AccountSession.token_hash == token_hash, AccountSession.previous_hash == token_hash))
        .with_for_update()
    )
    return (await session.scalars(query)).first()


async def end_session(session: AsyncSession, token_hash: str) -> str | None:
    """Ends the session of a refresh token, current or previous; gives the account's id."""
    row = await session_by_hash(session, token_hash)
    if row is None:
        return None
    await session.delete(row)
    return row.account_id


async def end_other_sessions(session: AsyncSession, account_id: str, kept_hash: str | None) -> None:
    """Ends every session of the account except the one with this token hash."""
    query = delete(AccountSession).where(AccountSession.account_id == account_id)
    if kept_hash is not None:
        query = query.where(AccountSession.token_hash != kept_hash)
    await session.execute(query)


async def drop_expired_sessions(session: AsyncSession, account_id: str, now: datetime) -> None:
    """Forgets the account's sessions that ran out."""
    await session.execute(
        delete(AccountSession).where(AccountSession.account_id == account_id, AccountSession.expires_at < now)
    )


async def setup_row(session: AsyncSession) -> Setup | None:
    """The first-run record, or None before the first run."""
    return (await session.scalars(select(Setup).order_by(Setup.setup_at).limit(1))).first()
