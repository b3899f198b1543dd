"""Rows of apps, their public sites, keys, basic configurations and tags."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class App(Table):
    """An app. ``mode`` as in workflow.md 1.1; ``workflow_id`` the published version, ``app_model_config_id`` the
    configuration in use of a basic app. ``deleted_at`` marks an app that can still be brought back.
    """

    __tablename__ = "apps"
    __table_args__ = (Index("ix_apps_tenant_created", "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(LongText, default="")
    mode: Mapped[str] = mapped_column(String(32))
    icon_type: Mapped[str | None] = mapped_column(String(16))
    icon: Mapped[str | None] = mapped_column(String(255))
    icon_background: Mapped[str | None] = mapped_column(String(255))
    app_model_config_id: Mapped[str | None] = mapped_column(Id)
    workflow_id: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(String(16), default="normal")
    enable_site: Mapped[bool] = mapped_column(default=True)
    enable_api: Mapped[bool] = mapped_column(default=True)
    use_icon_as_answer_icon: Mapped[bool] = mapped_column(default=False)
    max_active_requests: Mapped[int | None] = mapped_column()
    tracing: Mapped[object] = mapped_column(JsonText, nullable=True)
    created_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class AppModelConfig(Table):
    """A saved configuration of a chat, agent-chat or completion app: ``configs`` is the whole object of
    workflow.md 1.7. Rows are never changed: saving makes a new one, so a run knows what it ran with.
    """

    __tablename__ = "app_model_configs"
    __table_args__ = (Index("ix_app_model_configs_app_id", "app_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    configs: Mapped[object] = mapped_column(JsonText)
    created_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class Site(Table):
    """The public page of an app; ``code`` is its address."""

    __tablename__ = "sites"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(255))
    icon_type: Mapped[str | None] = mapped_column(String(16))
    icon: Mapped[str | None] = mapped_column(String(255))
    icon_background: Mapped[str | None] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(LongText)
    default_language: Mapped[str] = mapped_column(String(255), default="en-US")
    chat_color_theme: Mapped[str | None] = mapped_column(String(255))
    chat_color_theme_inverted: Mapped[bool] = mapped_column(default=False)
    copyright: Mapped[str | None] = mapped_column(String(255))
    privacy_policy: Mapped[str | None] = mapped_column(String(255))
    custom_disclaimer: Mapped[str] = mapped_column(LongText, default="")
    customize_domain: Mapped[str | None] = mapped_column(String(255))
    customize_token_strategy: Mapped[str] = mapped_column(String(16), default="not_allow")
    prompt_public: Mapped[bool] = mapped_column(default=False)
    show_workflow_steps: Mapped[bool] = mapped_column(default=True)
    use_icon_as_answer_icon: Mapped[bool] = mapped_column(default=False)
    input_placeholder: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default="normal")
    created_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class ApiKey(Table):
    """A Service API key. ``type``: app (``app_id`` set) or dataset. Shown again in the console, so kept readable
    (the contract shows the token in full each time).
    """

    __tablename__ = "api_tokens"
    __table_args__ = (
        Index("ix_api_tokens_app_id", "app_id", "type"),
        Index("ix_api_tokens_tenant", "tenant_id", "type"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    app_id: Mapped[str | None] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(String(255), unique=True)
    last_used_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class Tag(Table):
    """A label of the workspace. ``type``: app or knowledge."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("tenant_id", "type", "name", name="uq_tags_name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(100))
    created_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class TagBinding(Table):
    """A label on an app or a knowledge base."""

    __tablename__ = "tag_bindings"
    __table_args__ = (
        UniqueConstraint("tag_id", "target_id", name="uq_tag_bindings_pair"),
        Index("ix_tag_bindings_target_id", "target_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    tag_id: Mapped[str] = mapped_column(Id, ForeignKey("tags.id", ondelete="CASCADE"))
    target_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
