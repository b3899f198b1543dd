"""New segments and child chunks as rows, and as pieces for the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from orrery.database.ids import new_id
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.segments.entries import ECONOMY, HIERARCHICAL, Piece, keywords_of, tokens_of
from orrery.retrieval.chunking import children_of
from orrery.retrieval.cleaning import storable
from orrery.retrieval.hashing import text_hash
from orrery.retrieval.rules import ProcessRule
from orrery.retrieval.search_text import keywords


class SegmentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that somebody writes. ``keywords`` None has them found in the text."""

    content: str
    keywords: tuple[str, ...] | None = None


class Writer(msgspec.Struct, frozen=True):
    """Where somebody writes: the document with its dataset and the rule by which it was split."""

    dataset: Dataset
    document: Document
    rule: ProcessRule
    account_id: str


def content_of(text: str, where: str = "content") -> str:
    """A text that every database holds. Raises `InvalidParam` where nothing is left."""
    content = storable(text).strip()
    if not content:
        raise InvalidParam(f"{where}: must not be empty.", params=where)
    return content


def drafted(writer: Writer, draft: SegmentDraft) -> tuple[DocumentSegment, list[ChildChunk]]:
    """A completed segment without its position, and its child chunks where the document has them.

    Raises `InvalidParam` for an empty text.
    """
    dataset, document = writer.dataset, writer.document
    content, now = content_of(draft.content), utc_now()
    segment = DocumentSegment(
        id=new_id(),
        tenant_id=dataset.tenant_id,
        dataset_id=dataset.id,
        document_id=document.id,
        position=0,
        content=content,
        word_count=len(content),
        tokens=tokens_of(dataset, content),
        keywords=keywords_of(dataset, content, draft.keywords),
        index_node_id=new_id(),
        index_node_hash=text_hash(content),
        hit_count=0,
        enabled=True,
        status="completed",
        created_by=writer.account_id,
        created_at=now,
        updated_at=now,
        indexing_at=now,
        completed_at=now,
    )
    return segment, children_for(writer, segment, content)


def children_for(writer: Writer, segment: DocumentSegment, content: str) -> list[ChildChunk]:
    """The child chunks that the rule makes of a parent's text; none where the document has no children."""
    if writer.document.doc_form != HIERARCHICAL:
        return []
    texts = children_of(content, writer.rule)
    return [child_chunk(writer, segment, text, place, "automatic") for place, text in enumerate(texts, 1)]


def child_chunk(writer: Writer, segment: DocumentSegment, text: str, position: int, kind: str) -> ChildChunk:
    """A child chunk that can be found as soon as it is stored."""
    now = utc_now()
    return ChildChunk(
        id=new_id(),
        tenant_id=segment.tenant_id,
        dataset_id=segment.dataset_id,
        document_id=segment.document_id,
        segment_id=segment.id,
        position=position,
        content=text,
        word_count=len(text),
        index_node_id=new_id(),
        index_node_hash=text_hash(text),
        type=kind,
        created_by=writer.account_id,
        created_at=now,
        updated_at=now,
        indexing_at=now,
        completed_at=now,
    )


def pieces(writer: Writer, segment: DocumentSegment, children: Sequence[ChildChunk]) -> list[Piece]:
    """What is searched for a segment: the text itself, or its child chunks instead."""
    if writer.document.doc_form == HIERARCHICAL:
        return [piece_of_child(writer.dataset, child) for child in children]
    return [piece_of_segment(segment, segment.content, segment.keywords)]


def piece_of_segment(segment: DocumentSegment, content: str, words: object) -> Piece:
    return Piece(
        node_id=segment.index_node_id or "",
        document_id=segment.document_id,
        segment_id=segment.id,
        text=content,
        keywords=tuple(map(str, cast("list[object]", words))) if isinstance(words, list) else (),
    )


def piece_of_child(dataset: Dataset, child: ChildChunk) -> Piece:
    words = keywords(child.content, dataset.keyword_number or 10) if dataset.indexing_technique == ECONOMY else ()
    return Piece(
        node_id=child.index_node_id or "",
        document_id=child.document_id,
        segment_id=child.segment_id,
        text=child.content,
        keywords=tuple(words),
    )
