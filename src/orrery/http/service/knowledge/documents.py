"""Service API routes of documents: adding, changing, listing, deleting, switching (knowledge.md 1.2, 8.6)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.files.errors import FileTooLarge, UnsupportedFileType
from orrery.apps.files.uploads import Uploads
from orrery.errors import InvalidParam, NotFound
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.form import form_file, sent_form
from orrery.http.service.knowledge.bodies import (
    TEXT_LIMIT,
    ChangedFile,
    ChangedText,
    FileSettings,
    NewText,
    change_of,
    data_of,
    draft_of,
    wishes_of,
)
from orrery.http.service.knowledge.callers import batch_name, document_id, member, named_ids, open_dataset
from orrery.http.service.knowledge.datasets import PageNumber, PageSize
from orrery.http.service.knowledge.document_shapes import (
    document_detail,
    document_object,
    progress_object,
    upload_ids,
)
from orrery.http.service.knowledge.intake import DocumentIntake, Titled
from orrery.http.service.knowledge.shapes import MOST_OF_A_PAGE, JsonObject, page_of
from orrery.knowledge.datasets.errors import DocumentNotFound, InvalidMetadata
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.listing import DocumentList
from orrery.knowledge.documents.service import Documents
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.segments.document_states import DocumentStates

AMOUNTS = ("all", "only", "without")


class DocumentsQuery(msgspec.Struct, frozen=True):
    page: PageNumber = 1
    limit: PageSize = 20
    keyword: str = ""
    status: str = ""


class DocumentQuery(msgspec.Struct, frozen=True):
    metadata: str = "all"


class DocumentIds(msgspec.Struct, frozen=True):
    document_ids: Annotated[list[str], Meta(min_length=1, max_length=10_000)]


class DocumentParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes of documents call."""

    datasets: Datasets
    documents: Documents
    listing: DocumentList
    states: DocumentStates
    intake: DocumentIntake
    uploads: Uploads


