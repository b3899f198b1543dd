"""Service API routes of datasets (knowledge.md 1.1, 8.6)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.callers import member, named_ids, open_dataset
from orrery.http.service.knowledge.shapes import MOST_OF_A_PAGE, JsonObject, dataset_object, page_of
from orrery.knowledge.datasets.errors import NotOffered
from orrery.knowledge.datasets.service import DatasetChange, DatasetDraft, Datasets
from orrery.knowledge.documents.dropping import DatasetRemoval

PageNumber = Annotated[int, Meta(ge=1, le=99_999)]
PageSize = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""More than a hundred is taken for a hundred."""


class DatasetsQuery(msgspec.Struct, frozen=True):
    page: PageNumber = 1
    limit: PageSize = 20
    keyword: str = ""
    include_all: bool = False
    tag_ids: list[str] = []
    ids: list[str] = []


class PartialMember(msgspec.Struct, frozen=True):
    user_id: str


class NewDataset(msgspec.Struct, frozen=True):
    name: str
    description: str | None = ""
    indexing_technique: str | None = None
    permission: str | None = "only_me"
    provider: str | None = "vendor"
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: dict[str, object] | None = None
    external_knowledge_api_id: str | None = None
    external_knowledge_id: str | None = None
    summary_index_setting: dict[str, object] | None = None


class ChangedDataset(msgspec.Struct, frozen=True):
    name: str | None = None
    description: str | None = None
    indexing_technique: str | None = None
    permission: str | None = None
    embedding_model: str | None = None
    embedding_model_provider: str | None = None
    retrieval_model: dict[str, object] | None = None
    partial_member_list: list[PartialMember] | None = None
    external_retrieval_model: dict[str, object] | None = None
    external_knowledge_id: str | None = None
    external_knowledge_api_id: str | None = None
    summary_index_setting: dict[str, object] | None = None
    icon_info: dict[str, object] | None = None
    is_multimodal: bool | None = None


def draft_of(body: NewDataset) -> DatasetDraft:
    """What callers ask for. Raises `NotOffered` for external knowledge."""
    _check_external(body.external_knowledge_api_id, body.external_knowledge_id)
    return DatasetDraft(
        name=body.name,
        description=body.description or "",
        indexing_technique=body.indexing_technique,
        permission=body.permission or "only_me",
        provider=body.provider or "vendor",
        embedding_model=body.embedding_model,
        embedding_model_provider=body.embedding_model_provider,
        retrieval_model=body.retrieval_model,
        summary_index_setting=body.summary_index_setting,
    )


def change_of(body: ChangedDataset) -> DatasetChange:
    """What callers ask for. Raises `NotOffered` for external knowledge and pictures."""
    _check_external(body.external_knowledge_api_id, body.external_knowledge_id)
    if body.is_multimodal:
        raise NotOffered("Searching pictures", "is_multimodal")
    members = body.partial_member_list
    return DatasetChange(
        name=body.name,
        description=body.description,
        indexing_technique=body.indexing_technique,
        permission=body.permission,
        embedding_model=body.embedding_model,
        embedding_model_provider=body.embedding_model_provider,
        retrieval_model=body.retrieval_model,
        partial_member_list=None if members is None else named_ids([one.user_id for one in members]),
        icon_info=body.icon_info,
        summary_index_setting=body.summary_index_setting,
    )


def _check_external(api_id: str | None, knowledge_id: str | None) -> None:
    if api_id or knowledge_id:
        raise NotOffered("External knowledge", "external_knowledge_id")


class ServiceDatasetRoutes(RouteGroup):
    """The knowledge bases of the key's workspace."""

    def __init__(self, datasets: Datasets, removal: DatasetRemoval) -> None:
        self._datasets = datasets
        self._removal = removal

    @route("POST", "/datasets", auth="knowledge", scope="workspace", body=NewDataset)
    async def create(self, call: Call, body: NewDataset) -> JsonObject:
        """Makes an empty knowledge base."""
        return dataset_object(await self._datasets.create(member(call), draft_of(body)))

    @route("GET", "/datasets", auth="knowledge", scope="workspace", query=DatasetsQuery)
    async def page(self, call: Call, query: DatasetsQuery) -> JsonObject:
        """Lists knowledge bases, the newest first."""
        limit = min(query.limit, MOST_OF_A_PAGE)
        views, total = await self._datasets.page(
            member(call),
            page=query.page,
            limit=limit,
            keyword=query.keyword.replace("\x00", ""),
            tag_ids=named_ids(query.tag_ids),
            ids=named_ids(query.ids),
            include_all=query.include_all,
        )
        return page_of([dataset_object(view) for view in views], page=query.page, limit=limit, total=total)

    @route("GET", "/datasets/{dataset_id}", auth="knowledge", scope="workspace")
    async def get(self, call: Call) -> JsonObject:
        """Shows a knowledge base."""
        dataset = await open_dataset(call, self._datasets)
        return dataset_object(await self._datasets.get(member(call), dataset.id))

    @route("PATCH", "/datasets/{dataset_id}", auth="knowledge", scope="workspace", body=ChangedDataset)
    async def change(self, call: Call, body: ChangedDataset) -> JsonObject:
        """Changes what is named of a knowledge base."""
        dataset = await open_dataset(call, self._datasets)
        return dataset_object(await self._datasets.change(member(call), dataset.id, change_of(body)))

    @route("DELETE", "/datasets/{dataset_id}", auth="knowledge", scope="workspace", status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a knowledge base with all its documents."""
        dataset = await open_dataset(call, self._datasets)
        await self._removal.drop(member(call), dataset.id)
