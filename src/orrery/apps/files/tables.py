"""Rows of uploaded files and of files that nodes and tools made. Content lives in object storage under ``key``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class UploadFile(Table):
    """A file that an account or an end user sent. ``hash`` is SHA3-256 of the content, hex."""

    __tablename__ = "upload_files"
    __table_args__ = (Index("ix_upload_files_tenant", "tenant_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    storage_type: Mapped[str] = mapped_column(String(32))
    key: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column()
    extension: Mapped[str] = mapped_column(String(255))
    mime_type: Mapped[str | None] = mapped_column(String(255))
    created_by_role: Mapped[str] = mapped_column(String(16))
    created_by: Mapped[str] = mapped_column(Id)
    used: Mapped[bool] = mapped_column(default=False)
    used_by: Mapped[str | None] = mapped_column(Id)
    used_at: Mapped[datetime | None] = mapped_column(Utc)
    hash: Mapped[str | None] = mapped_column(String(64))
    source_url: Mapped[str] = mapped_column(LongText, default="")
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class ToolFile(Table):
    """A file that a node or tool made for a user of the workspace."""

    __tablename__ = "tool_files"
    __table_args__ = (Index("ix_tool_files_tenant", "tenant_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id)
    conversation_id: Mapped[str | None] = mapped_column(Id)
    file_key: Mapped[str] = mapped_column(String(255))
    mimetype: Mapped[str] = mapped_column(String(255))
    original_url: Mapped[str | None] = mapped_column(LongText)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
