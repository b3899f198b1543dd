"""SQL of draft variables. Every query starts from one account's work on one app."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.inspector.kept import KeptValue
from orrery.apps.inspector.large_values import StoredValue, drop_files
from orrery.apps.inspector.tables import DraftVariable, variable_id
from orrery.database.orm import utc_now


class Place(msgspec.Struct, frozen=True):
    """Whose variables of which app."""

    workspace_id: str
    app_id: str
    user_id: str


def variables_of(place: Place) -> Select[DraftVariable]:
    """The statement that all queries start from."""
    return select(DraftVariable).where(
        DraftVariable.tenant_id == place.workspace_id,
        DraftVariable.app_id == place.app_id,
        DraftVariable.user_id == place.user_id,
    )


async def page_of(session: AsyncSession, place: Place, *, page: int, limit: int) -> tuple[list[DraftVariable], int]:
    """A page, newest first, and how many there are in all."""
    query = variables_of(place)
    total = await session.scalar(select(func.count()).select_from(query.with_only_columns(DraftVariable.id).subquery()))
    newest = query.order_by(DraftVariable.created_at.desc(), DraftVariable.id)
    return list(await session.scalars(newest.offset((page - 1) * limit).limit(limit))), total or 0


async def of_nodes(session: AsyncSession, place: Place, node_ids: Collection[str]) -> list[DraftVariable]:
    """The variables of nodes, newest first."""
    if not node_ids:
        return []
    query = variables_of(place).where(DraftVariable.node_id.in_(node_ids))
    return list(await session.scalars(query.order_by(DraftVariable.created_at.desc(), DraftVariable.id)))


async def find(session: AsyncSession, place: Place, row_id: str) -> DraftVariable | None:
    return await session.scalar(variables_of(place).where(DraftVariable.id == row_id))


async def put(
    session: AsyncSession,
    place: Place,
    values: Sequence[tuple[KeptValue, StoredValue]],
    *,
    whole_nodes: Collection[str],
) -> list[str]:
    """Makes or replaces variables; of ``whole_nodes`` those that are not among the values go away.

    Answers the keys of contents that nothing names any more.
    """
    held = {row.id: row for row in await of_nodes(session, place, {kept.node_id for kept, _ in values})}
    dropped: list[str] = []
    named: set[str] = set()
    for kept, stored in values:
        row_id = variable_id(place.app_id, place.user_id, kept.node_id, kept.name)
        named.add(row_id)
        row = held.get(row_id)
        if row is None:
            row = DraftVariable(
                id=row_id,
                tenant_id=place.workspace_id,
                app_id=place.app_id,
                user_id=place.user_id,
                node_id=kept.node_id,
                name=kept.name,
            )
            session.add(row)
            held[row_id] = row
        elif row.file_id is not None:
            dropped.append(row.file_id)
        row.name, row.description, row.value_type = kept.name, kept.description, kept.value_type
        row.visible, row.editable, row.edited = kept.visible, kept.editable, False
        row.node_execution_id = kept.execution_id
        fill(session, row, stored)
    for row in held.values():
        if row.id not in named and row.node_id in whole_nodes:
            dropped += [row.file_id] if row.file_id is not None else []
            await session.delete(row)
    return await drop_files(session, place.workspace_id, dropped)


def fill(session: AsyncSession, row: DraftVariable, stored: StoredValue) -> None:
    """Puts a value into a row; the caller takes an earlier file of the row away."""
    row.value, row.size_bytes, row.length = stored.text, stored.size_bytes, stored.length
    row.file_id, row.updated_at = None, utc_now()
    if stored.file is not None:
        session.add(stored.file)
        row.file_id = stored.file.id


async def remove(session: AsyncSession, place: Place, rows: Sequence[DraftVariable]) -> list[str]:
    """Takes rows away; the keys of contents that nothing names any more."""
    for row in rows:
        await session.delete(row)
    return await drop_files(session, place.workspace_id, [row.file_id for row in rows if row.file_id is not None])
