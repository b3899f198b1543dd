"""Rows of runs, their node executions, their event log and the keys that make requests repeatable (workflow.md 7.2)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class WorkflowRun(Table):
    """A run of any app. ``type``: workflow, chat (chatflow), basic (chat and completion apps, hidden from run lists).

    ``graph`` is kept only where the version is no immutable row (drafts); ``lease_*`` say which process runs it:
    ``lease_token`` grows with every owner and fences late writes of an earlier one. ``request`` is what a resuming
    process needs beyond the graph (caller, message, conversation, streaming).
    """

    __tablename__ = "workflow_runs"
    __table_args__ = (
        Index("ix_workflow_runs_app", "app_id", "triggered_from", "created_at"),
        Index("ix_workflow_runs_lease", "status", "lease_expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    workflow_id: Mapped[str] = mapped_column(Id)
    type: Mapped[str] = mapped_column(String(16))
    triggered_from: Mapped[str] = mapped_column(String(32))
    version: Mapped[str] = mapped_column(String(64))
    graph: Mapped[str | None] = mapped_column(LongText)
    inputs: Mapped[str | None] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(24))
    outputs: Mapped[str | None] = mapped_column(LongText)
    error: Mapped[str | None] = mapped_column(LongText)
    elapsed_time: Mapped[float] = mapped_column(default=0.0)
    total_tokens: Mapped[int] = mapped_column(default=0)
    total_steps: Mapped[int] = mapped_column(default=0)
    exceptions_count: Mapped[int] = mapped_column(default=0)
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)
    task_id: Mapped[str] = mapped_column(Id)
    request: Mapped[object] = mapped_column(JsonText, nullable=True)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_token: Mapped[int] = mapped_column(default=1)
    lease_expires_at: Mapped[datetime | None] = mapped_column(Utc)
    stop_requested: Mapped[bool] = mapped_column(default=False)


class NodeExecution(Table):
    """One execution of a node. JSON columns hold text as journalled. ``id`` is also the wire's node execution id."""

    __tablename__ = "workflow_node_executions"
    __table_args__ = (
        Index("ix_workflow_node_executions_run", "workflow_run_id", "index"),
        Index("ix_workflow_node_executions_node", "app_id", "node_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    workflow_id: Mapped[str] = mapped_column(Id)
    triggered_from: Mapped[str] = mapped_column(String(32))
    workflow_run_id: Mapped[str | None] = mapped_column(Id)
    index: Mapped[int] = mapped_column()
    predecessor_node_id: Mapped[str | None] = mapped_column(String(255))
    node_execution_id: Mapped[str | None] = mapped_column(String(255))
    node_id: Mapped[str] = mapped_column(String(255))
    node_type: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(255))
    inputs: Mapped[str | None] = mapped_column(LongText)
    process_data: Mapped[str | None] = mapped_column(LongText)
    outputs: Mapped[str | None] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(LongText)
    elapsed_time: Mapped[float] = mapped_column(default=0.0)
    execution_metadata: Mapped[str | None] = mapped_column(LongText)
    checkpoint: Mapped[str | None] = mapped_column(LongText)
    """What a resuming engine needs beyond the outputs: the handle taken, conversation updates."""
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)


class RunEvents(Table):
    """A stretch of a streamed run's frames, for clients that come back (reliability.md 3.1, G5). Kept 10 minutes
    beyond the end. ``frames`` is a JSON list of [sequence number, frame text].
    """

    __tablename__ = "workflow_run_events"
    __table_args__ = (Index("ix_workflow_run_events_created", "created_at"),)

    run_id: Mapped[str] = mapped_column(Id, primary_key=True)
    first_seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    frames: Mapped[str] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class AppLog(Table):
    """A workflow app's run as its log shows it; debug runs have none."""

    __tablename__ = "workflow_app_logs"
    __table_args__ = (Index("ix_workflow_app_logs_app", "app_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    workflow_id: Mapped[str] = mapped_column(Id)
    workflow_run_id: Mapped[str] = mapped_column(Id, unique=True)
    created_from: Mapped[str] = mapped_column(String(32))
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class RunCallback(Table):
    """Whom to tell when a run ends: its caller asked for it and waits elsewhere. ``secret`` is encrypted."""

    __tablename__ = "workflow_run_callbacks"

    run_id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(LongText)
    secret: Mapped[str] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(16), default="waiting")
    """waiting, delivered, failed."""
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, index=True)
    delivered_at: Mapped[datetime | None] = mapped_column(Utc)


class WorkflowPause(Table):
    """One wait of a run for something outside. ``reasons`` are told as the wire has them; ``elapsed_time`` is how long
    the run had worked by then, in seconds.
    """

    __tablename__ = "workflow_pauses"
    __table_args__ = (Index("ix_workflow_pauses_run", "workflow_run_id", "paused_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    workflow_id: Mapped[str] = mapped_column(Id)
    workflow_run_id: Mapped[str] = mapped_column(Id)
    paused_nodes: Mapped[object] = mapped_column(JsonText)
    reasons: Mapped[object] = mapped_column(JsonText)
    elapsed_time: Mapped[float] = mapped_column(default=0.0)
    paused_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    resumed_at: Mapped[datetime | None] = mapped_column(Utc)


class IdempotencyKey(Table):
    """The first run made under a client's ``Idempotency-Key``; kept 24 hours (reliability.md 3.1, G4).

    ``fingerprint`` is SHA-256 of the request, so that the same key with another request is refused.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("app_id", "caller", "key", name="uq_idempotency_keys"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    caller: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128))
    fingerprint: Mapped[str] = mapped_column(String(64))
    run_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, index=True)
