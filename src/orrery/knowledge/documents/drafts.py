"""What callers say of a document that they add or change."""

from __future__ import annotations

import msgspec


class NewDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document to be, from an uploaded file.

    ``process_rule`` is ``{"mode", "rules"}``; None takes the dataset's latest, and without one the automatic rule, or
    `RuleMissing` where ``rule_required``. ``name``: another one than the file's. ``duplicate``: an enabled document of
    the same name is replaced in place.
    """

    upload_file_id: str
    name: str | None = None
    doc_form: str | None = None
    doc_language: str | None = None
    process_rule: object = None
    rule_required: bool = False
    created_from: str = "api"
    duplicate: bool = True
    original_document_id: str | None = None


class Settling(msgspec.Struct, frozen=True, kw_only=True):
    """What the first document decides for its dataset; later ones change nothing by it. Values were checked before."""

    indexing_technique: str | None = None
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: object = None


class DocumentUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What changes; None stays as it is. The document is indexed anew in every case (8.5)."""

    name: str | None = None
    upload_file_id: str | None = None
    process_rule: object = None
    doc_form: str | None = None
    doc_language: str | None = None
    created_from: str = "api"
