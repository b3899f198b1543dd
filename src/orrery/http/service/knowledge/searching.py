"""Service API route of searches in one knowledge base (knowledge.md 4.5)."""

from __future__ import annotations

import msgspec

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.callers import open_dataset
from orrery.http.service.knowledge.shapes import JsonObject
from orrery.knowledge.datasets.service import Datasets
from orrery.knowledge.searching.service import Searching, SearchRequest


class SearchBody(msgspec.Struct, frozen=True):
    """``external_retrieval_model`` is for external knowledge, which there is none of."""

    query: str | None = None
    retrieval_model: dict[str, object] | None = None
    attachment_ids: object = None
    external_retrieval_model: dict[str, object] | None = None


def request_of(body: SearchBody) -> SearchRequest:
    """What callers ask for."""
    return SearchRequest(
        query=body.query or "", retrieval_model=body.retrieval_model, attachment_ids=body.attachment_ids
    )


class ServiceSearchRoutes(RouteGroup):
    """Searches by hand."""

    def __init__(self, datasets: Datasets, searching: Searching) -> None:
        self._datasets = datasets
        self._searching = searching

    @route("POST", "/datasets/{dataset_id}/retrieve", auth="knowledge", scope="workspace", body=SearchBody)
    @route("POST", "/datasets/{dataset_id}/hit-testing", auth="knowledge", scope="workspace", body=SearchBody)
    async def search(self, call: Call, body: SearchBody) -> JsonObject:
        """Finds the passages that fit a question."""
        dataset = await open_dataset(call, self._datasets)
        return await self._searching.retrieve(
            dataset.tenant_id, dataset.id, request_of(body), call.knowledge.account_id
        )
