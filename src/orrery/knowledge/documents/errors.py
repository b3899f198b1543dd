"""What can go wrong with documents, in the contract's words (knowledge.md 8.1, 8.3, 8.5)."""

from __future__ import annotations

from orrery.errors import BadRequest, Forbidden, InvalidParam


class ArchivedDocumentImmutable(Forbidden):
    """Archived documents stay as they are."""

    code = "archived_document_immutable"
    default_message = "The archived document is not editable."


class DocumentIndexing(BadRequest):
    """The document is not in a state in which this can be done."""

    code = "document_indexing"
    default_message = "The document is being processed and cannot be edited."


class DocumentUnavailable(InvalidParam):
    """Only documents that are indexed, enabled and not archived can be changed."""

    default_message = "Document is not available"


class BeingRetried(InvalidParam):
    """An earlier retry is under way."""

    default_message = "Document is being retried, please try again later"


class DocFormDiffers(InvalidParam):
    """All documents of a dataset have one form."""

    default_message = "doc_form is different from the dataset doc_form."


class TechniqueMissing(InvalidParam):
    """The first document decides how the dataset is indexed."""

    default_message = "indexing_technique is required."


class RuleMissing(InvalidParam):
    """A file needs a rule, of its own or of the dataset."""

    default_message = "process_rule is required."
