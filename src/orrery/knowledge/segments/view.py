"""Segments and child chunks as clients see them (knowledge.md 1.3, 1.4); times in whole seconds since 1970."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from orrery.knowledge.documents.tables import ChildChunk, DocumentSegment

Sign: TypeAlias = Callable[[str], str]
"""Gives links to files inside a text a fresh signature."""


def segment_core(segment: DocumentSegment, sign: Sign) -> dict[str, object]:
    """What every view of a segment has, up to ``created_at``."""
    return {
        "id": segment.id,
        "position": segment.position,
        "document_id": segment.document_id,
        "content": segment.content,
        "sign_content": sign(segment.content),
        "answer": segment.answer or "",
        "word_count": segment.word_count,
        "tokens": segment.tokens,
        "keywords": segment.keywords or [],
        "index_node_id": segment.index_node_id,
        "index_node_hash": segment.index_node_hash,
        "hit_count": segment.hit_count,
        "enabled": segment.enabled,
        "disabled_at": _seconds(segment.disabled_at),
        "disabled_by": segment.disabled_by,
        "status": segment.status,
        "created_by": segment.created_by,
        "created_at": _seconds(segment.created_at),
    }


def segment_end(segment: DocumentSegment) -> dict[str, object]:
    """What became of its indexing."""
    return {
        "indexing_at": _seconds(segment.indexing_at),
        "completed_at": _seconds(segment.completed_at),
        "error": segment.error,
        "stopped_at": _seconds(segment.stopped_at),
    }


def segment_view(segment: DocumentSegment, children: Sequence[ChildChunk], sign: Sign) -> dict[str, object]:
    """A segment of a document's list."""
    return {
        **segment_core(segment, sign),
        "updated_at": _seconds(segment.updated_at),
        "updated_by": segment.updated_by or segment.created_by,
        **segment_end(segment),
        "child_chunks": [child_view(child) for child in children],
        "attachments": [],
        "summary": None,
    }


def child_view(child: ChildChunk) -> dict[str, object]:
    """A child chunk of a segment's list."""
    return {
        "id": child.id,
        "segment_id": child.segment_id,
        "content": child.content,
        "position": child.position,
        "word_count": child.word_count,
        "type": child.type,
        "created_at": _seconds(child.created_at),
        "updated_at": _seconds(child.updated_at),
    }


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
