"""Documents as the contract's clients see them (knowledge.md 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from orrery.apps.files.tables import UploadFile
from orrery.http.service.knowledge.shapes import JsonObject, unix
from orrery.knowledge.datasets.metadata import BUILT_IN, BUILT_IN_ID, built_in_values
from orrery.knowledge.datasets.tables import ProcessRuleRow
from orrery.knowledge.documents.listing import DocumentProgress, DocumentView, Rules, display_status
from orrery.knowledge.documents.tables import Document

Uploaded = Mapping[str, UploadFile]
"""The files that documents are made from, by id."""

AUTOMATIC_MODE = "automatic"


def upload_ids(documents: list[Document]) -> list[str]:
    """The uploads that documents are made from."""
    return [file_id for document in documents if (file_id := upload_id(document))]


def upload_id(document: Document) -> str | None:
    """The upload that a document is made from."""
    info = document.data_source_info
    found = cast("Mapping[str, object]", info).get("upload_file_id") if isinstance(info, Mapping) else None
    return found if isinstance(found, str) else None


def document_object(view: DocumentView, uploaded: Uploaded) -> JsonObject:
    """A document, its fields in the contract's order."""
    row = view.document
    return {
        "id": row.id,
        "position": row.position,
        "data_source_type": row.data_source_type,
        "data_source_info": row.data_source_info,
        "data_source_detail_dict": _source(row, uploaded),
        "dataset_process_rule_id": row.dataset_process_rule_id,
        "name": row.name,
        "created_from": row.created_from,
        "created_by": row.created_by,
        "created_at": unix(row.created_at),
        "tokens": row.tokens or 0,
        "indexing_status": row.indexing_status,
        "error": row.error,
        "enabled": row.enabled,
        "disabled_at": unix(row.disabled_at),
        "disabled_by": row.disabled_by,
        "archived": row.archived,
        "display_status": display_status(row),
        "word_count": row.word_count or 0,
        "hit_count": view.hits,
        "doc_form": row.doc_form,
        "doc_metadata": _metadata(view),
        "summary_index_status": None,
        "need_summary": row.need_summary,
    }


def document_detail(view: DocumentView, uploaded: Uploaded, rules: Rules, amount: str) -> JsonObject:
    """One document in full. ``amount``: all, only (its metadata) or without."""
    row = view.document
    kind: JsonObject = {"doc_type": row.doc_type, "doc_metadata": _metadata(view)}
    if amount == "only":
        return {"id": row.id, **kind}
    return {
        "id": row.id,
        "position": row.position,
        "data_source_type": row.data_source_type,
        "data_source_info": _source(row, uploaded),
        "dataset_process_rule_id": row.dataset_process_rule_id,
        "dataset_process_rule": _rule(rules.latest),
        "document_process_rule": {} if rules.own is None else {**_rule(rules.own), "dataset_id": row.dataset_id},
        "name": row.name,
        "created_from": row.created_from,
        "created_by": row.created_by,
        "created_at": unix(row.created_at),
        "tokens": row.tokens or 0,
        "indexing_status": row.indexing_status,
        "completed_at": unix(row.completed_at),
        "updated_at": unix(row.updated_at),
        "indexing_latency": row.indexing_latency,
        "error": row.error,
        "enabled": row.enabled,
        "disabled_at": unix(row.disabled_at),
        "disabled_by": row.disabled_by,
        "archived": row.archived,
        **({} if amount == "without" else kind),
        "segment_count": view.segments,
        "average_segment_length": (row.word_count or 0) // view.segments if view.segments else 0,
        "hit_count": view.hits,
        "display_status": display_status(row),
        "doc_form": row.doc_form,
        "doc_language": row.doc_language,
        "summary_index_status": None,
        "need_summary": row.need_summary,
    }


def progress_object(progress: DocumentProgress) -> JsonObject:
    """How far a document has come."""
    row = progress.document
    return {
        "id": row.id,
        "indexing_status": "paused" if row.is_paused else row.indexing_status,
        "processing_started_at": unix(row.processing_started_at),
        "parsing_completed_at": unix(row.parsing_completed_at),
        "cleaning_completed_at": unix(row.cleaning_completed_at),
        "splitting_completed_at": unix(row.splitting_completed_at),
        "completed_at": unix(row.completed_at),
        "paused_at": unix(row.paused_at),
        "error": row.error,
        "stopped_at": unix(row.stopped_at),
        "completed_segments": progress.completed,
        "total_segments": progress.total,
    }


def _source(document: Document, uploaded: Uploaded) -> JsonObject:
    file = uploaded.get(upload_id(document) or "")
    if file is None:
        return {}
    return {
        "upload_file": {
            "id": file.id,
            "name": file.name,
            "size": file.size,
            "extension": file.extension,
            "mime_type": file.mime_type,
            "created_by": file.created_by,
            "created_at": unix(file.created_at),
        }
    }


def _rule(row: ProcessRuleRow | None) -> JsonObject:
    if row is None:
        return {"mode": AUTOMATIC_MODE, "rules": None}
    return {"id": row.id, "mode": row.mode, "rules": row.rules}


def _metadata(view: DocumentView) -> list[JsonObject] | None:
    """The values of the document's fields and the built-in ones; null where it holds none."""
    held = view.document.doc_metadata
    if not isinstance(held, Mapping) or not held:
        return None
    values = cast("Mapping[str, object]", held)
    own: list[JsonObject] = [
        {"id": field.id, "name": field.name, "type": field.type, "value": values.get(field.name)}
        for field in view.fields
    ]
    built_in = built_in_values(view.document, view.uploader)
    # Times are texts here, as the contract's servers send them.
    shown = {name: value if isinstance(value, str) else str(value) for name, value in built_in.items()}
    return own + [{"id": BUILT_IN_ID, "name": n, "type": BUILT_IN[n], "value": v} for n, v in shown.items()]
