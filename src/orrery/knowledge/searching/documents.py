"""Which documents of a dataset are searched: completed, enabled, not archived, and fitting the metadata asked for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.ids import is_id
from orrery.knowledge.datasets.tables import Dataset, DatasetMetadata
from orrery.knowledge.documents.tables import Document

_IS_SEARCHED = and_(Document.indexing_status == "completed", Document.enabled.is_(True), Document.archived.is_(False))


class Allowed(msgspec.Struct, frozen=True):
    """``ids`` is None when every document of the dataset counts; ``any`` is False when none does."""

    ids: frozenset[str] | None

    @property
    def any(self) -> bool:
        return self.ids is None or bool(self.ids)


def datasets_of(workspace_id: str) -> Select[Dataset]:
    """The statement that every search starts from."""
    return select(Dataset).where(Dataset.tenant_id == workspace_id, Dataset.deleted_at.is_(None))


async def datasets_named(session: AsyncSession, workspace_id: str, ids: Sequence[str]) -> list[Dataset]:
    """Those of the workspace among the ids, in their order; apps may name anything."""
    named = [dataset_id for dataset_id in dict.fromkeys(ids) if is_id(dataset_id)]
    if not named:
        return []
    found = {row.id: row for row in await session.scalars(datasets_of(workspace_id).where(Dataset.id.in_(named)))}
    return [found[dataset_id] for dataset_id in named if dataset_id in found]


async def with_documents(session: AsyncSession, datasets: Sequence[Dataset]) -> list[Dataset]:
    """Those that have a document to search."""
    counted = await session.scalars(
        select(Document.dataset_id)
        .where(Document.dataset_id.in_([dataset.id for dataset in datasets]), _IS_SEARCHED)
        .distinct()
    )
    filled = set(counted)
    return [dataset for dataset in datasets if dataset.id in filled]


async def allowed(session: AsyncSession, dataset: Dataset, test: ColumnElement[bool] | None) -> Allowed:
    """The documents that count. ``test`` is a condition on documents, from their metadata."""
    of_dataset = and_(Document.tenant_id == dataset.tenant_id, Document.dataset_id == dataset.id)
    if test is None:
        # Nearly always all of them count, and then no list is needed.
        searched = func.sum(case((_IS_SEARCHED, 1), else_=0))
        total, good = (await session.execute(select(func.count(), searched).where(of_dataset))).one()
        if total and total == good:
            return Allowed(None)
        if not good:
            return Allowed(frozenset())
    query = select(Document.id).where(of_dataset, _IS_SEARCHED)
    return Allowed(frozenset(await session.scalars(query if test is None else query.where(test))))


async def metadata_names(session: AsyncSession, datasets: Sequence[Dataset]) -> list[str]:
    """The names of the datasets' metadata fields, each once."""
    rows = await session.scalars(
        select(DatasetMetadata.name)
        .where(DatasetMetadata.dataset_id.in_([dataset.id for dataset in datasets]))
        .order_by(DatasetMetadata.created_at, DatasetMetadata.id)
    )
    return list(dict.fromkeys(rows))
