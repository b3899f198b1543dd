"""SQL of workspaces, memberships and invitations. Callers own the transaction; every query names its workspace."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Invitation, Membership, Workspace


async def workspaces_of(session: AsyncSession, account_id: str) -> list[tuple[Workspace, Membership]]:
    """The workspaces that the account belongs to, the first joined first."""
    query = (
        select(Workspace, Membership)
        .join(Membership, Membership.tenant_id == Workspace.id)
        .where(Membership.account_id == account_id, Workspace.status == "normal")
        .order_by(Membership.id)
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def workspace(session: AsyncSession, workspace_id: str) -> Workspace | None:
    """The workspace's row."""
    return await session.get(Workspace, workspace_id)


async def membership(session: AsyncSession, workspace_id: str, account_id: str) -> Membership | None:
    """The account's membership in a workspace that is open; locked where the engine can."""
    query = (
        select(Membership)
        .join(Workspace, and_(Workspace.id == Membership.tenant_id, Workspace.status == "normal"))
        .where(Membership.tenant_id == workspace_id, Membership.account_id == account_id)
        .with_for_update()
    )
    return (await session.scalars(query)).one_or_none()


async def make_current(session: AsyncSession, account_id: str, workspace_id: str) -> None:
    """Marks one of the account's memberships as the one that the console shows."""
    await session.execute(
        update(Membership)
        .where(Membership.account_id == account_id)
        .values(current=Membership.tenant_id == workspace_id, updated_at=Membership.updated_at)
    )


async def members(session: AsyncSession, workspace_id: str, role: str | None) -> list[tuple[Account, Membership]]:
    """The workspace's people, the first joined first; with ``role`` only those who have it."""
    query = (
        select(Account, Membership)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.tenant_id == workspace_id)
        .order_by(Membership.id)
    )
    if role is not None:
        query = query.where(Membership.role == role)
    return [(row[0], row[1]) for row in await session.execute(query)]


async def invitation_to_take(session: AsyncSession, token_hash: str) -> Invitation | None:
    """The invitation of a link, locked where the engine can."""
    query = select(Invitation).where(Invitation.token_hash == token_hash).with_for_update()
    return (await session.scalars(query)).one_or_none()


async def invitation_by_hash(session: AsyncSession, token_hash: str) -> Invitation | None:
    """The invitation of a link."""
    return (await session.scalars(select(Invitation).where(Invitation.token_hash == token_hash))).one_or_none()


async def forget_invitations(session: AsyncSession, workspace_id: str, account_id: str) -> None:
    """Makes every open link of this account into this workspace void."""
    await session.execute(
        delete(Invitation).where(Invitation.tenant_id == workspace_id, Invitation.account_id == account_id)
    )


async def drop_expired_invitations(session: AsyncSession, workspace_id: str, now: datetime) -> None:
    """Forgets the workspace's invitations that ran out."""
    await session.execute(delete(Invitation).where(Invitation.tenant_id == workspace_id, Invitation.expires_at < now))
