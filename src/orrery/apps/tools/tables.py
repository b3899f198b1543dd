"""Rows of workflows that are published as tools."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class WorkflowToolProvider(Table):
    """One app as a tool. ``version`` is the published version that it runs, however far the app has gone on.

    ``parameters`` is a list of ``{name, description, form}``, one for each variable of the version's start form.
    """

    __tablename__ = "tool_workflow_providers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name", name="uq_tool_workflow_providers_name"),
        UniqueConstraint("tenant_id", "app_id", name="uq_tool_workflow_providers_app"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(191))
    label: Mapped[str] = mapped_column(String(255))
    icon: Mapped[object] = mapped_column(JsonText, nullable=True)
    description: Mapped[str] = mapped_column(LongText)
    version: Mapped[str] = mapped_column(String(64))
    parameters: Mapped[object] = mapped_column(JsonText)
    privacy_policy: Mapped[str | None] = mapped_column(LongText)
    labels: Mapped[object] = mapped_column(JsonText, nullable=True)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
