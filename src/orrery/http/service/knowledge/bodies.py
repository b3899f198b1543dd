"""What callers send to add and change documents, in JSON or as the field ``data`` of a form (knowledge.md 8.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from orrery.database.ids import NIL_ID, is_id
from orrery.errors import InvalidParam
from orrery.http.call import decode_body
from orrery.knowledge.datasets.settling import Wishes
from orrery.knowledge.documents.drafts import DocumentUpdate, NewDocument

TEXT_LIMIT = 24 * 1024 * 1024
"""Bytes of a JSON body with a text of 15 MB in it, escaped."""
S = TypeVar("S", bound=msgspec.Struct)


class FileSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a document is indexed; a dataset's first one decides for the dataset, too."""

    indexing_technique: str | None = None
    doc_form: str | None = None
    doc_language: str | None = None
    process_rule: dict[str, object] | None = None
    retrieval_model: dict[str, object] | None = None
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    original_document_id: str | None = None
    duplicate: bool = True


class NewText(FileSettings, frozen=True, kw_only=True):
    name: str
    text: str


class ChangedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a document beside its content."""

    name: str | None = None
    doc_form: str | None = None
    doc_language: str | None = None
    process_rule: dict[str, object] | None = None
    retrieval_model: dict[str, object] | None = None


class ChangedText(ChangedFile, frozen=True, kw_only=True):
    text: str | None = None


def wishes_of(body: FileSettings) -> Wishes:
    """What a new document asks of its dataset."""
    return Wishes(
        indexing_technique=body.indexing_technique,
        embedding_model=body.embedding_model,
        embedding_model_provider=body.embedding_model_provider,
        retrieval_model=body.retrieval_model,
    )


def draft_of(body: FileSettings, *, name: str | None, rule_required: bool = False) -> NewDocument:
    """The document to be, without its file."""
    return NewDocument(
        upload_file_id="",
        name=name,
        doc_form=body.doc_form,
        doc_language=body.doc_language,
        process_rule=body.process_rule,
        rule_required=rule_required,
        duplicate=body.duplicate,
        original_document_id=_id(body.original_document_id),
    )


def change_of(body: ChangedFile) -> DocumentUpdate:
    """The change, without a new file."""
    return DocumentUpdate(
        name=body.name, process_rule=body.process_rule, doc_form=body.doc_form, doc_language=body.doc_language
    )


def data_of(fields: Mapping[str, str], kind: type[S]) -> S:
    """The settings in a form's field ``data``; without one the defaults. Raises `InvalidParam`."""
    found = decode_body(fields.get("data", "").encode("utf-8", "replace"), kind)
    if not isinstance(found, kind):
        raise InvalidParam("data: must be a JSON object.", params="data")
    return found


def _id(text: str | None) -> str | None:
    return None if not text else text.lower() if is_id(text) else NIL_ID
