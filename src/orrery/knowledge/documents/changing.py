"""Changing what a document is made from, its name, and taking documents away (knowledge.md 8.1, 8.5)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam
from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.errors import DocumentNotFound
from orrery.knowledge.datasets.metadata import built_in_values
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents import states, store
from orrery.knowledge.documents.adding import LONGEST_NAME, Adding, checked_form, start_indexing
from orrery.knowledge.documents.drafts import DocumentUpdate
from orrery.knowledge.documents.errors import ArchivedDocumentImmutable, DocumentUnavailable
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.indexing.payloads import CleanDocuments


class Changing:
    """Each call is one transaction."""

    def __init__(self, database: Database, outbox: JobOutbox, files: SourceFiles, adding: Adding) -> None:
        self._database = database
        self._outbox = outbox
        self._files = files
        self._adding = adding

    async def update(self, who: Member, dataset_id: str, document_id: str, change: DocumentUpdate) -> Document:
        """Changes a document and has it indexed anew: chunks that stay the same keep their vectors.

        Until that is done nothing of it is found. Raises `DatasetNotFound`, `DocumentNotFound`,
        `ArchivedDocumentImmutable`, `DocumentUnavailable`, `DocFormDiffers`, `BadRule`, and the `NotFound` of files.
        """
        async with self._database.write() as session:
            dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
            document = await store.lock_document(session, dataset, document_id)
            require_available(document)
            await self._change(session, who, dataset, document, change)
            await store.hide_segments(session, document.id)
            await start_indexing(session, self._outbox, document)
        return document

    async def rename(self, who: Member, dataset_id: str, document_id: str, name: str) -> Document:
        """Gives the document, and the file that it is made from, another name."""
        name = _checked(name)
        async with self._database.write() as session:
            dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
            document = await store.lock_document(session, dataset, document_id)
            document.name = name
            known = store.as_object(document.doc_metadata)
            if dataset.built_in_field_enabled and known:
                document.doc_metadata = {**known, "document_name": name}
            file_id = store.upload_of(document)
            if file_id is not None:
                await self._files.rename(session, who.workspace_id, file_id, name)
        return document

    async def delete(self, who: Member, dataset_id: str, document_ids: Sequence[str]) -> None:
        """Takes documents away with their segments; a job removes their index entries, and files nobody else uses.

        Raises `DocumentNotFound` where one is missing, `ArchivedDocumentImmutable`; then all of them stay.
        """
        async with self._database.write() as session:
            dataset = await store.lock_dataset(session, who.workspace_id, dataset_id)
            found = await store.lock_documents(session, dataset, document_ids)
            if len(found) != len(set(document_ids)):
                raise DocumentNotFound
            if any(document.archived for document in found):
                raise ArchivedDocumentImmutable
            ids = tuple(document.id for document in found)
            files = tuple(file_id for one in found if (file_id := store.upload_of(one)) is not None)
            # As a statement: the rows that hang on a document go by the database's own rules.
            await session.execute(delete(Document).where(Document.id.in_(ids)))
            await self._outbox.enqueue(session, CleanDocuments(who.workspace_id, dataset_id, ids, files))

    async def _change(
        self, session: AsyncSession, who: Member, dataset: Dataset, document: Document, change: DocumentUpdate
    ) -> None:
        document.doc_form = await checked_form(session, dataset, change.doc_form or document.doc_form)
        if change.process_rule is not None:
            document.dataset_process_rule_id = await self._adding.rule(
                session, who, dataset, change.process_rule, document.doc_form, required=True
            )
        if change.upload_file_id is not None:
            before = store.upload_of(document)
            source = await self._files.find(session, who.workspace_id, change.upload_file_id)
            document.data_source_type = "upload_file"
            document.data_source_info = {"upload_file_id": source.id}
            document.name = _checked(change.name or source.name)
            if before is not None and before != source.id:
                clean = CleanDocuments(document.tenant_id, document.dataset_id, (), (before,))
                await self._outbox.enqueue(session, clean)
        elif change.name is not None:
            document.name = _checked(change.name)
        document.doc_language = change.doc_language or document.doc_language
        document.created_from = change.created_from
        document.updated_at = utc_now()
        known = store.as_object(document.doc_metadata)
        if dataset.built_in_field_enabled and known:
            fresh = built_in_values(document, str(known.get("uploader", "")))
            document.doc_metadata = {**known, **fresh}


def require_available(document: Document) -> None:
    """Raises `ArchivedDocumentImmutable`, `DocumentUnavailable`."""
    if document.archived:
        raise ArchivedDocumentImmutable
    if document.indexing_status != states.COMPLETED or not document.enabled:
        raise DocumentUnavailable


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidParam(f"name: must have 1 to {LONGEST_NAME} characters.", params="name")
    return name
