"""Indexing a whole dataset anew, because its technique or embedding model was changed."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents import states
from orrery.knowledge.documents.adding import go_on
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.index.writing import drop_in


class IndexingAnew:
    """Segments stay as they are; what stands for them in the index is made again."""

    def __init__(self, outbox: JobOutbox) -> None:
        self._outbox = outbox

    async def start(self, session: AsyncSession, dataset: Dataset) -> None:
        """In the transaction that changes the dataset, whose row it must have locked.

        Nothing is found until the documents are done. Those that failed before are tried again.
        """
        # Documents before their entries, as whoever indexes one locks them.
        documents = await session.scalars(
            select(Document)
            .where(Document.dataset_id == dataset.id, Document.tenant_id == dataset.tenant_id)
            .order_by(Document.id)
            .with_for_update()
        )
        await drop_in(session, dataset.id)
        of_dataset = DocumentSegment.dataset_id == dataset.id
        await session.execute(
            update(DocumentSegment)
            .where(of_dataset, DocumentSegment.status == states.COMPLETED)
            .values(status=states.INDEXING, completed_at=None, tokens=0)
        )
        # Segments of a document that is being indexed anew keep their state, but have nothing in the index any more.
        await session.execute(update(DocumentSegment).where(of_dataset).values(completed_at=None))
        await session.execute(update(ChildChunk).where(ChildChunk.dataset_id == dataset.id).values(completed_at=None))
        for document in list(documents):
            if document.indexing_status in (states.COMPLETED, states.INDEXING):
                document.indexing_status, document.completed_at = states.INDEXING, None
            elif document.indexing_status == states.ERROR:
                document.indexing_status, document.error, document.stopped_at = states.WAITING, None, None
            if not document.is_paused:
                await go_on(session, self._outbox, document)
