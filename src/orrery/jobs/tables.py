"""Rows of background jobs in the embedded shape: due, leased, retried (design.md 4, jobs)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class Job(Table):
    """One piece of work. ``status``: waiting, running, done, failed; or held, until its lane has room.

    ``tenant_id`` is set where jobs of a workspace go in a lane of their own (`orrery.jobs.lanes`).
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "status", "due_at"),
        Index("ix_jobs_turn", "status", "queue", "due_at"),
        Index("ix_jobs_lane", "status", "tenant_id", "queue", "due_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(128))
    queue: Mapped[str] = mapped_column(String(64))
    payload: Mapped[object] = mapped_column(JsonText)
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_expires_at: Mapped[datetime | None] = mapped_column(Utc)
    error: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)
    tenant_id: Mapped[str | None] = mapped_column(Id)
