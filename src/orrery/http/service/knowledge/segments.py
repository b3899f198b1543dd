"""Service API routes of segments and their child chunks (knowledge.md 1.3, 1.4, 8.5)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.http.service.knowledge.callers import document_id, open_dataset, path_id
from orrery.http.service.knowledge.datasets import PageNumber, PageSize
from orrery.http.service.knowledge.shapes import JsonObject
from orrery.knowledge.datasets.errors import NotOffered
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.segments.changing import SegmentChange
from orrery.knowledge.segments.children import ChildChunks
from orrery.knowledge.segments.drafting import SegmentDraft
from orrery.knowledge.segments.errors import ChildChunkNotFound, SegmentNotFound
from orrery.knowledge.segments.place import Place
from orrery.knowledge.segments.service import SegmentPage, Segments

TEXT_LIMIT = 24 * 1024 * 1024

_DOCUMENT = "/datasets/{dataset_id}/documents/{document_id}"
_SEGMENT = f"{_DOCUMENT}/segments/{{segment_id}}"
_CHILDREN = f"{_SEGMENT}/child_chunks"
_CHILD = f"{_CHILDREN}/{{child_chunk_id}}"


class SegmentsQuery(msgspec.Struct, frozen=True):
    page: PageNumber = 1
    limit: PageSize = 20
    status: list[str] = []
    keyword: str = ""


class NewSegment(msgspec.Struct, frozen=True):
    content: Annotated[str, Meta(min_length=1)]
    answer: str | None = None
    keywords: list[str] | None = None
    attachment_ids: list[str] | None = None


class NewSegments(msgspec.Struct, frozen=True):
    segments: list[NewSegment] | None = None


class ChangedSegment(msgspec.Struct, frozen=True):
    content: str | None = None
    answer: str | None = None
    keywords: list[str] | None = None
    enabled: bool | None = None
    regenerate_child_chunks: bool = False
    attachment_ids: list[str] | None = None
    summary: str | None = None


class SegmentBody(msgspec.Struct, frozen=True):
    segment: ChangedSegment


class ChildBody(msgspec.Struct, frozen=True):
    content: str


class ChildrenQuery(msgspec.Struct, frozen=True):
    page: PageNumber = 1
    limit: PageSize = 20
    keyword: str = ""


def _check_offered(answer: str | None, attachments: list[str] | None, summary: str | None = None) -> None:
    if answer:
        raise NotOffered("An answer of the form qa_model", "answer")
    if attachments:
        raise NotOffered("A picture at a segment", "attachment_ids")
    if summary:
        raise NotOffered("A summary index", "summary")


def _words(keywords: list[str] | None) -> tuple[str, ...] | None:
    return None if keywords is None else tuple(keywords)


def _one(page: SegmentPage) -> JsonObject:
    return {"data": page.items[0], "doc_form": page.doc_form}


async def segments_page(segments: Segments, place: Place, query: SegmentsQuery) -> JsonObject:
    """One page of a document's passages."""
    found = await segments.page(
        place,
        page=query.page,
        limit=query.limit,
        statuses=[status.replace("\x00", "") for status in query.status],
        keyword=query.keyword.replace("\x00", "") or None,
    )
    return {
        "data": found.items,
        "doc_form": found.doc_form,
        "total": found.total,
        "has_more": found.has_more,
        "limit": found.limit,
        "page": found.page,
    }


class ServiceSegmentRoutes(RouteGroup):
    """The passages of a document."""

    def __init__(self, datasets: Datasets, segments: Segments, children: ChildChunks) -> None:
        self._datasets = datasets
        self._segments = segments
        self._children = children

    @route("POST", f"{_DOCUMENT}/segments", auth="knowledge", scope="workspace", body=NewSegments,
           body_limit=TEXT_LIMIT)  # fmt: skip
    async def create(self, call: Call, body: NewSegments) -> Response:
        """Adds passages, which are found at once."""
        place = await self._place(call)
        if not body.segments:
            # The contract's own shape of this one refusal.
            return json_response({"error": "Segments is required"}, 400)
        for one in body.segments:
            _check_offered(one.answer, one.attachment_ids)
        drafts = [SegmentDraft(content=one.content, keywords=_words(one.keywords)) for one in body.segments]
        page = await self._segments.add(place, drafts, call.knowledge.account_id)
        return json_response({"data": page.items, "doc_form": page.doc_form})

    @route("GET", f"{_DOCUMENT}/segments", auth="knowledge", scope="workspace", query=SegmentsQuery)
    async def page(self, call: Call, query: SegmentsQuery) -> JsonObject:
        """Lists passages in the order of the text."""
        return await segments_page(self._segments, await self._place(call), query)

    @route("GET", _SEGMENT, auth="knowledge", scope="workspace")
    async def get(self, call: Call) -> JsonObject:
        """Shows a passage."""
        return _one(await self._segments.get(await self._place(call), _segment_id(call)))

    @route("POST", _SEGMENT, auth="knowledge", scope="workspace", body=SegmentBody, body_limit=TEXT_LIMIT)
    async def change(self, call: Call, body: SegmentBody) -> JsonObject:
        """Changes a passage; what is found is the new text."""
        place, given = await self._place(call), body.segment
        _check_offered(given.answer, given.attachment_ids, given.summary)
        change = SegmentChange(
            content=given.content,
            keywords=_words(given.keywords),
            enabled=given.enabled,
            regenerate_child_chunks=given.regenerate_child_chunks,
        )
        return _one(await self._segments.change(place, _segment_id(call), change, call.knowledge.account_id))

    @route("DELETE", _SEGMENT, auth="knowledge", scope="workspace", status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a passage."""
        await self._segments.delete(await self._place(call), [_segment_id(call)])

    @route("POST", _CHILDREN, auth="knowledge", scope="workspace", body=ChildBody)
    async def create_child(self, call: Call, body: ChildBody) -> JsonObject:
        """Adds a child chunk to a passage."""
        place, account_id = await self._place(call), call.knowledge.account_id
        return {"data": await self._children.add(place, _segment_id(call), body.content, account_id)}

    @route("GET", _CHILDREN, auth="knowledge", scope="workspace", query=ChildrenQuery)
    async def children(self, call: Call, query: ChildrenQuery) -> JsonObject:
        """Lists the child chunks of a passage."""
        found = await self._children.page(
            await self._place(call),
            _segment_id(call),
            page=query.page,
            limit=query.limit,
            keyword=query.keyword.replace("\x00", "") or None,
        )
        return {
            "data": found.items,
            "total": found.total,
            "total_pages": found.total_pages,
            "page": found.page,
            "limit": found.limit,
        }

    @route("PATCH", _CHILD, auth="knowledge", scope="workspace", body=ChildBody)
    async def change_child(self, call: Call, body: ChildBody) -> JsonObject:
        """Changes a child chunk."""
        place, account_id = await self._place(call), call.knowledge.account_id
        changed = await self._children.change(place, _segment_id(call), _child_id(call), body.content, account_id)
        return {"data": changed}

    @route("DELETE", _CHILD, auth="knowledge", scope="workspace", status=204)
    async def delete_child(self, call: Call) -> None:
        """Deletes a child chunk."""
        await self._children.delete(await self._place(call), _segment_id(call), _child_id(call))

    async def _place(self, call: Call) -> Place:
        dataset = await open_dataset(call, self._datasets)
        return Place(dataset.tenant_id, dataset.id, document_id(call))


def _segment_id(call: Call) -> str:
    return path_id(call, "segment_id", SegmentNotFound)


def _child_id(call: Call) -> str:
    return path_id(call, "child_chunk_id", ChildChunkNotFound)
