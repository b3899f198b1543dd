"""SQL of datasets. Every query starts from one workspace."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.knowledge.datasets.tables import (
    AppDatasetJoin,
    Dataset,
    DatasetMetadata,
    DatasetPermission,
)
from orrery.knowledge.documents.tables import Document
from orrery.workspaces.members.tables import Membership, Workspace


class DocumentCounts(msgspec.Struct, frozen=True):
    """What a dataset holds. ``words`` are characters, ``available`` those documents that are searched."""

    documents: int = 0
    available: int = 0
    words: int = 0
    form: str | None = None


def datasets_of(workspace_id: str) -> Select[Dataset]:
    """The statement that every query of datasets starts from."""
    return select(Dataset).where(Dataset.tenant_id == workspace_id, Dataset.deleted_at.is_(None))


async def find(session: AsyncSession, workspace_id: str, dataset_id: str, *, locked: bool = False) -> Dataset | None:
    """``locked`` keeps others from locking it until the transaction ends (SQLite's writers wait anyway)."""
    query = datasets_of(workspace_id).where(Dataset.id == dataset_id)
    return await session.scalar(query.with_for_update() if locked else query)


async def exists(session: AsyncSession, workspace_id: str, dataset_id: str) -> bool:
    return await find(session, workspace_id, dataset_id) is not None


async def lock_names(session: AsyncSession, workspace_id: str) -> None:
    """Names are unique by a look before the write: those who look wait for each other.

    Not for those who write rows that refer to the workspace: documents that are being indexed, and much else.
    """
    await session.scalar(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update(key_share=True))


async def is_named(session: AsyncSession, workspace_id: str, name: str, *, other_than: str = "") -> bool:
    query = datasets_of(workspace_id).where(Dataset.name == name, Dataset.id != other_than)
    return await session.scalar(query.with_only_columns(Dataset.id).limit(1)) is not None


async def page(
    session: AsyncSession,
    workspace_id: str,
    listed: ColumnElement[bool] | None,
    *,
    page: int,
    limit: int,
    keyword: str,
    ids: Collection[str] | None,
) -> tuple[list[Dataset], int]:
    """One page, newest first, and the total. ``ids`` are the only ones that are looked at; None for all."""
    query = datasets_of(workspace_id)
    if listed is not None:
        query = query.where(listed)
    if keyword:
        query = query.where(Dataset.name.icontains(keyword, autoescape=True))
    if ids is not None:
        query = query.where(Dataset.id.in_(ids))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = await session.scalars(
        query.order_by(Dataset.created_at.desc(), Dataset.id.desc()).offset((page - 1) * limit).limit(limit)
    )
    return list(rows), total


async def counts_of(session: AsyncSession, dataset_ids: Sequence[str]) -> dict[str, DocumentCounts]:
    """Those datasets that hold any document."""
    available = case(
        (
            and_(Document.indexing_status == "completed", Document.enabled.is_(True), Document.archived.is_(False)),
            1,
        ),
        else_=0,
    )
    rows = await session.execute(
        select(
            Document.dataset_id,
            func.count(),
            func.sum(available),
            func.coalesce(func.sum(Document.word_count), 0),
            func.min(Document.doc_form),
        )
        .where(Document.dataset_id.in_(dataset_ids))
        .group_by(Document.dataset_id)
    )
    return {row[0]: DocumentCounts(row[1], int(row[2]), int(row[3] or 0), row[4]) for row in rows}


async def apps_of(session: AsyncSession, dataset_ids: Sequence[str]) -> dict[str, int]:
    """How many apps search each dataset."""
    rows = await session.execute(
        select(AppDatasetJoin.dataset_id, func.count())
        .where(AppDatasetJoin.dataset_id.in_(dataset_ids))
        .group_by(AppDatasetJoin.dataset_id)
    )
    return {row[0]: row[1] for row in rows}


async def fields_of(session: AsyncSession, dataset_ids: Sequence[str]) -> dict[str, list[DatasetMetadata]]:
    """The metadata fields of each dataset, the oldest first."""
    rows = await session.scalars(
        select(DatasetMetadata)
        .where(DatasetMetadata.dataset_id.in_(dataset_ids))
        .order_by(DatasetMetadata.created_at, DatasetMetadata.id)
    )
    found: dict[str, list[DatasetMetadata]] = {}
    for row in rows:
        found.setdefault(row.dataset_id, []).append(row)
    return found


async def members_of(session: AsyncSession, dataset_ids: Sequence[str]) -> dict[str, list[str]]:
    """The accounts that each dataset is shared with by name."""
    rows = await session.execute(
        select(DatasetPermission.dataset_id, DatasetPermission.account_id)
        .where(DatasetPermission.dataset_id.in_(dataset_ids), DatasetPermission.has_permission.is_(True))
        .order_by(DatasetPermission.created_at, DatasetPermission.id)
    )
    found: dict[str, list[str]] = {}
    for dataset_id, account_id in rows:
        found.setdefault(dataset_id, []).append(account_id)
    return found


async def share_with(session: AsyncSession, dataset: Dataset, account_ids: Sequence[str]) -> None:
    """Shares the dataset with these accounts and no others."""
    await session.execute(delete(DatasetPermission).where(DatasetPermission.dataset_id == dataset.id))
    session.add_all(
        DatasetPermission(tenant_id=dataset.tenant_id, dataset_id=dataset.id, account_id=account_id)
        for account_id in dict.fromkeys(account_ids)
    )


async def strangers(session: AsyncSession, workspace_id: str, account_ids: Collection[str]) -> set[str]:
    """Those who are no members of the workspace."""
    rows = await session.scalars(
        select(Membership.account_id).where(
            Membership.tenant_id == workspace_id, Membership.account_id.in_(account_ids)
        )
    )
    return set(account_ids) - set(rows)
