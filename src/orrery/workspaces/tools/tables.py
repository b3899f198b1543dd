"""Rows of a workspace's tools. Credentials, headers and logins are sealed; so is an MCP server's address, which often
holds a key.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class BuiltInCredential(Table):
    """A named credential of a built-in provider; ``is_default`` marks the one that apps use unless they name another."""

    __tablename__ = "tool_builtin_providers"
    __table_args__ = (UniqueConstraint("tenant_id", "provider", "name", name="uq_tool_builtin_providers_name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id)
    provider: Mapped[str] = mapped_column(String(191))
    name: Mapped[str] = mapped_column(String(191))
    credential_type: Mapped[str] = mapped_column(String(32))
    encrypted_credentials: Mapped[str] = mapped_column(LongText)
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class ApiProvider(Table):
    """An imported API description. ``operations`` is what was read from it, so that runs need not read it again."""

    __tablename__ = "tool_api_providers"
    __table_args__ = (UniqueConstraint("tenant_id", "name", name="uq_tool_api_providers_name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(191))
    icon: Mapped[object] = mapped_column(JsonText, nullable=True)
    description: Mapped[str] = mapped_column(LongText)
    schema_type: Mapped[str] = mapped_column(String(32))
    schema_text: Mapped[str] = mapped_column(LongText)
    operations: Mapped[object] = mapped_column(JsonText)
    encrypted_credentials: Mapped[str] = mapped_column(LongText)
    privacy_policy: Mapped[str | None] = mapped_column(LongText)
    custom_disclaimer: Mapped[str | None] = mapped_column(LongText)
    labels: Mapped[object] = mapped_column(JsonText, nullable=True)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class McpProvider(Table):
    """An MCP server. ``server_url_hash`` is SHA-256 of the address; ``tools`` is its list when it was last asked.

    ``encrypted_client`` holds who we are to its authorization servers, ``encrypted_login`` the tokens.
    """

    __tablename__ = "tool_mcp_providers"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name", name="uq_tool_mcp_providers_name"),
        UniqueConstraint("tenant_id", "server_identifier", name="uq_tool_mcp_providers_identifier"),
        UniqueConstraint("tenant_id", "server_url_hash", name="uq_tool_mcp_providers_url"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(191))
    server_identifier: Mapped[str] = mapped_column(String(64))
    encrypted_server_url: Mapped[str] = mapped_column(LongText)
    server_url_hash: Mapped[str] = mapped_column(String(64))
    icon: Mapped[object] = mapped_column(JsonText, nullable=True)
    encrypted_headers: Mapped[str | None] = mapped_column(LongText)
    encrypted_client: Mapped[str | None] = mapped_column(LongText)
    encrypted_login: Mapped[str | None] = mapped_column(LongText)
    authed: Mapped[bool] = mapped_column(default=False)
    tools: Mapped[object] = mapped_column(JsonText)
    timeout: Mapped[float] = mapped_column(default=30.0)
    sse_read_timeout: Mapped[float] = mapped_column(default=300.0)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
