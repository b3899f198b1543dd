"""Rows of workflow versions: one draft per app and every published version (workflow.md 7.1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class Workflow(Table):
    """``version`` is ``draft`` or the publish time as text; ``graph`` and ``features`` are JSON text, kept as they came.

    Values of secret environment variables are encrypted inside ``environment_variables``.
    """

    __tablename__ = "workflows"
    __table_args__ = (Index("ix_workflows_app_version", "tenant_id", "app_id", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(64))
    graph: Mapped[str] = mapped_column(LongText)
    features: Mapped[str] = mapped_column(LongText)
    environment_variables: Mapped[object] = mapped_column(JsonText)
    conversation_variables: Mapped[object] = mapped_column(JsonText)
    rag_pipeline_variables: Mapped[object] = mapped_column(JsonText)
    marked_name: Mapped[str] = mapped_column(String(255), default="")
    marked_comment: Mapped[str] = mapped_column(String(255), default="")
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
