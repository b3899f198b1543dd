"""Console routes of documents in a knowledge base: adding files, deleting, switching, their passages (product.md 6.8)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.files.errors import FileNotFound
from orrery.database.ids import is_id
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.console.knowledge import asking
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.bodies import FileSettings, draft_of, wishes_of
from orrery.http.service.knowledge.callers import dataset_id, document_id, named_ids
from orrery.http.service.knowledge.document_shapes import document_detail, document_object, upload_ids
from orrery.http.service.knowledge.routes import KnowledgeFaces
from orrery.http.service.knowledge.segments import SegmentsQuery, segments_page
from orrery.http.service.knowledge.shapes import JsonObject, dataset_object
from orrery.knowledge.datasets.errors import NotOffered
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.segments.place import Place
from orrery.security.permissions import Permission

VIEW, EDIT = Permission.KNOWLEDGE_VIEW, Permission.KNOWLEDGE_EDIT
_DOCUMENTS = "/datasets/{dataset_id}/documents"
_DOCUMENT = f"{_DOCUMENTS}/{{document_id}}"


class FileList(msgspec.Struct, frozen=True):
    file_ids: Annotated[list[str], Meta(min_length=1, max_length=1000)]


class SourceInfo(msgspec.Struct, frozen=True):
    data_source_type: str
    file_info_list: FileList | None = None


class DataSource(msgspec.Struct, frozen=True):
    info_list: SourceInfo


class NewDocuments(FileSettings, frozen=True, kw_only=True):
    data_source: DataSource


class DocumentsChosen(msgspec.Struct, frozen=True):
    document_id: list[str]


class KnowledgeDocumentRoutes(RouteGroup):
    """The documents of the knowledge that is shared with a member."""

    def __init__(self, parts: KnowledgeFaces) -> None:
        self._parts = parts

    @route("POST", _DOCUMENTS, auth="console", scope="workspace", permission=EDIT, body=NewDocuments)
    async def add(self, call: Call, body: NewDocuments) -> JsonObject:
        """Adds uploaded files as documents of one batch; they are indexed in the background."""
        dataset, who = await self._opened(call), asking(call)
        file_ids = await self._files(dataset, body.data_source.info_list)
        settling = await self._parts.settlement.of(who, dataset, wishes_of(body))
        draft = draft_of(body, name=None)
        news = [msgspec.structs.replace(draft, upload_file_id=file_id, created_from="web") for file_id in file_ids]
        rows = await self._parts.documents.add_several(who, dataset.id, news, settling)
        views = [await self._parts.listing.get(dataset, row.id) for row in rows]
        uploaded = await self._parts.files.uploads.known(dataset.tenant_id, file_ids)
        return {
            "dataset": dataset_object(await self._parts.datasets.get(who, dataset.id)),
            "documents": [document_object(view, uploaded) for view in views],
            "batch": rows[0].batch,
        }

    @route("GET", _DOCUMENT, auth="console", scope="workspace", permission=VIEW)
    async def get(self, call: Call) -> JsonObject:
        """Shows a document."""
        dataset = await self._opened(call)
        view = await self._parts.listing.get(dataset, document_id(call))
        uploaded = await self._parts.files.uploads.known(dataset.tenant_id, upload_ids([view.document]))
        return document_detail(view, uploaded, await self._parts.listing.rules(dataset, view.document), "all")

    @route("DELETE", _DOCUMENTS, auth="console", scope="workspace", permission=EDIT, query=DocumentsChosen, status=204)
    async def delete(self, call: Call, query: DocumentsChosen) -> None:
        """Deletes documents with all their passages: all of them or none."""
        dataset = await self._opened(call)
        await self._parts.documents.delete(asking(call), dataset.id, named_ids(query.document_id))

    @route("PATCH", f"{_DOCUMENTS}/status/{{action}}/batch", auth="console", scope="workspace", permission=EDIT,
           query=DocumentsChosen)  # fmt: skip
    async def switch(self, call: Call, query: DocumentsChosen) -> JsonObject:
        """Enables, disables, archives or unarchives documents."""
        dataset, who = await self._opened(call), asking(call)
        await self._parts.states.set(
            dataset.tenant_id, dataset.id, named_ids(query.document_id), call.path["action"], who.account_id
        )
        return {"result": "success"}

    @route("GET", f"{_DOCUMENT}/segments", auth="console", scope="workspace", permission=VIEW, query=SegmentsQuery)
    async def segments(self, call: Call, query: SegmentsQuery) -> JsonObject:
        """Lists passages in the order of the text."""
        dataset = await self._opened(call)
        place = Place(dataset.tenant_id, dataset.id, document_id(call))
        return await segments_page(self._parts.segments, place, query)

    async def _opened(self, call: Call) -> Dataset:
        return await self._parts.datasets.check(asking(call), dataset_id(call))

    async def _files(self, dataset: Dataset, source: SourceInfo) -> list[str]:
        """The workspace's uploads that are named. Raises `NotOffered`, `InvalidParam`, `FileNotFound`."""
        if source.data_source_type != "upload_file":
            raise NotOffered(f"The source {source.data_source_type[:32]}", "data_source")
        if source.file_info_list is None:
            raise InvalidParam("file_info_list: is required.", params="data_source")
        file_ids = list(dict.fromkeys(file_id.lower() for file_id in source.file_info_list.file_ids))
        known = await self._parts.files.uploads.known(dataset.tenant_id, [one for one in file_ids if is_id(one)])
        if any(file_id not in known for file_id in file_ids):
            raise FileNotFound
        return file_ids
