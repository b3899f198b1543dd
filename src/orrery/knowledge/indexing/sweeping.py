"""Nothing stays under way for ever: documents whose job is gone get another one, or the reason why there is none."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.jobs.declaration import Due, job, scheduled
from orrery.jobs.outbox import JobOutbox
from orrery.jobs.tables import Job
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents import states
from orrery.knowledge.documents.adding import go_on
from orrery.knowledge.documents.tables import Document

QUIET = timedelta(seconds=60)
"""Documents that were touched since are looked at next time."""
_AT_ONCE = 500


class Sweeping:
    """Leases bring jobs of dead processes back; this is for jobs that failed for good or are not kept any more."""

    def __init__(self, database: Database, outbox: JobOutbox) -> None:
        self._database = database
        self._outbox = outbox

    @scheduled(every=60.0)
    @job("sweep_documents", queue="dataset", retries=0, timeout=300.0)
    async def sweep(self, due: Due) -> None:
        """Looks at every document that is under way and was not touched for a minute before ``due``."""
        for document_id in await self._suspects(due):
            async with self._database.write() as session:
                await self._mend(session, document_id)

    async def _suspects(self, due: Due) -> list[str]:
        query = (
            select(Document.id)
            .join(Dataset, Dataset.id == Document.dataset_id)
            .outerjoin(Job, Job.id == Document.indexing_job_id)
            .where(
                Document.indexing_status.in_(states.UNDER_WAY),
                Document.updated_at < due.due_at - QUIET,
                Document.is_paused.is_(False),
                Dataset.deleted_at.is_(None),
                Job.status.is_(None) | Job.status.in_(("done", "failed")),
            )
            .limit(_AT_ONCE)
        )
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def _mend(self, session: AsyncSession, document_id: str) -> None:
        document = await session.scalar(select(Document).where(Document.id == document_id).with_for_update())
        if document is None or document.is_paused or document.indexing_status not in states.UNDER_WAY:
            return
        found = await session.get(Job, document.indexing_job_id) if document.indexing_job_id else None
        if found is not None and found.status == "failed":
            document.indexing_status = states.ERROR
            document.error = f"Indexing was given up: {(found.error or '').strip().rpartition(chr(10))[2]}"
            document.stopped_at = document.updated_at = utc_now()
        elif found is None or found.status == "done":
            await go_on(session, self._outbox, document)
