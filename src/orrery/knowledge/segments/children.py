"""Child chunks by hand: what is made or changed here is ``customized`` and found at once (knowledge.md 1.4, 8.5)."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.index.writing import put_in, remove_in
from orrery.knowledge.segments import store
from orrery.knowledge.segments.drafting import Writer, child_chunk, content_of, piece_of_child
from orrery.knowledge.segments.entries import HIERARCHICAL, Entries
from orrery.knowledge.segments.errors import ChildChunkNotFound, NoChildren
from orrery.knowledge.segments.place import Place, check_same, find_document, find_segment
from orrery.knowledge.segments.view import child_view
from orrery.retrieval.hashing import text_hash

LARGEST_PAGE = 100


class ChildPage(msgspec.Struct, frozen=True, kw_only=True):
    """Child chunks as clients see them."""

    items: list[dict[str, object]]
    total: int
    page: int
    limit: int

    @property
    def total_pages(self) -> int:
        return -(-self.total // self.limit)


class ChildChunks:
    """Use cases on the child chunks of one segment."""

    def __init__(self, database: Database, entries: Entries) -> None:
        self._database = database
        self._entries = entries

    async def add(self, place: Place, segment_id: str, content: str, account_id: str) -> dict[str, object]:
        """Appends a child chunk.

        Raises `DatasetNotFound`, `DocumentNotFound`, `DocumentNotCompleted`, `DocumentDisabled`, `SegmentNotFound`,
        `NoChildren`, `InvalidParam`, and what `Entries.of` raises.
        """
        text = content_of(content)
        async with self._database.read() as session:
            dataset, document, segment = await _parent(session, place, segment_id)
            rule = await store.rule_of(session, document)
        child = child_chunk(Writer(dataset, document, rule, account_id), segment, text, 0, "customized")
        entries = await self._entries.of(dataset, [piece_of_child(dataset, child)])
        async with self._database.write() as session:
            now, _, segment = await _parent(session, place, segment_id, locked=True)
            check_same(dataset, now)
            child.position = await store.last_child_position(session, segment) + 1
            session.add(child)
            await put_in(session, dataset.id, entries)
        return child_view(child)

    async def page(
        self, place: Place, segment_id: str, *, page: int, limit: int, keyword: str | None = None
    ) -> ChildPage:
        """Raises `DatasetNotFound`, `DocumentNotFound`, `SegmentNotFound`."""
        page, limit = max(page, 1), min(max(limit, 1), LARGEST_PAGE)
        async with self._database.read() as session:
            await find_document(session, place)
            segment = await find_segment(session, place, segment_id)
            rows, total = await store.page_of_children(session, segment, page=page, limit=limit, keyword=keyword)
        return ChildPage(items=[child_view(row) for row in rows], total=total, page=page, limit=limit)

    async def change(
        self, place: Place, segment_id: str, child_id: str, content: str, account_id: str
    ) -> dict[str, object]:
        """Gives a child chunk another text. Raises what `add` raises, `ChildChunkNotFound`."""
        text = content_of(content)
        async with self._database.read() as session:
            dataset, _, segment = await _parent(session, place, segment_id)
            child = await _child(session, segment, child_id)
        _rewrite(child, text, account_id)
        entries = await self._entries.of(dataset, [piece_of_child(dataset, child)])
        async with self._database.write() as session:
            now, _, segment = await _parent(session, place, segment_id, locked=True)
            check_same(dataset, now)
            child = await _child(session, segment, child_id)
            _rewrite(child, text, account_id)
            await put_in(session, dataset.id, entries)
        return child_view(child)

    async def delete(self, place: Place, segment_id: str, child_id: str) -> None:
        """Raises `DatasetNotFound`, `DocumentNotFound`, `SegmentNotFound`, `ChildChunkNotFound`."""
        async with self._database.write() as session:
            dataset, _ = await find_document(session, place, locked=True)
            child = await _child(session, await find_segment(session, place, segment_id), child_id)
            await remove_in(session, dataset.id, [child.index_node_id] if child.index_node_id else [])
            await session.delete(child)


async def _parent(
    session: AsyncSession, place: Place, segment_id: str, *, locked: bool = False
) -> tuple[Dataset, Document, DocumentSegment]:
    dataset, document = await find_document(session, place, locked=locked, is_writable=True)
    segment = await find_segment(session, place, segment_id)
    if document.doc_form != HIERARCHICAL:
        raise NoChildren
    return dataset, document, segment


async def _child(session: AsyncSession, segment: DocumentSegment, child_id: str) -> ChildChunk:
    found = await store.find_child(session, segment, child_id)
    if found is None:
        raise ChildChunkNotFound
    return found


def _rewrite(child: ChildChunk, text: str, account_id: str) -> None:
    child.content, child.word_count, child.index_node_hash = text, len(text), text_hash(text)
    child.type, child.updated_by, child.updated_at = "customized", account_id, utc_now()
    child.completed_at, child.error = utc_now(), None
