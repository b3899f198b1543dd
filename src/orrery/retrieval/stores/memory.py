"""`MemoryVectorIndex`: everything in this process, for runs without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from orrery.retrieval.postings import Postings, TermEntry
from orrery.retrieval.scoring import VectorEntry, VectorMatrix
from orrery.retrieval.search_text import terms
from orrery.retrieval.stores.protocol import Entry, Hit

T = TypeVar("T")

_LONG = 1_000_000
"""Numbers that a search looks at, above which it gets a thread: below, changing threads takes longer."""


class _Dataset:
    def __init__(self) -> None:
        self.vectors, self.words = VectorMatrix(), Postings()


class MemoryVectorIndex:
    """Implements `VectorIndex`."""

    def __init__(self) -> None:
        self._datasets: dict[str, _Dataset] = {}

    async def put(self, dataset_id: str, entries: Sequence[Entry]) -> None:
        last = {entry.node_id: entry for entry in entries}
        found = self._datasets.get(dataset_id) or _Dataset()
        found.vectors.put(
            VectorEntry(e.node_id, e.document_id, e.vector) for e in last.values() if e.vector is not None
        )
        found.vectors.remove(e.node_id for e in last.values() if e.vector is None)
        found.words.put(
            TermEntry(e.node_id, e.document_id, terms(e.text) if e.terms is None else e.terms) for e in last.values()
        )
        self._datasets[dataset_id] = found  # a dataset whose first entries were refused is not there

    async def remove(self, dataset_id: str, node_ids: Collection[str]) -> None:
        if found := self._datasets.get(dataset_id):
            found.vectors.remove(node_ids)
            found.words.remove(node_ids)

    async def drop(self, dataset_id: str) -> None:
        self._datasets.pop(dataset_id, None)

    async def by_vector(
        self,
        dataset_id: str,
        vector: bytes,
        top_k: int,
        threshold: float = 0.0,
        documents: frozenset[str] | None = None,
    ) -> list[Hit]:
        if (found := self._datasets.get(dataset_id)) is None:
            return []
        return await _beside(found.vectors, lambda: found.vectors.best(vector, top_k, threshold, documents))

    async def by_text(
        self, dataset_id: str, query: str, top_k: int, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        found = self._datasets.get(dataset_id)
        return found.words.best(terms(query), top_k, documents) if found else []

    async def by_keywords(
        self, dataset_id: str, keywords: Sequence[str], top_k: int, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        found = self._datasets.get(dataset_id)
        return found.words.matching(keywords, top_k, documents) if found else []

    async def similar(self, dataset_id: str, vector: bytes, node_ids: Collection[str]) -> dict[str, float]:
        found = self._datasets.get(dataset_id)
        return found.vectors.similar(vector, node_ids) if found else {}


async def _beside(vectors: VectorMatrix, search: Callable[[], T]) -> T:
    return search() if vectors.numbers < _LONG else await asyncio.to_thread(search)
