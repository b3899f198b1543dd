"""Rows of the audit log: who did what to which thing, when, from where."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class AuditEntry(Table):
    """One act. ``action`` is a permission-like word (``app.delete``), ``target`` the id of what it was done to."""

    __tablename__ = "operation_logs"
    __table_args__ = (Index("ix_operation_logs_tenant_created", "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    account_id: Mapped[str | None] = mapped_column(Id)
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str | None] = mapped_column(String(255))
    content: Mapped[object] = mapped_column(JsonText, nullable=True)
    ip: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
