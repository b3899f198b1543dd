"""Rows of triggers: what a published version can be started by, and what started (workflow.md 6.4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class AppTrigger(Table):
    """A trigger node of the version in use. ``status``: enabled, disabled, unauthorized, rate_limited."""

    __tablename__ = "app_triggers"
    __table_args__ = (UniqueConstraint("app_id", "node_id", name="uq_app_triggers"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    node_id: Mapped[str] = mapped_column(String(255))
    trigger_type: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(255))
    provider_name: Mapped[str] = mapped_column(String(255), default="")
    status: Mapped[str] = mapped_column(String(32), default="enabled")
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class WebhookTrigger(Table):
    """The address of a webhook node, made when its draft is first saved; the id is the only secret of it."""

    __tablename__ = "workflow_webhook_triggers"
    __table_args__ = (UniqueConstraint("app_id", "node_id", name="uq_workflow_webhook_triggers"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    node_id: Mapped[str] = mapped_column(String(255))
    webhook_id: Mapped[str] = mapped_column(String(24), unique=True)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class SchedulePlan(Table):
    """When a schedule node of the version in use is next due; None when it never is again."""

    __tablename__ = "workflow_schedule_plans"
    __table_args__ = (
        UniqueConstraint("app_id", "node_id", name="uq_workflow_schedule_plans"),
        Index("ix_workflow_schedule_plans_next", "next_run_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    node_id: Mapped[str] = mapped_column(String(255))
    cron_expression: Mapped[str] = mapped_column(String(255))
    timezone: Mapped[str] = mapped_column(String(64))
    next_run_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class TriggerLog(Table):
    """One start that a trigger asked for, from the queue to the end of its run.

    ``status``: queued, running, succeeded, partial-succeeded, failed, stopped, paused, rate_limited. ``trigger_data`` is
    what the start node gets as inputs; ``workflow_run_id`` is decided before the run exists, so that a job that is
    done twice starts one run.
    """

    __tablename__ = "workflow_trigger_logs"
    __table_args__ = (
        Index("ix_workflow_trigger_logs_app", "app_id", "created_at"),
        Index("ix_workflow_trigger_logs_run", "workflow_run_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    workflow_id: Mapped[str] = mapped_column(Id)
    workflow_run_id: Mapped[str] = mapped_column(Id)
    root_node_id: Mapped[str] = mapped_column(String(255))
    trigger_metadata: Mapped[object] = mapped_column(JsonText)
    trigger_type: Mapped[str] = mapped_column(String(32))
    trigger_data: Mapped[str] = mapped_column(LongText)
    outputs: Mapped[str | None] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(32), default="queued")
    error: Mapped[str | None] = mapped_column(LongText)
    queue_name: Mapped[str] = mapped_column(String(64))
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    retry_count: Mapped[int] = mapped_column(default=0)
    elapsed_time: Mapped[float | None] = mapped_column()
    total_tokens: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    triggered_at: Mapped[datetime | None] = mapped_column(Utc)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)
