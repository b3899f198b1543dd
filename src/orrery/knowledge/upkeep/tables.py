"""Rows that remember which documents were switched off by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class AutoDisableLog(Table):
    """A document that was switched off because nobody used its dataset. ``notified``: an owner was told."""

    __tablename__ = "dataset_auto_disable_logs"
    __table_args__ = (
        Index("ix_dataset_auto_disable_logs_tenant", "tenant_id", "notified"),
        Index("ix_dataset_auto_disable_logs_dataset", "dataset_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    document_id: Mapped[str] = mapped_column(Id, ForeignKey("documents.id", ondelete="CASCADE"))
    notified: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
