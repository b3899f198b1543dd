"""Console routes of knowledge bases: datasets, the state of their documents, searches by hand (product.md 6.8)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.callers import batch_name, dataset_id, document_id, named_ids
from orrery.http.service.knowledge.datasets import (
    ChangedDataset,
    DatasetsQuery,
    NewDataset,
    PageNumber,
    PageSize,
    change_of,
    draft_of,
)
from orrery.http.service.knowledge.document_shapes import document_object, progress_object, upload_ids
from orrery.http.service.knowledge.routes import KnowledgeFaces
from orrery.http.service.knowledge.searching import SearchBody, request_of
from orrery.http.service.knowledge.shapes import MOST_OF_A_PAGE, JsonObject, dataset_object, page_of
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.documents.listing import Sort
from orrery.security.permissions import Permission

VIEW, EDIT = Permission.KNOWLEDGE_VIEW, Permission.KNOWLEDGE_EDIT
_DOCUMENT = "/datasets/{dataset_id}/documents/{document_id}"


class DocumentsQuery(msgspec.Struct, frozen=True):
    page: PageNumber = 1
    limit: PageSize = 20
    keyword: str = ""
    status: str = ""
    sort: Sort = ""


class RetryBody(msgspec.Struct, frozen=True):
    document_ids: Annotated[list[str], Meta(min_length=1, max_length=10_000)]


def asking(call: Call) -> Member:
    """The signed-in member."""
    return Member(call.account.workspace_id, call.account.account_id, call.account.role)


class KnowledgeRoutes(RouteGroup):
    """What a member may see and do with the knowledge that is shared with him."""

    def __init__(self, parts: KnowledgeFaces) -> None:
        self._parts = parts

    @route("GET", "/datasets", auth="console", scope="workspace", permission=VIEW, query=DatasetsQuery)
    async def page(self, call: Call, query: DatasetsQuery) -> JsonObject:
        """Lists knowledge bases, the newest first."""
        limit = min(query.limit, MOST_OF_A_PAGE)
        views, total = await self._parts.datasets.page(
            asking(call),
            page=query.page,
            limit=limit,
            keyword=query.keyword.replace("\x00", ""),
            tag_ids=named_ids(query.tag_ids),
            ids=named_ids(query.ids),
            include_all=query.include_all,
        )
        return page_of([dataset_object(view) for view in views], page=query.page, limit=limit, total=total)

    @route("POST", "/datasets", auth="console", scope="workspace", permission=EDIT, body=NewDataset, status=201)
    async def create(self, call: Call, body: NewDataset) -> JsonObject:
        """Makes an empty knowledge base."""
        return dataset_object(await self._parts.datasets.create(asking(call), draft_of(body)))

    @route("GET", "/datasets/{dataset_id}", auth="console", scope="workspace", permission=VIEW)
    async def get(self, call: Call) -> JsonObject:
        """Shows a knowledge base."""
        return dataset_object(await self._parts.datasets.get(asking(call), dataset_id(call)))

    @route("PATCH", "/datasets/{dataset_id}", auth="console", scope="workspace", permission=EDIT, body=ChangedDataset)
    async def change(self, call: Call, body: ChangedDataset) -> JsonObject:
        """Changes what is named of a knowledge base."""
        return dataset_object(await self._parts.datasets.change(asking(call), dataset_id(call), change_of(body)))

    @route("DELETE", "/datasets/{dataset_id}", auth="console", scope="workspace", permission=EDIT, status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a knowledge base with all its documents."""
        dataset = await self._opened(call)
        await self._parts.removal.drop(asking(call), dataset.id)

    @route("POST", "/datasets/{dataset_id}/api-keys/{action}", auth="console", scope="workspace",
           permission=Permission.KNOWLEDGE_API_MANAGE)  # fmt: skip
    async def switch_api(self, call: Call) -> JsonObject:
        """Lets keys use a knowledge base, or not."""
        if call.path["action"] not in {"enable", "disable"}:
            raise NotFound
        enabled = call.path["action"] == "enable"
        await self._parts.datasets.switch_api(asking(call), dataset_id(call), enabled=enabled)
        return {"result": "success"}

    @route("GET", "/datasets/{dataset_id}/documents", auth="console", scope="workspace", permission=VIEW,
           query=DocumentsQuery)  # fmt: skip
    async def documents(self, call: Call, query: DocumentsQuery) -> JsonObject:
        """Lists documents, the newest first unless sorted."""
        dataset, limit = await self._opened(call), min(query.limit, MOST_OF_A_PAGE)
        views, total = await self._parts.listing.page(
            dataset,
            page=query.page,
            limit=limit,
            keyword=query.keyword.replace("\x00", ""),
            status=query.status,
            sort=query.sort,
        )
        ids = upload_ids([view.document for view in views])
        uploaded = await self._parts.files.uploads.known(dataset.tenant_id, ids)
        return page_of([document_object(v, uploaded) for v in views], page=query.page, limit=limit, total=total)

    @route("GET", "/datasets/{dataset_id}/indexing-status", auth="console", scope="workspace", permission=VIEW)
    async def progress(self, call: Call) -> JsonObject:
        """Shows how far each document has come."""
        return await self._progress(await self._opened(call), None)

    @route("GET", "/datasets/{dataset_id}/batch/{batch}/indexing-status", auth="console", scope="workspace",
           permission=VIEW)  # fmt: skip
    async def batch_progress(self, call: Call) -> JsonObject:
        """Shows how far the documents of a batch have come."""
        return await self._progress(await self._opened(call), batch_name(call))

    @route("PATCH", f"{_DOCUMENT}/processing/pause", auth="console", scope="workspace", permission=EDIT, status=204)
    async def pause(self, call: Call) -> None:
        """Has the indexing of a document wait."""
        dataset = await self._opened(call)
        await self._parts.documents.pause(asking(call), dataset.id, document_id(call))

    @route("PATCH", f"{_DOCUMENT}/processing/resume", auth="console", scope="workspace", permission=EDIT, status=204)
    async def resume(self, call: Call) -> None:
        """Goes on with the indexing of a document."""
        dataset = await self._opened(call)
        await self._parts.documents.resume(asking(call), dataset.id, document_id(call))

    @route("POST", "/datasets/{dataset_id}/retry", auth="console", scope="workspace", permission=EDIT, body=RetryBody,
           status=204)  # fmt: skip
    async def retry(self, call: Call, body: RetryBody) -> None:
        """Indexes documents again that failed."""
        dataset = await self._opened(call)
        await self._parts.documents.retry(asking(call), dataset.id, named_ids(body.document_ids))

    @route("POST", "/datasets/{dataset_id}/hit-testing", auth="console", scope="workspace", permission=EDIT,
           body=SearchBody)  # fmt: skip
    async def search(self, call: Call, body: SearchBody) -> JsonObject:
        """Finds the passages that fit a question."""
        dataset = await self._opened(call)
        return await self._parts.searching.retrieve(
            dataset.tenant_id, dataset.id, request_of(body), call.account.account_id
        )

    async def _opened(self, call: Call) -> Dataset:
        return await self._parts.datasets.check(asking(call), dataset_id(call))

    async def _progress(self, dataset: Dataset, batch: str | None) -> JsonObject:
        return {"data": [progress_object(one) for one in await self._parts.listing.progress(dataset, batch)]}
