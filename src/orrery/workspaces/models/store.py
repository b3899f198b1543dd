"""SQL of model credentials, switches and defaults. Every query names its workspace; callers own the transaction."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.workspaces.models.tables import DefaultModel, ModelCredential, ModelSetting, ProviderCredential


class ModelKey(msgspec.Struct, frozen=True):
    """One model of one provider: canonical provider id, the vendor's name, and the contract's kind."""

    provider: str
    name: str
    kind: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """All that a workspace has set about models, oldest first. Credentials are sealed."""

    provider_credentials: tuple[ProviderCredential, ...]
    model_credentials: tuple[ModelCredential, ...]
    settings: tuple[ModelSetting, ...]
    defaults: tuple[DefaultModel, ...]


async def load(session: AsyncSession, workspace_id: str) -> Rows:
    """Four indexed queries; workspaces have tens of these rows at most."""
    return Rows(
        provider_credentials=tuple(
            await session.scalars(
                select(ProviderCredential)
                .where(ProviderCredential.tenant_id == workspace_id)
                .order_by(ProviderCredential.id)
            )
        ),
        model_credentials=tuple(
            await session.scalars(
                select(ModelCredential).where(ModelCredential.tenant_id == workspace_id).order_by(ModelCredential.id)
            )
        ),
        settings=tuple(await session.scalars(select(ModelSetting).where(ModelSetting.tenant_id == workspace_id))),
        defaults=tuple(await session.scalars(select(DefaultModel).where(DefaultModel.tenant_id == workspace_id))),
    )


async def provider_credentials(session: AsyncSession, workspace_id: str, provider: str) -> list[ProviderCredential]:
    """The provider's credentials, oldest first; locked where the engine can."""
    query = (
        select(ProviderCredential)
        .where(ProviderCredential.tenant_id == workspace_id, ProviderCredential.provider_name == provider)
        .order_by(ProviderCredential.id)
        .with_for_update()
    )
    return list(await session.scalars(query))


async def model_credentials(session: AsyncSession, workspace_id: str, key: ModelKey) -> list[ModelCredential]:
    """The model's own credentials, oldest first; locked where the engine can."""
    query = (
        select(ModelCredential)
        .where(
            ModelCredential.tenant_id == workspace_id,
            ModelCredential.provider_name == key.provider,
            ModelCredential.model_name == key.name,
            ModelCredential.model_type == key.kind,
        )
        .order_by(ModelCredential.id)
        .with_for_update()
    )
    return list(await session.scalars(query))


async def remove_model(session: AsyncSession, workspace_id: str, key: ModelKey) -> None:
    """Forgets a model of the workspace's own: credentials, switch, and its place as default."""
    for table in (ModelCredential, ModelSetting, DefaultModel):
        await session.execute(
            delete(table).where(
                table.tenant_id == workspace_id,
                table.provider_name == key.provider,
                table.model_name == key.name,
                table.model_type == key.kind,
            )
        )


async def switch_model(session: AsyncSession, workspace_id: str, key: ModelKey, *, enabled: bool) -> None:
    """Remembers whether the model is offered."""
    row = (
        await session.scalars(
            select(ModelSetting).where(
                ModelSetting.tenant_id == workspace_id,
                ModelSetting.provider_name == key.provider,
                ModelSetting.model_name == key.name,
                ModelSetting.model_type == key.kind,
            )
        )
    ).one_or_none()
    if row is None:
        row = ModelSetting(tenant_id=workspace_id, provider_name=key.provider, model_name=key.name, model_type=key.kind)
        session.add(row)
    row.enabled = enabled


async def set_default(session: AsyncSession, workspace_id: str, key: ModelKey) -> None:
    """Makes the model the workspace's default of its kind."""
    await session.execute(
        delete(DefaultModel).where(DefaultModel.tenant_id == workspace_id, DefaultModel.model_type == key.kind)
    )
    session.add(
        DefaultModel(tenant_id=workspace_id, provider_name=key.provider, model_name=key.name, model_type=key.kind)
    )
