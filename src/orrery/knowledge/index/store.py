"""`VectorIndex` on the product's database: rows are the truth, scores are exact, over copies in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from heapq import nsmallest
from typing import cast

from sqlalchemy import Row, select
from sqlalchemy import Table as CoreTable
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.knowledge.index import writing
from orrery.knowledge.index.copies import Copies
from orrery.knowledge.index.tables import KnowledgeTerms, KnowledgeVector
from orrery.retrieval.postings import Postings, TermEntry
from orrery.retrieval.scoring import VectorEntry, VectorMatrix
from orrery.retrieval.search_text import terms
from orrery.retrieval.stores.protocol import Entry, Hit

_vectors = cast("CoreTable", KnowledgeVector.__table__)
_terms = cast("CoreTable", KnowledgeTerms.__table__)


class DatabaseIndex:
    """One for each process. ``*_in`` join the caller's transaction; the others are one of their own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._vectors = Copies(database, _vectors, "vector", VectorMatrix, _put_vectors)
        self._postings = Copies(database, _terms, "terms", Postings, _put_terms)

    async def put_in(self, session: AsyncSession, dataset_id: str, entries: Sequence[Entry]) -> None:
        """See `put`."""
        await writing.put_in(session, dataset_id, entries)

    async def remove_in(self, session: AsyncSession, dataset_id: str, node_ids: Collection[str]) -> None:
        """See `remove`."""
        await writing.remove_in(session, dataset_id, node_ids)

    async def put(self, dataset_id: str, entries: Sequence[Entry]) -> None:
        """Adds entries, or replaces those with the same node id. Raises `WrongDimension`."""
        async with self._database.write() as session:
            await writing.put_in(session, dataset_id, entries)

    async def remove(self, dataset_id: str, node_ids: Collection[str]) -> None:
        """Forgets entries."""
        async with self._database.write() as session:
            await writing.remove_in(session, dataset_id, node_ids)

    async def drop(self, dataset_id: str) -> None:
        """Forgets the dataset."""
        async with self._database.write() as session:
            await writing.drop_in(session, dataset_id)

    async def by_vector(
        self,
        dataset_id: str,
        vector: bytes,
        top_k: int,
        threshold: float = 0.0,
        documents: frozenset[str] | None = None,
    ) -> list[Hit]:
        """The nearest entries by cosine. Raises `WrongDimension`."""
        if await self._vectors.fits(dataset_id, _vector_bytes):
            matrix = await self._vectors.of(dataset_id)
            return await asyncio.to_thread(matrix.best, vector, top_k, threshold, documents)
        best: list[Hit] = []
        async for part in self._vectors.pages(dataset_id):
            best += await asyncio.to_thread(part.best, vector, top_k, threshold, documents)
            best = nsmallest(top_k, best, key=lambda hit: (-hit.score, hit.node_id))
        return best

    async def by_text(
        self, dataset_id: str, query: str, top_k: int, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        """Entries that share terms with the query, by BM25."""
        postings = await self._postings.of(dataset_id)
        return await asyncio.to_thread(postings.best, terms(query), top_k, documents)

    async def by_keywords(
        self, dataset_id: str, keywords: Sequence[str], top_k: int, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        """Entries that have some of the keywords (`search_text.keyword_terms`), by the share of them."""
        postings = await self._postings.of(dataset_id)
        return await asyncio.to_thread(postings.matching, keywords, top_k, documents)

    async def similar(self, dataset_id: str, vector: bytes, node_ids: Collection[str]) -> dict[str, float]:
        """The cosine of each of these entries. Raises `WrongDimension`."""
        some = VectorMatrix()
        columns = (_vectors.c.node_id, _vectors.c.document_id, _vectors.c.vector)
        async with self._database.reader.connect() as connection:
            for keys in writing.slices(node_ids, writing.AT_ONCE):
                mine = (_vectors.c.dataset_id == dataset_id, _vectors.c.node_id.in_(keys))
                _put_vectors(some, (await connection.execute(select(*columns).where(*mine))).all())
        return some.similar(vector, node_ids)


def _put_vectors(matrix: VectorMatrix, rows: Sequence[Row[str, str, object]]) -> None:
    matrix.put([VectorEntry(row[0], row[1], cast("bytes", row[2])) for row in rows])


def _vector_bytes(dimension: int) -> int:
    """What a vector takes in a copy, its key and its document's with it."""
    return 4 * dimension + 400


def _put_terms(postings: Postings, rows: Sequence[Row[str, str, object]]) -> None:
    postings.put(TermEntry(row[0], row[1], cast("str", row[2]).split("\n")) for row in rows)
