"""Telling owners of workspaces which documents were switched off by themselves."""

from __future__ import annotations

import html
from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.upkeep.tables import AutoDisableLog
from orrery.mail.protocol import MailMessage
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Membership


class Switched(msgspec.Struct, frozen=True):
    """How many documents of a dataset were switched off."""

    dataset: str
    documents: int


class Notice(msgspec.Struct, frozen=True):
    """What an owner is to be told, and the notes that it settles."""

    to: str
    switched: tuple[Switched, ...]
    logs: tuple[str, ...]


async def workspaces_to_tell(session: AsyncSession) -> list[str]:
    """Ids of workspaces with notes that nobody was told of."""
    query = select(AutoDisableLog.tenant_id).where(AutoDisableLog.notified.is_(False)).distinct()
    return list(await session.scalars(query.order_by(AutoDisableLog.tenant_id)))


async def notice_for(session: AsyncSession, workspace_id: str) -> Notice | None:
    """None where there is nothing left to tell, or no owner who can sign in."""
    open_notes = (AutoDisableLog.tenant_id == workspace_id, AutoDisableLog.notified.is_(False))
    owner = await session.scalar(
        select(Account.email)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.tenant_id == workspace_id, Membership.role == "owner", Account.status == "active")
    )
    logs = tuple(await session.scalars(select(AutoDisableLog.id).where(*open_notes)))
    counted = await session.execute(
        select(Dataset.name, func.count())
        .join(AutoDisableLog, AutoDisableLog.dataset_id == Dataset.id)
        .where(*open_notes)
        .group_by(Dataset.id, Dataset.name)
        .order_by(Dataset.name)
    )
    switched = tuple(Switched(name, number) for name, number in counted)
    return Notice(owner, switched, logs) if owner and logs else None


async def settle(session: AsyncSession, logs: Sequence[str]) -> None:
    """The owner was told of these."""
    await session.execute(update(AutoDisableLog).where(AutoDisableLog.id.in_(logs)).values(notified=True))


def notice_mail(notice: Notice, days: int) -> MailMessage:
    """The mail: which knowledge bases, how many documents, how to have them back."""
    intro = (
        f"Nobody searched or changed these knowledge bases for {days} days, so their documents were switched off. "
        "Nothing is deleted: switch a document on again and it is found at once."
    )
    lines = [f"{one.dataset}: {one.documents}" for one in notice.switched]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return MailMessage(
        to=notice.to,
        subject="Orrery: documents that nobody used were switched off",
        text="\n".join([intro, "", *lines]),
        html=f"<!doctype html><html><body><p>{html.escape(intro)}</p><ul>{items}</ul></body></html>",
    )
