"""Putting segments into the index: batch by batch, each one transaction, a few being embedded ahead of the writing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.inference.tokens import text_tokens
from orrery.inference.types import ModelRef
from orrery.knowledge.index.writing import put_in
from orrery.knowledge.indexing.pending import START, Batch, Indexed, Place, note_indexed, read_batch
from orrery.knowledge.indexing.progress import Progress, Task
from orrery.retrieval.embedding import Embedder
from orrery.retrieval.search_text import keyword_terms, keywords
from orrery.retrieval.stores.protocol import Entry

BATCH = 100
"""Texts in one transaction: few enough to be lost without harm, enough to make the flush to disk cheap."""
AHEAD = 3
"""Batches that are embedded while another one is written; so many texts and vectors are in memory."""

Ready = list[tuple[Entry, Indexed]]


class Loading:
    """Of one document. ``embedder`` is None in the economy technique."""

    def __init__(self, database: Database, progress: Progress, task: Task, embedder: Embedder | None) -> None:
        self._database = database
        self._progress = progress
        self._task = task
        self._embedder = embedder

    async def run(self) -> None:
        """Until nothing is left. Raises `Stopped`, `LeaseLost`, `InvokeError`, `WrongDimension`."""
        under_way: deque[asyncio.Task[Ready]] = deque()
        place: Place | None = START
        try:
            while True:
                while place is not None and len(under_way) < AHEAD:
                    batch = await self._read(place)
                    place = batch.last if batch is not None else None
                    if batch is not None:
                        under_way.append(asyncio.create_task(self._ready(batch), name="embed-batch"))
                if not under_way:
                    return
                await self._write(await under_way.popleft())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _read(self, place: Place) -> Batch | None:
        async with self._database.read() as session:
            return await read_batch(session, self._task, place, BATCH)

    async def _ready(self, batch: Batch) -> Ready:
        if self._embedder is None or self._task.model is None:
            return await asyncio.to_thread(self._by_keywords, batch)
        return await self._embedded(batch, self._embedder, self._task.model)

    async def _embedded(self, batch: Batch, embedder: Embedder, model: ModelRef) -> Ready:
        found = await embedder.documents(model, [item.text for item in batch.items])
        # Counted from the text, not by what was asked now: a part may have been embedded before.
        counted = [0] * len(batch.items)
        if not self._task.hierarchical:
            counted = await asyncio.to_thread(lambda: [text_tokens(item.text) for item in batch.items])
        return [
            (self._entry(item.node_id, item.segment_id, item.text, vector=vector), Indexed(item, tokens=tokens))
            for item, vector, tokens in zip(batch.items, found.vectors, counted, strict=True)
        ]

    def _by_keywords(self, batch: Batch) -> Ready:
        ready: Ready = []
        for item in batch.items:
            words = tuple(keywords(item.text, self._task.keyword_number))
            terms = tuple(keyword_terms(words))
            entry = self._entry(item.node_id, item.segment_id, item.text, terms=terms)
            ready.append((entry, Indexed(item, keywords=words)))
        return ready

    def _entry(
        self,
        node_id: str,
        segment_id: str,
        text: str,
        *,
        vector: bytes | None = None,
        terms: tuple[str, ...] | None = None,
    ) -> Entry:
        return Entry(node_id, self._task.document_id, segment_id, text, vector, terms)

    async def _write(self, ready: Sequence[tuple[Entry, Indexed]]) -> None:
        async with self._progress.step() as session:
            await put_in(session, self._task.dataset_id, [entry for entry, _ in ready])
            await note_indexed(session, self._task, [done for _, done in ready], utc_now())
