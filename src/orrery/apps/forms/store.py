"""SQL of forms. Callers own the transaction; every query names the run, the token or the workspace it starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.forms.recipients import Member
from orrery.apps.forms.tables import HumanInputForm, HumanInputRecipient
from orrery.apps.runs.tables import WorkflowRun
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Membership

SHOWN_TYPES = ("console", "standalone_web_app")
_AT_ONCE = 200


async def at_place(session: AsyncSession, run_id: str, place: str) -> HumanInputForm | None:
    """The form that a run opened at a place."""
    return await session.scalar(
        select(HumanInputForm).where(HumanInputForm.workflow_run_id == run_id, HumanInputForm.place == place)
    )


async def shown_recipient(session: AsyncSession, form_id: str) -> str | None:
    """The id of the recipient whose token watchers of the run may see."""
    return await session.scalar(
        select(HumanInputRecipient.id).where(
            HumanInputRecipient.form_id == form_id, HumanInputRecipient.type.in_(SHOWN_TYPES)
        )
    )


async def by_token(session: AsyncSession, token_hash: str) -> tuple[HumanInputForm, HumanInputRecipient] | None:
    """The form and the recipient that a token stands for."""
    return await _with_recipient(session, HumanInputRecipient.token_hash == token_hash)


async def by_recipient(session: AsyncSession, recipient_id: str) -> tuple[HumanInputForm, HumanInputRecipient] | None:
    """The same by the recipient's id."""
    return await _with_recipient(session, HumanInputRecipient.id == recipient_id)


async def _with_recipient(
    session: AsyncSession, found: ColumnElement[bool]
) -> tuple[HumanInputForm, HumanInputRecipient] | None:
    query = select(HumanInputForm, HumanInputRecipient).join(
        HumanInputRecipient, HumanInputRecipient.form_id == HumanInputForm.id
    )
    row = (await session.execute(query.where(found))).first()
    return None if row is None else (row[0], row[1])


async def close(session: AsyncSession, form_id: str, status: str, values: Mapping[str, object]) -> bool:
    """Ends the wait of a form; False if it did not wait any more. Of many callers exactly one gets True."""
    closed = await session.execute(
        update(HumanInputForm)
        .where(HumanInputForm.id == form_id, HumanInputForm.status == "waiting")
        .values(status=status, **values)
    )
    return cast("int", getattr(closed, "rowcount", 0)) == 1


async def mark_woken(session: AsyncSession, run_id: str, now: datetime) -> None:
    """Says that the run knows of all its forms that ended so far."""
    await session.execute(
        update(HumanInputForm)
        .where(
            HumanInputForm.workflow_run_id == run_id,
            HumanInputForm.status != "waiting",
            HumanInputForm.woken_at.is_(None),
        )
        .values(woken_at=now)
    )


async def ended_unseen(session: AsyncSession, run_id: str | None = None) -> list[tuple[str, str]]:
    """Runs with a form that ended without their knowing: (run id, run status)."""
    query = (
        select(WorkflowRun.id, WorkflowRun.status)
        .join(HumanInputForm, HumanInputForm.workflow_run_id == WorkflowRun.id)
        .where(HumanInputForm.woken_at.is_(None), HumanInputForm.status != "waiting")
        .distinct()
    )
    query = query.where(WorkflowRun.status != "running") if run_id is None else query.where(WorkflowRun.id == run_id)
    return [(row[0], row[1]) for row in await session.execute(query.limit(_AT_ONCE))]


async def overdue(session: AsyncSession, now: datetime) -> list[HumanInputForm]:
    """Forms that waited for too long, the oldest first."""
    return list(
        await session.scalars(
            select(HumanInputForm)
            .where(HumanInputForm.status == "waiting", HumanInputForm.ends_at <= now)
            .order_by(HumanInputForm.ends_at)
            .limit(_AT_ONCE)
        )
    )


async def of_runs(session: AsyncSession, run_ids: Sequence[str]) -> list[HumanInputForm]:
    """The forms of some runs, the first opened first."""
    return list(
        await session.scalars(
            select(HumanInputForm)
            .where(HumanInputForm.workflow_run_id.in_(run_ids))
            .order_by(HumanInputForm.created_at, HumanInputForm.id)
        )
    )


async def recipients_of(session: AsyncSession, form_ids: Sequence[str], *types: str) -> dict[str, str]:
    """The recipients of these types, by form."""
    if not form_ids:
        return {}
    rows = await session.execute(
        select(HumanInputRecipient.form_id, HumanInputRecipient.id).where(
            HumanInputRecipient.form_id.in_(form_ids), HumanInputRecipient.type.in_(types)
        )
    )
    return {row[0]: row[1] for row in rows}


async def mails_to_send(session: AsyncSession, form_id: str) -> list[HumanInputRecipient]:
    """Recipients of a form whose mail is still to be sent."""
    return list(
        await session.scalars(
            select(HumanInputRecipient).where(
                HumanInputRecipient.form_id == form_id, HumanInputRecipient.delivery == "pending"
            )
        )
    )


async def forms_to_mail(
    session: AsyncSession, *, run_id: str | None = None, before: datetime | None = None
) -> list[str]:
    """Forms with mails to send: of one run, or of all that were opened ``before``."""
    query = (
        select(HumanInputForm.id)
        .join(HumanInputRecipient, HumanInputRecipient.form_id == HumanInputForm.id)
        .where(HumanInputRecipient.delivery == "pending")
        .distinct()
    )
    if run_id is not None:
        query = query.where(HumanInputForm.workflow_run_id == run_id)
    if before is not None:
        query = query.where(HumanInputRecipient.created_at <= before)
    return list(await session.scalars(query.limit(_AT_ONCE)))


async def set_delivery(
    session: AsyncSession, recipient_id: str, delivery: str, *, error: str | None, now: datetime
) -> None:
    """Says what became of a mail."""
    await session.execute(
        update(HumanInputRecipient)
        .where(HumanInputRecipient.id == recipient_id)
        .values(delivery=delivery, error=error, sent_at=now if delivery == "sent" else None)
    )


async def members(session: AsyncSession, workspace_id: str) -> list[Member]:
    """The workspace's people who can sign in."""
    rows = await session.execute(
        select(Account.id, Account.email)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.tenant_id == workspace_id, or_(Account.status == "active", Account.status == "uninitialized"))
        .order_by(Membership.id)
    )
    return [Member(row[0], row[1]) for row in rows]
