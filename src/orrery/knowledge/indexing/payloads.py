"""What the jobs of this room are told. The outbox finds the job by the payload's type."""

from __future__ import annotations

import msgspec


class IndexDocument(msgspec.Struct, frozen=True):
    """Index this document, from wherever it stands."""

    tenant_id: str
    document_id: str


class CleanDocuments(msgspec.Struct, frozen=True):
    """These documents are gone: remove what is left of them, and those of ``file_ids`` that nobody else uses."""

    tenant_id: str
    dataset_id: str
    document_ids: tuple[str, ...]
    file_ids: tuple[str, ...] = ()


class DropDataset(msgspec.Struct, frozen=True):
    """A dataset that is gone: remove everything in it, then itself."""

    tenant_id: str
    dataset_id: str
