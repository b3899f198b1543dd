"""`VectorIndex`: what every store of vectors and search texts must do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from orrery.errors import BadRequest


class Entry(msgspec.Struct, frozen=True):
    """One thing that can be found: a segment, or a child chunk of one.

    ``node_id`` is its key within a dataset. ``vector`` is of unit length, as float32 little-endian bytes; None where
    only words are searched. ``terms`` are what searches by words read instead of those of ``text``: the keywords of
    the economy technique.
    """

    node_id: str
    document_id: str
    segment_id: str
    text: str
    vector: bytes | None = None
    terms: tuple[str, ...] | None = None


class Hit(msgspec.Struct, frozen=True):
    """Something found; ``score`` is 0..1, higher is better, and comparable only with hits of the same search."""

    node_id: str
    document_id: str
    score: float


class WrongDimension(BadRequest):
    """A vector has another length than those of its dataset: the embedding model was changed."""

    def __init__(self, has: int, wants: int) -> None:
        super().__init__(
            f"The vectors of this knowledge base have {wants} numbers, the embedding model answers {has}. "
            "Index the documents again, or set the model that they were indexed with."
        )


class VectorIndex(Protocol):
    """Entries by dataset. Hits come best first, equal ones by node id; ``documents`` limits a search before it is cut.

    A dataset that was never written to is an empty one.
    """

    async def put(self, dataset_id: str, entries: Sequence[Entry]) -> None:
        """Adds entries, or replaces those with the same node id: all of them or none. Raises `WrongDimension`."""
        ...

    async def remove(self, dataset_id: str, node_ids: Collection[str]) -> None:
        """Forgets entries; those that are not there are no fault."""
        ...

    async def drop(self, dataset_id: str) -> None:
        """Forgets the dataset."""
        ...

    async def by_vector(
        self,
        dataset_id: str,
        vector: bytes,
        top_k: int,
        threshold: float = 0.0,
        documents: frozenset[str] | None = None,
    ) -> list[Hit]:
        """The nearest entries; the score is the cosine, at least ``threshold``, 0 where it is negative.

        Raises `WrongDimension`.
        """
        ...

    async def by_text(
        self, dataset_id: str, query: str, top_k: int, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        """Entries that share terms with the query; the score is BM25 as a share of the most that the query can get."""
        ...

    async def by_keywords(
        self, dataset_id: str, keywords: Sequence[str], top_k: int, documents: frozenset[str] | None = None
    ) -> list[Hit]:
        """Entries that have some of the keywords among their terms; the score is the share that they have."""
        ...

    async def similar(self, dataset_id: str, vector: bytes, node_ids: Collection[str]) -> dict[str, float]:
        """The cosine of each of these entries, as `by_vector` scores it; entries without a vector are left out."""
        ...
