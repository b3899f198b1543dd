"""Pausing, going on, and trying again (knowledge.md 8.3)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.jobs.outbox import JobOutbox
from orrery.jobs.tables import Job
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.documents import states, store
from orrery.knowledge.documents.adding import go_on, start_indexing
from orrery.knowledge.documents.errors import ArchivedDocumentImmutable, BeingRetried, DocumentIndexing
from orrery.knowledge.documents.tables import Document


class Pausing:
    """Each call is one transaction. A worker notices a pause before its next batch, and writes nothing after it."""

    def __init__(self, database: Database, outbox: JobOutbox) -> None:
        self._database = database
        self._outbox = outbox

    async def pause(self, who: Member, dataset_id: str, document_id: str) -> None:
        """Raises `DocumentNotFound`, `ArchivedDocumentImmutable`, `DocumentIndexing`."""
        async with self._database.write() as session:
            document = await self._document(session, who, dataset_id, document_id)
            if document.indexing_status not in states.UNDER_WAY:
                raise DocumentIndexing("Cannot pause completed document.")
            document.is_paused, document.paused_by, document.paused_at = True, who.account_id, utc_now()

    async def resume(self, who: Member, dataset_id: str, document_id: str) -> None:
        """Has a paused document indexed from where it stands. Raises what `pause` raises."""
        async with self._database.write() as session:
            document = await self._document(session, who, dataset_id, document_id)
            if not document.is_paused:
                raise DocumentIndexing
            document.is_paused, document.paused_by, document.paused_at = False, None, None
            if document.indexing_status in states.UNDER_WAY:
                await go_on(session, self._outbox, document)

    async def retry(self, who: Member, dataset_id: str, document_ids: Sequence[str]) -> None:
        """Has documents indexed again from the start; archived, completed and missing ones are passed over.

        Raises `BeingRetried` where a job has one of them in hand; then none is tried again.
        """
        async with self._database.write() as session:
            dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
            for document in await store.lock_documents(session, dataset, document_ids):
                if document.archived or document.indexing_status == states.COMPLETED:
                    continue
                if document.indexing_status in states.UNDER_WAY and await _is_alive(session, document):
                    raise BeingRetried
                await start_indexing(session, self._outbox, document)

    async def _document(self, session: AsyncSession, who: Member, dataset_id: str, document_id: str) -> Document:
        dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
        document = await store.lock_document(session, dataset, document_id)
        if document.archived:
            raise ArchivedDocumentImmutable
        return document


async def _is_alive(session: AsyncSession, document: Document) -> bool:
    """Whether a job will still lead the document out of its state."""
    if document.is_paused or document.indexing_job_id is None:
        return False
    status = await session.scalar(select(Job.status).where(Job.id == document.indexing_job_id))
    return status not in (None, "done", "failed")
