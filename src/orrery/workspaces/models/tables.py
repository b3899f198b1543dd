"""Rows of model credentials, custom models and defaults. Credentials are encrypted; nothing here is clear text."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class ProviderCredential(Table):
    """A named credential of a provider; the active one is used for all of the provider's models."""

    __tablename__ = "provider_credentials"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider_name", "credential_name", name="uq_provider_credentials_name"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    provider_name: Mapped[str] = mapped_column(String(191))
    credential_name: Mapped[str] = mapped_column(String(191))
    encrypted_config: Mapped[str] = mapped_column(LongText)
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class ModelCredential(Table):
    """A model that a workspace added by name, with credentials of its own (OpenAI-compatible endpoints, Ollama)."""

    __tablename__ = "provider_model_credentials"
    __table_args__ = (
        UniqueConstraint(
            "tenant_id", "provider_name", "model_name", "model_type", "credential_name", name="uq_provider_model_name"
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    provider_name: Mapped[str] = mapped_column(String(160))
    model_name: Mapped[str] = mapped_column(String(160))
    model_type: Mapped[str] = mapped_column(String(32))
    credential_name: Mapped[str] = mapped_column(String(100))
    encrypted_config: Mapped[str] = mapped_column(LongText)
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class ModelSetting(Table):
    """A switch on one model of a provider: disabled models are not offered."""

    __tablename__ = "provider_model_settings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider_name", "model_name", "model_type", name="uq_provider_model_settings"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    provider_name: Mapped[str] = mapped_column(String(160))
    model_name: Mapped[str] = mapped_column(String(160))
    model_type: Mapped[str] = mapped_column(String(32))
    enabled: Mapped[bool] = mapped_column(default=True)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class DefaultModel(Table):
    """The workspace's default model of one kind."""

    __tablename__ = "tenant_default_models"
    __table_args__ = (UniqueConstraint("tenant_id", "model_type", name="uq_tenant_default_models_kind"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    provider_name: Mapped[str] = mapped_column(String(255))
    model_name: Mapped[str] = mapped_column(String(255))
    model_type: Mapped[str] = mapped_column(String(40))
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
