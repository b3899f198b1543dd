"""Texts and files on their way into a dataset: kept as uploads first, and taken back where no document comes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import msgspec

from orrery.apps.files.tables import UploadFile
from orrery.apps.files.uploads import NewFile, Uploads
from orrery.errors import OrreryError
from orrery.http.files.form import FormFile
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.settling import Settlement, Wishes
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.drafts import DocumentUpdate, NewDocument
from orrery.knowledge.documents.service import Documents
from orrery.knowledge.documents.sources import SourceFiles
from orrery.knowledge.documents.tables import Document

T = TypeVar("T")


class Titled(msgspec.Struct, frozen=True):
    """A text with its name."""

    name: str
    text: str


Content = Titled | FormFile


class AccountOwner(msgspec.Struct, frozen=True):
    """An upload's owner."""

    id: str
    role: str = "account"


class DocumentIntake:
    """Makes and changes documents from what a request carries."""

    def __init__(self, uploads: Uploads, sources: SourceFiles, documents: Documents, settlement: Settlement) -> None:
        self._uploads = uploads
        self._sources = sources
        self._documents = documents
        self._settlement = settlement

    async def add(
        self, who: Member, dataset: Dataset, content: Content, wishes: Wishes, draft: NewDocument
    ) -> Document:
        """``draft`` is without its file, which ``content`` becomes. Raises what `Documents.add` raises."""
        settling = await self._settlement.of(who, dataset, wishes)
        row = await self._keep(who, content)
        new = msgspec.structs.replace(draft, upload_file_id=row.id)
        return await self._or_back(who, row, self._documents.add(who, dataset.id, new, settling))

    async def update(
        self, who: Member, dataset: Dataset, document_id: str, content: Content | None, change: DocumentUpdate
    ) -> Document:
        """Without ``content`` only name and rules change. Raises what `Documents.update` raises."""
        if content is None:
            return await self._documents.update(who, dataset.id, document_id, change)
        row = await self._keep(who, content)
        whole = msgspec.structs.replace(change, upload_file_id=row.id)
        return await self._or_back(who, row, self._documents.update(who, dataset.id, document_id, whole))

    async def _keep(self, who: Member, content: Content) -> UploadFile:
        owner = AccountOwner(who.account_id)
        if isinstance(content, Titled):
            new = NewFile(filename=content.name, mime_type="text/plain", titled=True)
            return await self._uploads.add(who.workspace_id, owner, new, _encoded(content.text))
        return await self._uploads.add(who.workspace_id, owner, content.new, content.chunks())

    async def _or_back(self, who: Member, row: UploadFile, making: Awaitable[T]) -> T:
        try:
            return await making
        except OrreryError:
            # Refused, so nothing names the file. Of another failure nobody knows whether it came after the commit.
            await self._sources.remove(who.workspace_id, [row.id])
            raise


async def _encoded(text: str) -> AsyncIterator[bytes]:
    yield text.encode("utf-8", "replace")
