"""Datasets and their metadata as the contract's clients see them (knowledge.md 1.1, 1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, cast

from orrery.knowledge.datasets.metadata import BUILT_IN, BUILT_IN_ID
from orrery.knowledge.datasets.retrieval_settings import shown_settings
from orrery.knowledge.datasets.service import DatasetView
from orrery.knowledge.datasets.tables import DatasetMetadata

JsonObject = dict[str, object]

MOST_OF_A_PAGE: Final = 100


def unix(time: datetime | None) -> int | None:
    """Seconds since the epoch."""
    return None if time is None else int(time.timestamp())


def page_of(data: Sequence[object], *, page: int, limit: int, total: int) -> JsonObject:
    """A page of a list. A full page says that there is more, as the contract's does."""
    return {"data": data, "has_more": len(data) == limit, "limit": limit, "total": total, "page": page}


def dataset_object(view: DatasetView) -> JsonObject:
    """A dataset in full, its fields in the contract's order."""
    row, counts = view.dataset, view.counts
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "provider": row.provider,
        "permission": row.permission,
        "data_source_type": row.data_source_type,
        "indexing_technique": row.indexing_technique,
        "app_count": view.apps,
        "document_count": counts.documents,
        "word_count": counts.words,
        "created_by": row.created_by,
        "author_name": view.author,
        "created_at": unix(row.created_at),
        "updated_by": row.updated_by,
        "updated_at": unix(row.updated_at),
        "embedding_model": row.embedding_model,
        "embedding_model_provider": row.embedding_model_provider,
        "embedding_available": view.embedding_available,
        "retrieval_model_dict": _retrieval(view),
        "summary_index_setting": row.summary_index_setting,
        "tags": [{"id": label.id, "name": label.name, "type": label.type} for label in view.labels],
        "doc_form": row.chunk_structure or counts.form,
        "external_knowledge_info": None,
        "external_retrieval_model": None,
        "doc_metadata": field_objects(view.fields, built_in=row.built_in_field_enabled),
        "built_in_field_enabled": row.built_in_field_enabled,
        "pipeline_id": row.pipeline_id,
        "runtime_mode": row.runtime_mode,
        "chunk_structure": row.chunk_structure,
        "icon_info": _icon(row.icon_info),
        "is_published": False,
        "total_documents": counts.documents,
        "total_available_documents": counts.available,
        "enable_api": row.enable_api,
        "is_multimodal": row.is_multimodal,
        "maintainer": view.author,
        "partial_member_list": list(view.members),
    }


def field_objects(fields: Sequence[DatasetMetadata], *, built_in: bool) -> list[JsonObject]:
    """The metadata fields of a dataset, the built-in ones after its own."""
    own: list[JsonObject] = [field_object(field) for field in fields]
    more: list[JsonObject] = [{"id": BUILT_IN_ID, "name": name, "type": kind} for name, kind in BUILT_IN.items()]
    return own + more if built_in else own


def field_object(field: DatasetMetadata) -> JsonObject:
    """One metadata field."""
    return {"id": field.id, "name": field.name, "type": field.type}


def _retrieval(view: DatasetView) -> JsonObject:
    shown = shown_settings(view.dataset.retrieval_model)
    # Whatever is kept: without vectors there is only one way to search.
    return {**shown, "search_method": "keyword_search"} if view.dataset.indexing_technique == "economy" else shown


def _icon(stored: object) -> JsonObject | None:
    if not isinstance(stored, Mapping):
        return None
    given = cast("Mapping[str, object]", stored)
    return {name: given.get(name) for name in ("icon_type", "icon", "icon_background", "icon_url")}
