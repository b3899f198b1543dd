"""Found passages as callers see them: records of a retrieval test, items for a run (knowledge.md 4.4, 4.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orrery.knowledge.searching.passages import FoundChild, Passage
from orrery.knowledge.segments.view import Sign, segment_core, segment_end


def records(query: str, passages: Sequence[Passage], sign: Sign) -> dict[str, object]:
    """The answer of ``/datasets/{id}/retrieve``."""
    return {"query": {"content": query}, "records": [_record(passage, sign) for passage in passages]}


def _record(passage: Passage, sign: Sign) -> dict[str, object]:
    document = passage.document
    return {
        "segment": {
            **segment_core(passage.segment, sign),
            **segment_end(passage.segment),
            "document": {
                "id": document.id,
                "data_source_type": document.data_source_type,
                "name": document.name,
                "doc_type": document.doc_type,
                "doc_metadata": document.doc_metadata or None,
            },
        },
        "child_chunks": _children(passage.children),
        "score": passage.score,
        "tsne_position": None,
        "files": [],
        "summary": None,
    }


def items(passages: Sequence[Passage], sign: Sign) -> list[Mapping[str, object]]:
    """The ``result`` of a knowledge-retrieval node, in the order given."""
    return [_item(passage, place, sign) for place, passage in enumerate(passages, 1)]


def _item(passage: Passage, place: int, sign: Sign) -> dict[str, object]:
    dataset, document, segment = passage.dataset, passage.document, passage.segment
    return {
        "metadata": {
            "_source": "knowledge",
            "dataset_id": dataset.id,
            "dataset_name": dataset.name,
            "document_id": document.id,
            "document_name": document.name,
            "data_source_type": document.data_source_type,
            "segment_id": segment.id,
            "retriever_from": "workflow",
            "score": passage.score,
            "child_chunks": _children(passage.children),
            "segment_hit_count": segment.hit_count,
            "segment_word_count": segment.word_count,
            "segment_position": segment.position,
            "segment_index_node_hash": segment.index_node_hash,
            "doc_metadata": document.doc_metadata,
            "position": place,
        },
        "title": document.name,
        "files": None,
        "content": sign(segment.content),
    }


def _children(children: Sequence[FoundChild]) -> list[dict[str, object]]:
    return [
        {"id": child.id, "content": child.content, "position": child.position, "score": child.score}
        for child in children
    ]
