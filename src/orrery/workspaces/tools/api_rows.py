"""Rows of imported APIs: finding them, filling them in, reading their operations back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.ids import is_id
from orrery.tools.openapi.description import Operation
from orrery.tools.protocol import ToolRef
from orrery.workspaces.tools.labels import known
from orrery.workspaces.tools.tables import ApiProvider


class ApiForm(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form."""

    provider: str
    schema: str
    schema_type: str
    credentials: Mapping[str, object]
    icon: Mapping[str, object] = {}
    privacy_policy: str | None = None
    custom_disclaimer: str = ""
    labels: Sequence[str] = ()


async def named(session: AsyncSession, workspace_id: str, name: str) -> ApiProvider | None:
    """The workspace's provider of this name."""
    return await session.scalar(
        select(ApiProvider).where(ApiProvider.tenant_id == workspace_id, ApiProvider.name == name.strip())
    )


async def referred(session: AsyncSession, workspace_id: str, ref: ToolRef) -> ApiProvider | None:
    """The provider that an app means: by its id or, in a file from elsewhere, by its name."""
    names = sorted({name for name in (ref.provider_id, ref.provider_name) if name})
    by_name = ApiProvider.name.in_(names)
    wanted = or_(ApiProvider.id == ref.provider_id, by_name) if is_id(ref.provider_id) else by_name
    rows = list(await session.scalars(select(ApiProvider).where(ApiProvider.tenant_id == workspace_id, wanted)))
    return next((row for row in rows if row.id == ref.provider_id), rows[0] if rows else None)


def fill(row: ApiProvider, form: ApiForm, operations: Sequence[Operation], *, title: str, sealed: str) -> None:
    """Puts a checked form into its row; ``sealed`` are the credentials."""
    row.name = form.provider.strip()
    row.icon = dict(form.icon)
    row.description = title
    row.schema_type = form.schema_type
    row.schema_text = form.schema
    row.operations = msgspec.to_builtins(operations)
    row.encrypted_credentials = sealed
    row.privacy_policy = form.privacy_policy
    row.custom_disclaimer = form.custom_disclaimer
    row.labels = known(form.labels)


def operations_of(row: ApiProvider) -> tuple[Operation, ...]:
    """What the row's description was read as."""
    return msgspec.convert(row.operations or [], tuple[Operation, ...])
