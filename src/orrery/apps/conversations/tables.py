"""Rows of end users, conversations, messages and what hangs on them (workflow.md 5)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Money, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class EndUser(Table):
    """Somebody who uses an app without an account. ``type``: service-api, browser, trigger, mcp."""

    __tablename__ = "end_users"
    __table_args__ = (Index("ix_end_users_session", "tenant_id", "app_id", "session_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str | None] = mapped_column(Id)
    type: Mapped[str] = mapped_column(String(32))
    external_user_id: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    is_anonymous: Mapped[bool] = mapped_column(default=True)
    session_id: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class Conversation(Table):
    """A thread of messages. ``invoke_from`` keeps API, web app and debugger apart; ``is_deleted`` hides it at once."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_app_user", "app_id", "from_end_user_id", "updated_at"),
        Index("ix_conversations_app_created", "app_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    app_model_config_id: Mapped[str | None] = mapped_column(Id)
    mode: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(255))
    summary: Mapped[str | None] = mapped_column(LongText)
    inputs: Mapped[object] = mapped_column(JsonText)
    introduction: Mapped[str | None] = mapped_column(LongText)
    status: Mapped[str] = mapped_column(String(32), default="normal")
    invoke_from: Mapped[str] = mapped_column(String(32))
    from_source: Mapped[str] = mapped_column(String(16))
    from_end_user_id: Mapped[str | None] = mapped_column(Id)
    from_account_id: Mapped[str | None] = mapped_column(Id)
    read_at: Mapped[datetime | None] = mapped_column(Utc)
    read_account_id: Mapped[str | None] = mapped_column(Id)
    dialogue_count: Mapped[int] = mapped_column(default=0)
    is_deleted: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class Message(Table):
    """One turn: a query and its answer. ``workflow_run_id`` is shown for graph apps only; ``run_id`` is always the
    run behind it. ``status``: normal, error, paused (while the run waits), running (while it streams).
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_conversation", "conversation_id", "created_at"),
        Index("ix_messages_app_created", "app_id", "created_at"),
        Index("ix_messages_run", "run_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    conversation_id: Mapped[str] = mapped_column(Id, ForeignKey("conversations.id", ondelete="CASCADE"))
    parent_message_id: Mapped[str | None] = mapped_column(Id)
    model_provider: Mapped[str | None] = mapped_column(String(255))
    model_id: Mapped[str | None] = mapped_column(String(255))
    inputs: Mapped[object] = mapped_column(JsonText)
    query: Mapped[str] = mapped_column(LongText)
    message: Mapped[object] = mapped_column(JsonText, nullable=True)
    answer: Mapped[str] = mapped_column(LongText, default="")
    message_tokens: Mapped[int] = mapped_column(default=0)
    answer_tokens: Mapped[int] = mapped_column(default=0)
    total_price: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    currency: Mapped[str] = mapped_column(String(16), default="USD")
    provider_response_latency: Mapped[float] = mapped_column(default=0.0)
    message_metadata: Mapped[object] = mapped_column(JsonText, nullable=True)
    status: Mapped[str] = mapped_column(String(16), default="normal")
    error: Mapped[str | None] = mapped_column(LongText)
    invoke_from: Mapped[str] = mapped_column(String(32))
    from_source: Mapped[str] = mapped_column(String(16))
    from_end_user_id: Mapped[str | None] = mapped_column(Id)
    from_account_id: Mapped[str | None] = mapped_column(Id)
    workflow_run_id: Mapped[str | None] = mapped_column(Id)
    run_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class MessageFile(Table):
    """A file of a message. ``belongs_to``: user or assistant; ``type`` image, document, audio, video, custom."""

    __tablename__ = "message_files"
    __table_args__ = (Index("ix_message_files_message", "message_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(Id, ForeignKey("messages.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(16))
    transfer_method: Mapped[str] = mapped_column(String(16))
    url: Mapped[str | None] = mapped_column(LongText)
    belongs_to: Mapped[str] = mapped_column(String(16))
    upload_file_id: Mapped[str | None] = mapped_column(Id, index=True)
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class MessageAgentThought(Table):
    """One round of a basic app's agent (workflow.md 4.2, ``agent_thought``). ``message_files`` are ids of `MessageFile`."""

    __tablename__ = "message_agent_thoughts"
    __table_args__ = (Index("ix_message_agent_thoughts_message", "message_id", "position"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(Id, ForeignKey("messages.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    thought: Mapped[str] = mapped_column(LongText, default="")
    tool: Mapped[str] = mapped_column(LongText, default="")
    tool_labels: Mapped[object] = mapped_column(JsonText)
    tool_input: Mapped[str] = mapped_column(LongText, default="")
    observation: Mapped[str] = mapped_column(LongText, default="")
    message_files: Mapped[object] = mapped_column(JsonText)
    tokens: Mapped[int] = mapped_column(default=0)
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class MessageFeedback(Table):
    """A like or dislike. ``from_source``: user (end user) or admin (console)."""

    __tablename__ = "message_feedbacks"
    __table_args__ = (
        Index("ix_message_feedbacks_message", "message_id", "from_source"),
        Index("ix_message_feedbacks_app", "app_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    conversation_id: Mapped[str] = mapped_column(Id)
    message_id: Mapped[str] = mapped_column(Id, ForeignKey("messages.id", ondelete="CASCADE"))
    rating: Mapped[str] = mapped_column(String(16))
    content: Mapped[str | None] = mapped_column(LongText)
    from_source: Mapped[str] = mapped_column(String(16))
    from_end_user_id: Mapped[str | None] = mapped_column(Id)
    from_account_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class PinnedConversation(Table):
    """A conversation that an end user or account keeps at the top."""

    __tablename__ = "pinned_conversations"
    __table_args__ = (
        UniqueConstraint("app_id", "conversation_id", "created_by_role", "created_by", name="uq_pinned_conversations"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    conversation_id: Mapped[str] = mapped_column(Id, ForeignKey("conversations.id", ondelete="CASCADE"))
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class SavedMessage(Table):
    """An answer of a completion app that an end user kept."""

    __tablename__ = "saved_messages"
    __table_args__ = (
        UniqueConstraint("app_id", "message_id", "created_by_role", "created_by", name="uq_saved_messages"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(Id, ForeignKey("messages.id", ondelete="CASCADE"))
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class ConversationVariable(Table):
    """A conversation variable's value in one conversation; ``data`` is the variable item with its value."""

    __tablename__ = "workflow_conversation_variables"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        Id, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    app_id: Mapped[str] = mapped_column(Id, index=True)
    data: Mapped[object] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
