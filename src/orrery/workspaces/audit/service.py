"""Writes the audit log inside the caller's transaction, and reads it page by page."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database import Database
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.audit.tables import AuditEntry


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, in which workspace, from which address."""

    workspace_id: str
    account_id: str
    ip: str = ""


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One entry as it is shown; ``account_name`` is None when the account is gone."""

    id: str
    action: str
    target: str | None
    content: object
    ip: str | None
    created_at: datetime
    account_id: str | None
    account_name: str | None


class AuditPage(msgspec.Struct, frozen=True):
    """A page of entries, newest first, and how many there are in all."""

    lines: list[AuditLine]
    total: int


def record(session: AsyncSession, actor: Actor, action: str, target: str | None = None, **content: object) -> None:
    """Adds an entry to the caller's transaction, so that it is kept exactly when the change is.

    ``action`` is a word like ``member.invite``; ``content`` holds what a reader needs to understand the change, and
    never a secret.
    """
    session.add(
        AuditEntry(
            tenant_id=actor.workspace_id,
            account_id=actor.account_id,
            action=action,
            target=target,
            content=content or None,
            ip=actor.ip or None,
        )
    )


class AuditLog:
    """Reads the log of one workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, workspace_id: str, *, page: int, limit: int, action: str | None = None) -> AuditPage:
        """Entries of the workspace; ``page`` counts from 1, ``action`` is exact, or a prefix that ends with a dot."""
        where = [AuditEntry.tenant_id == workspace_id]
        if action:
            where.append(
                AuditEntry.action.startswith(action, autoescape=True)
                if action.endswith(".")
                else AuditEntry.action == action
            )
        query = (
            select(AuditEntry, Account.name)
            .outerjoin(Account, Account.id == AuditEntry.account_id)
            .where(*where)
            .order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
            .offset((page - 1) * limit)
            .limit(limit)
        )
        async with self._database.read() as session:
            total = await session.scalar(select(func.count()).select_from(AuditEntry).where(*where))
            rows = (await session.execute(query)).all()
        lines = [
            AuditLine(
                id=entry.id,
                action=entry.action,
                target=entry.target,
                content=entry.content,
                ip=entry.ip,
                created_at=entry.created_at,
                account_id=entry.account_id,
                account_name=name,
            )
            for entry, name in rows
        ]
        return AuditPage(lines, total or 0)
