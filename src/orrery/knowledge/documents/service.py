"""What the faces ask of documents that are written; reading them is `listing`."""

from __future__ import annotations

from collections.abc import Sequence

from orrery.database.engine import Database
from orrery.jobs.outbox import JobOutbox
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.documents.adding import Adding
from orrery.knowledge.documents.changing import Changing
from orrery.knowledge.documents.drafts import DocumentUpdate, NewDocument, Settling
from orrery.knowledge.documents.pausing import Pausing
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.documents.tables import Document
from orrery.workspaces.members.names import AccountNames


class Documents:
    """Every use case is one transaction; who may do it is checked before. What each raises stands where it is done."""

    def __init__(
        self, database: Database, outbox: JobOutbox, files: SourceFiles, names: AccountNames, *, longest_chunk: int
    ) -> None:
        self._adding = Adding(database, outbox, files, names, longest_chunk=longest_chunk)
        self._changing = Changing(database, outbox, files, self._adding)
        self._pausing = Pausing(database, outbox)

    async def add(self, who: Member, dataset_id: str, new: NewDocument, settling: Settling) -> Document:
        """A new document, or the change of ``original_document_id``."""
        if new.original_document_id is None:
            (document,) = await self._adding.add(who, dataset_id, [new], settling)
            return document
        change = DocumentUpdate(
            name=new.name,
            upload_file_id=new.upload_file_id,
            process_rule=new.process_rule,
            doc_form=new.doc_form,
            doc_language=new.doc_language,
            created_from=new.created_from,
        )
        return await self._changing.update(who, dataset_id, new.original_document_id, change)

    async def add_several(
        self, who: Member, dataset_id: str, news: Sequence[NewDocument], settling: Settling
    ) -> list[Document]:
        """New documents as one batch, in their order: all of them or none."""
        return await self._adding.add(who, dataset_id, news, settling)

    async def update(self, who: Member, dataset_id: str, document_id: str, change: DocumentUpdate) -> Document:
        """Indexes the document anew, from what changed."""
        return await self._changing.update(who, dataset_id, document_id, change)

    async def rename(self, who: Member, dataset_id: str, document_id: str, name: str) -> Document:
        """The document's and its file's name."""
        return await self._changing.rename(who, dataset_id, document_id, name)

    async def delete(self, who: Member, dataset_id: str, document_ids: Sequence[str]) -> None:
        """All of them, or none."""
        await self._changing.delete(who, dataset_id, document_ids)

    async def retry(self, who: Member, dataset_id: str, document_ids: Sequence[str]) -> None:
        """Those that failed."""
        await self._pausing.retry(who, dataset_id, document_ids)

    async def pause(self, who: Member, dataset_id: str, document_id: str) -> None:
        """Until `resume`."""
        await self._pausing.pause(who, dataset_id, document_id)

    async def resume(self, who: Member, dataset_id: str, document_id: str) -> None:
        """From where the document stands."""
        await self._pausing.resume(who, dataset_id, document_id)
