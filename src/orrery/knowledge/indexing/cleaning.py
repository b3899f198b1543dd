"""Removing what is left of documents and datasets that are gone. Each step is one transaction and may be done again."""

from __future__ import annotations

from sqlalchemy import delete, select

from orrery.database.engine import Database
from orrery.jobs.declaration import job
from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.documents.store import file_ids_in_use, upload_of
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.index.transactions import without_gap_locks
from orrery.knowledge.index.writing import forget_in, remove_documents_in
from orrery.knowledge.indexing.payloads import CleanDocuments, DropDataset

DOCUMENTS_AT_ONCE = 10
"""How many documents go in one transaction: others want to write meanwhile."""


class Cleaning:
    """The jobs that follow deletions."""

    def __init__(self, database: Database, outbox: JobOutbox, files: SourceFiles) -> None:
        self._database = database
        self._outbox = outbox
        self._files = files

    @job("clean_documents", queue="dataset", retries=10, timeout=6 * 3600.0)
    async def clean(self, gone: CleanDocuments) -> None:
        """Index entries of documents, then the files that no other document is made from."""
        for document_id in gone.document_ids:
            async with without_gap_locks(self._database) as session:
                await remove_documents_in(session, gone.dataset_id, [document_id])
        if not gone.file_ids:
            return
        async with self._database.read() as session:
            used = await file_ids_in_use(session, gone.tenant_id, gone.file_ids)
        await self._files.remove(gone.tenant_id, [one for one in gone.file_ids if one not in used])

    @job("drop_dataset", queue="dataset", retries=10, timeout=6 * 3600.0)
    async def drop(self, gone: DropDataset) -> None:
        """Documents with everything that hangs on them, a few at a time; at last the dataset."""
        while await self._drop_some(gone):
            pass
        async with without_gap_locks(self._database) as session:
            await forget_in(session, gone.dataset_id)
            mine = (Dataset.id == gone.dataset_id, Dataset.tenant_id == gone.tenant_id)
            await session.execute(delete(Dataset).where(*mine, Dataset.deleted_at.is_not(None)))

    async def _drop_some(self, gone: DropDataset) -> bool:
        mine = (Document.dataset_id == gone.dataset_id, Document.tenant_id == gone.tenant_id)
        async with without_gap_locks(self._database) as session:
            found = list(
                await session.scalars(
                    select(Document).where(*mine).order_by(Document.id).limit(DOCUMENTS_AT_ONCE).with_for_update()
                )
            )
            if not found:
                return False
            ids = tuple(document.id for document in found)
            files = tuple(file_id for one in found if (file_id := upload_of(one)) is not None)
            await remove_documents_in(session, gone.dataset_id, ids)
            await session.execute(delete(Document).where(Document.id.in_(ids)))
            # The rows said which files there were: from now on the job does.
            await self._outbox.enqueue(session, CleanDocuments(gone.tenant_id, gone.dataset_id, (), files))
        return True
