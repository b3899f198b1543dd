"""Taking a dataset away: nobody reaches it from now on, and a job removes what was in it."""

from __future__ import annotations

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.labels import Labels
from orrery.knowledge.documents import store
from orrery.knowledge.indexing.payloads import DropDataset


class DatasetRemoval:
    """One transaction: the mark, the tags, and the job."""

    def __init__(self, database: Database, outbox: JobOutbox, labels: Labels) -> None:
        self._database = database
        self._outbox = outbox
        self._labels = labels

    async def drop(self, who: Member, dataset_id: str) -> None:
        """Raises `DatasetNotFound`; who may do it is checked before."""
        async with self._database.write() as session:
            dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
            dataset.deleted_at = utc_now()
            dataset.updated_by = who.account_id
            await self._labels.forget(session, who.workspace_id, dataset_id)
            await self._outbox.enqueue(session, DropDataset(who.workspace_id, dataset_id))
