"""From what the index found to passages: rows that may be shown, child chunks gathered under their segments (4.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment

_AT_ONCE = 500
"""Ids of one IN list: every database takes so many."""


class Candidate(msgspec.Struct):
    """A node of the index with its rows. ``cosine`` is known when the question was compared with its vector."""

    node_id: str
    text: str
    score: float
    segment: DocumentSegment
    document: Document
    child: ChildChunk | None = None
    cosine: float | None = None


class FoundChild(msgspec.Struct, frozen=True):
    """A child chunk that was found."""

    id: str
    content: str
    position: int
    score: float


class Passage(msgspec.Struct):
    """A segment that was found. ``nodes`` are its entries in the index that were near.

    ``is_ranked``: the score only says a place among several searches, so that thresholds look at the cosine as well.
    """

    dataset: Dataset
    document: Document
    segment: DocumentSegment
    score: float
    children: tuple[FoundChild, ...] = ()
    nodes: tuple[str, ...] = ()
    cosine: float | None = None
    is_ranked: bool = False

    def reaches(self, threshold: float | None) -> bool:
        """Whether it is good enough."""
        if threshold is None or self.score >= threshold:
            return True
        return self.is_ranked and self.cosine is not None and self.cosine >= threshold


async def candidates(session: AsyncSession, dataset: Dataset, scores: Mapping[str, float]) -> list[Candidate]:
    """The nodes whose segment is enabled and completed, in the order given. The index may know more than counts."""
    segments = {row.index_node_id: row for row in await _segments(session, dataset, scores)}
    children = await _children(session, dataset, [node for node in scores if node not in segments])
    parents = await _parents(session, dataset, {child.segment_id for child in children})
    by_node = {child.index_node_id: child for child in children}
    wanted = {row.document_id for row in (*segments.values(), *parents.values())}
    documents = await _documents(session, dataset, wanted)
    found: list[Candidate] = []
    for node, score in scores.items():
        child = by_node.get(node)
        segment = segments.get(node) if child is None else parents.get(child.segment_id)
        document = None if segment is None else documents.get(segment.document_id)
        if segment is not None and document is not None:
            text = segment.content if child is None else child.content
            found.append(Candidate(node, text, score, segment, document, child))
    return found


def assembled(dataset: Dataset, found: Iterable[Candidate]) -> list[Passage]:
    """One passage for each segment, best first; a segment that child chunks stand for has the best one's score."""
    gathered: dict[str, list[Candidate]] = {}
    for candidate in found:
        gathered.setdefault(candidate.segment.id, []).append(candidate)
    passages = [_passage(dataset, group) for group in gathered.values()]
    return sorted(passages, key=lambda passage: -passage.score)


def segments_in(found: Iterable[Candidate]) -> int:
    """How many different segments there are."""
    return len({candidate.segment.id for candidate in found})


def _passage(dataset: Dataset, group: Sequence[Candidate]) -> Passage:
    first = group[0]
    children = [
        FoundChild(candidate.child.id, candidate.child.content, candidate.child.position, candidate.score)
        for candidate in group
        if candidate.child is not None
    ]
    known = [candidate.cosine for candidate in group if candidate.cosine is not None]
    return Passage(
        dataset=dataset,
        document=first.document,
        segment=first.segment,
        score=max(candidate.score for candidate in group),
        children=tuple(sorted(children, key=lambda child: -child.score)),
        nodes=tuple(candidate.node_id for candidate in group),
        cosine=max(known) if known else None,
    )


async def _segments(session: AsyncSession, dataset: Dataset, nodes: Iterable[str]) -> list[DocumentSegment]:
    found: list[DocumentSegment] = []
    for some in _in_parts(nodes):
        query = select(DocumentSegment).where(
            DocumentSegment.index_node_id.in_(some), DocumentSegment.dataset_id == dataset.id, *_COUNTS
        )
        found.extend(await session.scalars(query))
    return found


async def _parents(session: AsyncSession, dataset: Dataset, ids: Iterable[str]) -> dict[str, DocumentSegment]:
    found: dict[str, DocumentSegment] = {}
    for some in _in_parts(ids):
        query = select(DocumentSegment).where(
            DocumentSegment.id.in_(some), DocumentSegment.dataset_id == dataset.id, *_COUNTS
        )
        found.update({row.id: row for row in await session.scalars(query)})
    return found


async def _children(session: AsyncSession, dataset: Dataset, nodes: Iterable[str]) -> list[ChildChunk]:
    found: list[ChildChunk] = []
    for some in _in_parts(nodes):
        query = select(ChildChunk).where(ChildChunk.index_node_id.in_(some), ChildChunk.dataset_id == dataset.id)
        found.extend(await session.scalars(query))
    return found


async def _documents(session: AsyncSession, dataset: Dataset, ids: Iterable[str]) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for some in _in_parts(ids):
        query = select(Document).where(Document.id.in_(some), Document.dataset_id == dataset.id)
        found.update({row.id: row for row in await session.scalars(query)})
    return found


_COUNTS = (DocumentSegment.enabled.is_(True), DocumentSegment.status == "completed")


def _in_parts(ids: Iterable[str]) -> Iterator[list[str]]:
    listed = list(ids)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