class ServiceDocumentRoutes(RouteGroup):
    """The documents of a knowledge base."""

    def __init__(self, parts: DocumentParts) -> None:
        self._parts = parts

    @route("POST", "/datasets/{dataset_id}/document/create-by-text", auth="knowledge", scope="workspace",
           body=NewText, body_limit=TEXT_LIMIT)  # fmt: skip
    @route("POST", "/datasets/{dataset_id}/document/create_by_text", auth="knowledge", scope="workspace",
           body=NewText, body_limit=TEXT_LIMIT)  # fmt: skip
    async def create_by_text(self, call: Call, body: NewText) -> JsonObject:
        """Adds a text as a document; it is indexed in the background."""
        dataset = await self._opened(call)
        content, draft = Titled(body.name, body.text), draft_of(body, name=body.name)
        row = await self._parts.intake.add(member(call), dataset, content, wishes_of(body), draft)
        return await self._answer(dataset, row)

    @route("POST", "/datasets/{dataset_id}/document/create-by-file", auth="knowledge", scope="workspace")
    @route("POST", "/datasets/{dataset_id}/document/create_by_file", auth="knowledge", scope="workspace")
    async def create_by_file(self, call: Call) -> JsonObject:
        """Adds a file as a document; it is indexed in the background."""
        dataset = await self._opened(call)
        try:
            async with form_file(call, self._parts.uploads, for_knowledge=True) as file:
                body = data_of(file.fields, FileSettings)
                draft = draft_of(body, name=None, rule_required=True)
                row = await self._parts.intake.add(member(call), dataset, file, wishes_of(body), draft)
        except (FileTooLarge, UnsupportedFileType) as error:
            # On this route, unlike on those that change a document, the contract has no statuses of their own for them.
            raise InvalidParam(error.message) from error
        return await self._answer(dataset, row)

    @route("GET", "/datasets/{dataset_id}/documents", auth="knowledge", scope="workspace", query=DocumentsQuery)
    async def page(self, call: Call, query: DocumentsQuery) -> JsonObject:
        """Lists documents, the newest first."""
        dataset = await self._opened(call)
        limit = min(query.limit, MOST_OF_A_PAGE)
        views, total = await self._parts.listing.page(
            dataset, page=query.page, limit=limit, keyword=query.keyword.replace("\x00", ""), status=query.status
        )
        ids = upload_ids([view.document for view in views])
        uploaded = await self._parts.uploads.known(dataset.tenant_id, ids)
        return page_of([document_object(v, uploaded) for v in views], page=query.page, limit=limit, total=total)

    @route("GET", "/datasets/{dataset_id}/documents/{document_id}", auth="knowledge", scope="workspace",
           query=DocumentQuery)  # fmt: skip
    async def get(self, call: Call, query: DocumentQuery) -> JsonObject:
        """Shows a document."""
        dataset = await self._opened(call)
        if query.metadata not in AMOUNTS:
            raise InvalidMetadata(f"Invalid metadata value: {query.metadata[:64]}")
        view = await self._parts.listing.get(dataset, document_id(call))
        uploaded = await self._parts.uploads.known(dataset.tenant_id, upload_ids([view.document]))
        rules = await self._parts.listing.rules(dataset, view.document)
        return document_detail(view, uploaded, rules, query.metadata)

    @route("DELETE", "/datasets/{dataset_id}/documents/{document_id}", auth="knowledge", scope="workspace", status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a document with all its passages."""
        dataset = await self._opened(call)
        try:
            await self._parts.documents.delete(member(call), dataset.id, [document_id(call)])
        except DocumentNotFound as error:
            raise NotFound("Document Not Exists.") from error  # this one route's own words

    @route("POST", "/datasets/{dataset_id}/documents/{document_id}/update-by-text", auth="knowledge",
           scope="workspace", body=ChangedText, body_limit=TEXT_LIMIT)  # fmt: skip
    @route("POST", "/datasets/{dataset_id}/documents/{document_id}/update_by_text", auth="knowledge",
           scope="workspace", body=ChangedText, body_limit=TEXT_LIMIT)  # fmt: skip
    async def update_by_text(self, call: Call, body: ChangedText) -> JsonObject:
        """Gives a document another text, name or rule, and has it indexed anew."""
        dataset = await self._opened(call)
        content = None
        if body.text is not None:
            if body.name is None:
                raise InvalidParam("name is required when text is provided.", params="name")
            content = Titled(body.name, body.text)
        row = await self._parts.intake.update(member(call), dataset, document_id(call), content, change_of(body))
        return await self._answer(dataset, row)

    @route("PATCH", "/datasets/{dataset_id}/documents/{document_id}", auth="knowledge", scope="workspace")
    @route("POST", "/datasets/{dataset_id}/documents/{document_id}/update-by-file", auth="knowledge", scope="workspace")
    @route("POST", "/datasets/{dataset_id}/documents/{document_id}/update_by_file", auth="knowledge", scope="workspace")
    async def update_by_file(self, call: Call) -> JsonObject:
        """Gives a document another file or rule, and has it indexed anew."""
        dataset = await self._opened(call)
        await self._parts.listing.get(dataset, document_id(call))  # before a large form is read for nothing
        async with sent_form(call, self._parts.uploads, for_knowledge=True) as form:
            change = change_of(data_of(form.fields, ChangedFile))
            row = await self._parts.intake.update(member(call), dataset, document_id(call), form.file, change)
        return await self._answer(dataset, row)

    @route("GET", "/datasets/{dataset_id}/documents/{batch}/indexing-status", auth="knowledge", scope="workspace")
    async def progress(self, call: Call) -> JsonObject:
        """Shows how far the documents of a batch have come."""
        dataset = await self._opened(call)
        found = await self._parts.listing.progress(dataset, batch_name(call))
        return {"data": [progress_object(one) for one in found]}

    @route("PATCH", "/datasets/{dataset_id}/documents/status/{action}", auth="knowledge", scope="workspace",
           body=DocumentIds)  # fmt: skip
    async def switch(self, call: Call, body: DocumentIds) -> JsonObject:
        """Enables, disables, archives or unarchives documents."""
        dataset, who = await self._opened(call), member(call)
        await self._parts.states.set(
            dataset.tenant_id, dataset.id, named_ids(body.document_ids), call.path["action"], who.account_id
        )
        return {"result": "success"}

    async def _opened(self, call: Call) -> Dataset:
        return await open_dataset(call, self._parts.datasets)

    async def _answer(self, dataset: Dataset, row: Document) -> JsonObject:
        view = await self._parts.listing.get(dataset, row.id)
        uploaded = await self._parts.uploads.known(dataset.tenant_id, upload_ids([view.document]))
        return {"document": document_object(view, uploaded), "batch": row.batch}
