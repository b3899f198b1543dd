"""Rows of plugin packages, of who installed them, and of the tasks that installed them (plugins.md 6.1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now

IDENTIFIER = String(320)
PLUGIN_ID = String(200)
WORKSPACE = String(64)
"""Not a reference: a daemon may serve a product whose workspaces are in another database."""


class PluginPackage(Table):
    """A package that was uploaded. ``declaration`` is JSON as text: it is passed on far more often than looked into."""

    __tablename__ = "plugin_packages"
    __table_args__ = (UniqueConstraint("plugin_unique_identifier"), Index("ix_plugin_packages_plugin", "plugin_id"))

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    plugin_unique_identifier: Mapped[str] = mapped_column(IDENTIFIER)
    plugin_id: Mapped[str] = mapped_column(PLUGIN_ID)
    category: Mapped[str] = mapped_column(String(32))
    declaration: Mapped[str] = mapped_column(LongText)
    verification: Mapped[object | None] = mapped_column(JsonText)
    size: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class PluginReadme(Table):
    """The text for people of a package, in one language."""

    __tablename__ = "plugin_readmes"
    __table_args__ = (UniqueConstraint("plugin_unique_identifier", "language"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    plugin_unique_identifier: Mapped[str] = mapped_column(IDENTIFIER)
    language: Mapped[str] = mapped_column(String(16))
    content: Mapped[str] = mapped_column(LongText)


class PluginInstallation(Table):
    """A workspace has a plugin, in one version."""

    __tablename__ = "plugin_installations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "plugin_id"),
        Index("ix_plugin_installations_identifier", "plugin_unique_identifier"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(WORKSPACE)
    plugin_id: Mapped[str] = mapped_column(PLUGIN_ID)
    plugin_unique_identifier: Mapped[str] = mapped_column(IDENTIFIER)
    runtime_type: Mapped[str] = mapped_column(String(16), default="local")
    source: Mapped[str] = mapped_column(String(32))
    meta: Mapped[object] = mapped_column(JsonText)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class PluginInstallTask(Table):
    """What an installation or upgrade did. ``expires_at`` None: shown until somebody deletes it."""

    __tablename__ = "plugin_install_tasks"
    __table_args__ = (Index("ix_plugin_install_tasks_tenant", "tenant_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(WORKSPACE)
    status: Mapped[str] = mapped_column(String(16))
    total_plugins: Mapped[int] = mapped_column()
    completed_plugins: Mapped[int] = mapped_column()
    plugins: Mapped[object] = mapped_column(JsonText)
    expires_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
