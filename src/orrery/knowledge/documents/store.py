"""SQL of documents that are written. Every query starts from one workspace's dataset."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from sqlalchemy import Select, func, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.columns import LongText
from orrery.knowledge.datasets import store as datasets
from orrery.knowledge.datasets.errors import DatasetNotFound, DocumentNotFound
from orrery.knowledge.datasets.tables import Dataset, ProcessRuleRow
from orrery.knowledge.documents import states
from orrery.knowledge.documents.tables import Document, DocumentSegment


async def lock_dataset(session: AsyncSession, workspace_id: str, dataset_id: str) -> Dataset:
    """The dataset, kept for this transaction: what is decided by looking at its documents stays true.

    Raises `DatasetNotFound`.
    """
    found = await datasets.find(session, workspace_id, dataset_id, locked=True)
    if found is None:
        raise DatasetNotFound
    return found


def documents_of(dataset: Dataset) -> Select[Document]:
    """The statement that every query of documents starts from."""
    return select(Document).where(Document.tenant_id == dataset.tenant_id, Document.dataset_id == dataset.id)


async def lock_document(session: AsyncSession, dataset: Dataset, document_id: str) -> Document:
    """Raises `DocumentNotFound`."""
    query = documents_of(dataset).where(Document.id == document_id).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise DocumentNotFound
    return found


async def lock_documents(session: AsyncSession, dataset: Dataset, ids: Collection[str]) -> Sequence[Document]:
    """Those that there are."""
    query = documents_of(dataset).where(Document.id.in_(ids)).order_by(Document.id).with_for_update()
    return list(await session.scalars(query))


async def namesake(session: AsyncSession, dataset: Dataset, name: str) -> Document | None:
    """The enabled document of an upload that has this name already."""
    query = documents_of(dataset).where(
        Document.name == name,
        Document.enabled.is_(True),
        Document.archived.is_(False),
        Document.data_source_type == "upload_file",
    )
    return await session.scalar(query.order_by(Document.id).limit(1).with_for_update())


async def next_position(session: AsyncSession, dataset: Dataset) -> int:
    """One more than the highest; the dataset must be locked."""
    query = select(func.max(Document.position)).where(Document.dataset_id == dataset.id)
    return (await session.scalar(query) or 0) + 1


async def form_of(session: AsyncSession, dataset: Dataset) -> str | None:
    """The form that the dataset's documents have; None while there is none."""
    if dataset.chunk_structure:
        return dataset.chunk_structure
    return await session.scalar(documents_of(dataset).with_only_columns(Document.doc_form).limit(1))


async def latest_rule(session: AsyncSession, dataset: Dataset) -> ProcessRuleRow | None:
    """The dataset's default rule."""
    query = select(ProcessRuleRow).where(ProcessRuleRow.dataset_id == dataset.id)
    return await session.scalar(query.order_by(ProcessRuleRow.created_at.desc(), ProcessRuleRow.id.desc()).limit(1))


async def hide_segments(session: AsyncSession, document_id: str) -> None:
    """Takes a document's segments out of every count and search until it is indexed anew."""
    await session.execute(
        update(DocumentSegment).where(DocumentSegment.document_id == document_id).values(status=states.STALE)
    )


async def file_ids_in_use(session: AsyncSession, workspace_id: str, file_ids: Collection[str]) -> set[str]:
    """Those of the files that a document of the workspace is made from."""
    query = select(Document.data_source_info).where(
        Document.tenant_id == workspace_id, Document.data_source_type == "upload_file"
    )
    text = type_coerce(Document.data_source_info, LongText())
    found: set[str] = set()
    for file_id in file_ids:
        # Ids have nothing that LIKE would read as a sign.
        named = query.where(text.contains(f'"{file_id}"')).limit(1)
        if await session.scalar(named) is not None:
            found.add(file_id)
    return found


def upload_of(document: Document) -> str | None:
    """The uploaded file that a document is made from."""
    file_id = as_object(document.data_source_info).get("upload_file_id")
    return file_id if isinstance(file_id, str) else None


def as_object(stored: object) -> Mapping[str, object]:
    """A stored JSON value as an object; an empty one for anything else."""
    return cast("Mapping[str, object]", stored) if isinstance(stored, dict) else {}
