"""Where segments are: the dataset and the document that a caller names, found for its workspace or not at all."""

from __future__ import annotations

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.errors import Conflict
from orrery.knowledge.datasets.errors import DatasetNotFound, DocumentNotFound
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import Document, DocumentSegment
from orrery.knowledge.segments.errors import DocumentDisabled, DocumentNotCompleted, SegmentNotFound


class Place(msgspec.Struct, frozen=True):
    """A document of a dataset of a workspace."""

    workspace_id: str
    dataset_id: str
    document_id: str


async def find_dataset(session: AsyncSession, workspace_id: str, dataset_id: str) -> Dataset:
    """Raises `DatasetNotFound`."""
    found = await session.scalar(
        select(Dataset).where(Dataset.tenant_id == workspace_id, Dataset.id == dataset_id, Dataset.deleted_at.is_(None))
    )
    if found is None:
        raise DatasetNotFound
    return found


async def find_document(
    session: AsyncSession, place: Place, *, locked: bool = False, is_writable: bool = False
) -> tuple[Dataset, Document]:
    """``locked`` keeps other writers of the document's segments away until the transaction ends.

    ``is_writable`` wants a document whose segments may change. Raises `DatasetNotFound`, `DocumentNotFound`,
    `DocumentNotCompleted`, `DocumentDisabled`.
    """
    # First of all the lock: what a transaction of MySQL reads after it, it reads as it is then.
    query = select(Document).where(
        Document.tenant_id == place.workspace_id,
        Document.dataset_id == place.dataset_id,
        Document.id == place.document_id,
    )
    document = await session.scalar(query.with_for_update() if locked else query)
    dataset = await find_dataset(session, place.workspace_id, place.dataset_id)
    if document is None:
        raise DocumentNotFound
    if is_writable and document.indexing_status != "completed":
        raise DocumentNotCompleted
    if is_writable and not document.enabled:
        raise DocumentDisabled
    return dataset, document


async def find_segment(session: AsyncSession, place: Place, segment_id: str) -> DocumentSegment:
    """Raises `SegmentNotFound`."""
    found = await session.scalar(
        select(DocumentSegment).where(
            DocumentSegment.tenant_id == place.workspace_id,
            DocumentSegment.dataset_id == place.dataset_id,
            DocumentSegment.document_id == place.document_id,
            DocumentSegment.id == segment_id,
        )
    )
    if found is None:
        raise SegmentNotFound
    return found


def check_same(before: Dataset, now: Dataset) -> None:
    """The vectors were made for the dataset as it was. Raises `Conflict`."""
    made_for = (before.indexing_technique, before.embedding_model_provider, before.embedding_model)
    if made_for != (now.indexing_technique, now.embedding_model_provider, now.embedding_model):
        raise Conflict("The knowledge base's embedding model was changed meanwhile. Try again.")
