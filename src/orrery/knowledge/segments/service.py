"""Segments by hand. Models are asked first; then one transaction writes rows and index entries together."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.index.writing import put_in, remove_in
from orrery.knowledge.segments import store
from orrery.knowledge.segments.changing import Changed, SegmentChange, changed
from orrery.knowledge.segments.drafting import SegmentDraft, Writer, drafted, pieces
from orrery.knowledge.segments.entries import HIERARCHICAL, Entries
from orrery.knowledge.segments.errors import (
    DocumentDisabled,
    DocumentNotCompleted,
    SegmentDisabled,
    SegmentIndexing,
    SegmentNotFound,
    TooManySegments,
)
from orrery.knowledge.segments.place import Place, check_same, find_document, find_segment
from orrery.knowledge.segments.view import Sign, segment_view
from orrery.retrieval.stores.protocol import Entry

LARGEST_PAGE = 100


class SegmentPage(msgspec.Struct, frozen=True, kw_only=True):
    """Segments as clients see them. ``doc_form`` is the document's."""

    items: list[dict[str, object]]
    doc_form: str
    total: int = 0
    page: int = 1
    limit: int = 20

    @property
    def has_more(self) -> bool:
        return len(self.items) == self.limit


class Segments:
    """Use cases on segments of one document. ``most``: segments of one request, 0 for no limit."""

    def __init__(self, database: Database, entries: Entries, sign: Sign, *, most: int = 0) -> None:
        self._database = database
        self._entries = entries
        self._sign = sign
        self._most = most

    async def add(self, place: Place, drafts: Sequence[SegmentDraft], account_id: str) -> SegmentPage:
        """Appends segments, which can be found at once.

        Raises `DatasetNotFound`, `DocumentNotFound`, `DocumentNotCompleted`, `DocumentDisabled`, `TooManySegments`,
        `InvalidParam`, and what `Entries.of` raises.
        """
        if self._most and len(drafts) > self._most:
            raise TooManySegments(self._most)
        async with self._database.read() as session:
            dataset, document = await find_document(session, place, is_writable=True)
            rule = await store.rule_of(session, document)
        writer = Writer(dataset, document, rule, account_id)
        made = [drafted(writer, draft) for draft in drafts]
        found_by = [piece for segment, children in made for piece in pieces(writer, segment, children)]
        entries = await self._entries.of(dataset, found_by)
        async with self._database.write() as session:
            now, document = await find_document(session, place, locked=True, is_writable=True)
            check_same(dataset, now)
            position = await store.next_position(session, place)
            for offset, (segment, _) in enumerate(made):
                segment.position = position + offset
            session.add_all([segment for segment, _ in made])
            await session.flush()
            session.add_all([child for _, children in made for child in children])
            await put_in(session, dataset.id, entries)
            _count(document, sum(segment.word_count for segment, _ in made))
        return SegmentPage(
            items=[segment_view(segment, children, self._sign) for segment, children in made],
            doc_form=document.doc_form,
            total=len(made),
        )

    async def page(
        self, place: Place, *, page: int, limit: int, statuses: Sequence[str] = (), keyword: str | None = None
    ) -> SegmentPage:
        """One page in the order of the text. Raises `DatasetNotFound`, `DocumentNotFound`."""
        page, limit = max(page, 1), min(max(limit, 1), LARGEST_PAGE)
        async with self._database.read() as session:
            _, document = await find_document(session, place)
            rows, total = await store.page_of_segments(
                session, place, page=page, limit=limit, statuses=statuses, keyword=keyword
            )
            children = await _shown_children(session, document, rows)
        items = [segment_view(row, children.get(row.id, ()), self._sign) for row in rows]
        return SegmentPage(items=items, doc_form=document.doc_form, total=total, page=page, limit=limit)

    async def get(self, place: Place, segment_id: str) -> SegmentPage:
        """Raises `DatasetNotFound`, `DocumentNotFound`, `SegmentNotFound`."""
        async with self._database.read() as session:
            _, document = await find_document(session, place)
            segment = await find_segment(session, place, segment_id)
            children = await _shown_children(session, document, [segment])
        return self._one(document, segment, children.get(segment.id, ()))

    async def change(self, place: Place, segment_id: str, change: SegmentChange, account_id: str) -> SegmentPage:
        """Changes a segment; a new text gets a new vector under the old node id (knowledge.md 8.5).

        Raises what `get` raises, `SegmentIndexing`, `SegmentDisabled`, `DocumentDisabled`, `InvalidParam`, and what
        `Entries.of` raises.
        """
        async with self._database.read() as session:
            dataset, document = await find_document(session, place)
            segment = await find_segment(session, place, segment_id)
            rule = await store.rule_of(session, document)
        if document.indexing_status != "completed":
            raise SegmentIndexing
        if change.enabled is False and segment.enabled:
            await self.switch(place, [segment_id], enabled=False, account_id=account_id)
            return await self.get(place, segment_id)
        if not segment.enabled and not change.enabled:
            raise SegmentDisabled
        if not document.enabled:
            raise DocumentDisabled
        done = changed(Writer(dataset, document, rule, account_id), segment, change)
        entries = await self._entries.of(dataset, done.pieces)
        async with self._database.write() as session:
            now, document = await find_document(session, place, locked=True, is_writable=True)
            check_same(dataset, now)
            segment = await find_segment(session, place, segment_id)
            await _apply(session, document, segment, done, entries)
        return await self.get(place, segment_id)

    async def delete(self, place: Place, segment_ids: Sequence[str]) -> None:
        """Removes segments with their child chunks; ids that are none are left out, unless there is only one.

        Raises `DatasetNotFound`, `DocumentNotFound`, `DocumentNotCompleted`, `SegmentNotFound`.
        """
        async with self._database.write() as session:
            dataset, document = await find_document(session, place, locked=True)
            if document.indexing_status != "completed":
                raise DocumentNotCompleted  # its job is at work on these very rows
            rows = await store.some_segments(session, place, segment_ids)
            if not rows and len(segment_ids) == 1:
                raise SegmentNotFound
            children = await store.children_of(session, rows)
            nodes = [row.index_node_id for row in rows]
            nodes += [child.index_node_id for group in children.values() for child in group]
            await remove_in(session, dataset.id, [node for node in nodes if node])
            for row in rows:
                await session.delete(row)
            _count(document, -sum(row.word_count for row in rows))

    async def switch(self, place: Place, segment_ids: Sequence[str], *, enabled: bool, account_id: str) -> None:
        """Lets searches find segments, or not. The index keeps them: only the rows decide.

        Raises `DatasetNotFound`, `DocumentNotFound`.
        """
        async with self._database.write() as session:
            await find_document(session, place, locked=True)
            for row in await store.some_segments(session, place, segment_ids):
                if row.status != "completed" or row.enabled == enabled:
                    continue
                row.enabled = enabled
                row.disabled_at = None if enabled else utc_now()
                row.disabled_by = None if enabled else account_id

    def _one(self, document: Document, segment: DocumentSegment, children: Sequence[ChildChunk]) -> SegmentPage:
        return SegmentPage(items=[segment_view(segment, children, self._sign)], doc_form=document.doc_form, total=1)


async def _apply(
    session: AsyncSession, document: Document, segment: DocumentSegment, done: Changed, entries: Sequence[Entry]
) -> None:
    before = segment.word_count
    for name, value in done.columns.items():
        setattr(segment, name, value)
    if done.children is not None:
        old = (await store.children_of(session, [segment])).get(segment.id, ())
        await remove_in(session, segment.dataset_id, [child.index_node_id for child in old if child.index_node_id])
        for child in old:
            await session.delete(child)
        await session.flush()
        session.add_all(done.children)
    await put_in(session, segment.dataset_id, entries)
    _count(document, segment.word_count - before)


async def _shown_children(
    session: AsyncSession, document: Document, rows: Sequence[DocumentSegment]
) -> dict[str, list[ChildChunk]]:
    """Children are listed with their parents, except where the whole document is one parent."""
    if document.doc_form != HIERARCHICAL or (await store.rule_of(session, document)).parent_mode == "full-doc":
        return {}
    return await store.children_of(session, rows)


def _count(document: Document, characters: int) -> None:
    document.word_count = max((document.word_count or 0) + characters, 0)


__all__ = ["SegmentChange", "SegmentDraft", "SegmentPage", "Segments"]
