"""The stages of indexing a document. Each may be done again: what was finished stays, nothing is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import update

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.knowledge.documents import states
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.index.writing import slices
from orrery.knowledge.indexing import pending
from orrery.knowledge.indexing.loading import Loading
from orrery.knowledge.indexing.progress import Progress, Task
from orrery.knowledge.indexing.saving import Planned, compare, insert_chunks, plan, settle
from orrery.retrieval.embedding import Embedder
from orrery.retrieval.extraction.limits import UnreadableDocument
from orrery.retrieval.extraction.protocol import ExtractUnits

SAVED_AT_ONCE = 2000
"""Chunks that one transaction inserts: others want to write meanwhile."""
_READ_AT_ONCE = 2
"""Documents of this process whose whole text is in memory at a time."""


class Stages:
    """``embedder`` makes the embedder of a workspace."""

    def __init__(
        self,
        database: Database,
        files: SourceFiles,
        extract: ExtractUnits,
        embedder: Callable[[str], Embedder],
    ) -> None:
        self._database = database
        self._files = files
        self._extract = extract
        self._embedder = embedder
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)

    async def run(self, progress: Progress) -> None:
        """From where the document stands to its end.

        Raises `Stopped`, `LeaseLost`, and why it can't be indexed: `UnreadableDocument`, `OrreryError`, `InvokeError`.
        """
        task = await progress.task()
        if task.status not in states.UNDER_WAY:
            return
        if task.status != states.INDEXING:
            async with self._reading:
                await progress.begin()
                await self._save(progress, task, await self._chunks(progress, task))
        await self._load(progress, task)

    async def _chunks(self, progress: Progress, task: Task) -> list[Planned]:
        if task.file_id is None:
            raise UnreadableDocument("The document names no file.")
        file, content = await self._files.load(task.workspace_id, task.file_id)
        units = await self._extract(content, extension=file.extension, mime_type=file.mime_type)
        await progress.parsed()
        chunks = await asyncio.to_thread(plan, units, task)
        if not chunks:
            raise UnreadableDocument("The document has no text that could be indexed.")
        return chunks

    async def _save(self, progress: Progress, task: Task, chunks: list[Planned]) -> None:
        now = utc_now()
        async with self._database.read() as session:
            found = await compare(session, task, chunks)
        *several, last = list(slices(found.fresh, SAVED_AT_ONCE)) or [[]]
        for some in several:
            async with progress.step() as session:
                await insert_chunks(session, task, some, now)
        saved = {
            "indexing_status": states.INDEXING,
            "cleaning_completed_at": now,
            "splitting_completed_at": now,
            "word_count": sum(len(one.chunk.content) for one in chunks),
        }
        async with progress.step(**saved) as session:
            await insert_chunks(session, task, last, now)
            await settle(session, task, found)

    async def _load(self, progress: Progress, task: Task) -> None:
        embedder = self._embedder(task.workspace_id) if task.model is not None else None
        while True:
            await Loading(self._database, progress, task, embedder).run()
            if await self._complete(progress, task):
                return

    async def _complete(self, progress: Progress, task: Task) -> bool:
        """Whether everything is in the index; then the document is done."""
        now = utc_now()
        async with progress.step() as session:
            if await pending.count(session, task):
                return False
            document = await session.get_one(Document, task.document_id)
            begun = document.splitting_completed_at or document.processing_started_at or now
            await session.execute(
                update(Document)
                .where(Document.id == task.document_id)
                .values(
                    indexing_status=states.COMPLETED,
                    completed_at=now,
                    indexing_latency=(now - begun).total_seconds(),
                    tokens=await pending.total_tokens(session, task),
                    error=None,
                    stopped_at=None,
                )
            )
        return True
