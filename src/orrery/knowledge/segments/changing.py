"""What a change of a segment comes to: columns, child chunks, pieces for the index (knowledge.md 8.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.database.orm import utc_now
from orrery.knowledge.documents.tables import ChildChunk, DocumentSegment
from orrery.knowledge.segments.drafting import Writer, children_for, content_of, piece_of_child, piece_of_segment
from orrery.knowledge.segments.entries import ECONOMY, HIERARCHICAL, Piece, keywords_of, tokens_of
from orrery.retrieval.hashing import text_hash


class SegmentChange(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody changes; None stays as it is. A false ``enabled`` alone counts: the rest is left."""

    content: str | None = None
    keywords: tuple[str, ...] | None = None
    enabled: bool | None = None
    regenerate_child_chunks: bool = False


class Changed(msgspec.Struct, frozen=True):
    """``children`` None leaves child chunks alone, else they replace all that there are."""

    columns: Mapping[str, object]
    children: Sequence[ChildChunk] | None
    pieces: Sequence[Piece]


def changed(writer: Writer, segment: DocumentSegment, change: SegmentChange) -> Changed:
    """Raises `InvalidParam` for an empty text."""
    dataset = writer.dataset
    content = segment.content if change.content is None else content_of(change.content, "segment.content")
    is_new = content != segment.content
    columns: dict[str, object] = {
        "enabled": True,
        "disabled_at": None,
        "disabled_by": None,
        "updated_by": writer.account_id,
        "updated_at": utc_now(),
    }
    words = segment.keywords
    if change.keywords is not None or (is_new and dataset.indexing_technique == ECONOMY):
        words = columns["keywords"] = keywords_of(dataset, content, change.keywords)
    if is_new:
        columns |= {
            "content": content,
            "word_count": len(content),
            "tokens": tokens_of(dataset, content),
            "index_node_hash": text_hash(content),
            "status": "completed",
            "completed_at": utc_now(),
            "error": None,
            "stopped_at": None,
        }
    if writer.document.doc_form == HIERARCHICAL:
        if not change.regenerate_child_chunks:
            return Changed(columns, None, ())
        children = children_for(writer, segment, content)
        return Changed(columns, children, [piece_of_child(dataset, child) for child in children])
    is_found_anew = is_new or (dataset.indexing_technique == ECONOMY and "keywords" in columns)
    return Changed(columns, None, [piece_of_segment(segment, content, words)] if is_found_anew else ())
