"""Searches in one knowledge base."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.knowledge.indexing_world import ECONOMY, FAMILIES
from tests.integration.knowledge.searching_world import Library, library

from orrery.errors import InvalidParam
from orrery.knowledge.datasets.errors import DatasetNotFound
from orrery.knowledge.datasets.tables import DatasetQuery
from orrery.knowledge.searching.errors import DatasetNotInitialized, ProviderNotInitialized
from orrery.knowledge.searching.service import SearchRequest
from orrery.knowledge.segments.place import Place

LINES = [
    "The harbour crane lifts forty tonnes of steel.",
    "A crane is a tall grey bird that wades in marshes.",
    "Error code E-4711 means that the pump lost pressure.",
    "The pump is filled with oil every second month.",
    "Marsh birds build their nests from reeds.",
    "Invoices are paid within thirty days.",
]
RECORD = ["segment", "child_chunks", "score", "tsne_position", "files", "summary"]
SEGMENT = [
    "id",
    "position",
    "document_id",
    "content",
    "sign_content",
    "answer",
    "word_count",
    "tokens",
    "keywords",
    "index_node_id",
    "index_node_hash",
    "hit_count",
    "enabled",
    "disabled_at",
    "disabled_by",
    "status",
    "created_by",
    "created_at",
    "indexing_at",
    "completed_at",
    "error",
    "stopped_at",
    "document",
]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Library]:
    async with library("sqlite", tmp_path) as made:
        yield made


async def test_each_method_finds_what_it_should(shelf: Library) -> None:
    place = await shelf.dataset("\n".join(LINES))
    near = await shelf.found(place, "a grey bird in marshes")
    assert near[0][0] == LINES[1]
    assert [score for _, score in near] == sorted((score for _, score in near), reverse=True)
    assert all(0 <= score <= 1 for _, score in near) and len(near) == 3
    assert await shelf.found(place, "a grey bird", score_threshold_enabled=True, score_threshold=0.99) == []
    worded = await shelf.found(place, "E-4711", search_method="full_text_search")
    assert [text for text, _ in worded] == [LINES[2]]
    both = await shelf.found(place, "pump E-4711", search_method="hybrid_search", top_k=2)
    assert [text for text, _ in both] == [LINES[2], LINES[3]]
    weights = {"vector_setting": {"vector_weight": 0.3}, "keyword_setting": {"keyword_weight": 0.7}}
    weighed = await shelf.found(
        place, "pump oil", search_method="hybrid_search", reranking_mode="weighted_score", weights=weights, top_k=2
    )
    assert weighed[0][0] == LINES[3]
    assert weighed[0][1] > weighed[1][1]


async def test_a_reranking_model_decides_the_order_where_the_workspace_has_it(shelf: Library) -> None:
    place = await shelf.dataset("\n".join(LINES))
    named = {"reranking_provider_name": "jina", "reranking_model_name": "rerank"}
    plan: dict[str, Any] = {"reranking_enable": True, "reranking_mode": "reranking_model", "top_k": 6}
    asked = "The pump is filled with oil"
    ranked = await shelf.found(place, asked, reranking_model=named, **plan)
    assert ranked[0] == (LINES[3], 1.0)  # the vendor's score: the share of words
    strict = {**plan, "score_threshold_enabled": True, "score_threshold": 0.9, "search_method": "full_text_search"}
    sifted = await shelf.found(place, asked, reranking_model=named, **strict)
    assert sifted == [(LINES[3], 1.0)]
    nobody = {"reranking_provider_name": "cohere", "reranking_model_name": "rerank"}
    assert await shelf.found(place, asked, reranking_model=nobody, **plan) == await shelf.found(place, asked, top_k=6)


async def test_an_answer_has_the_contracts_shape_and_the_question_is_noted(shelf: Library) -> None:
    place = await shelf.dataset("\n".join(LINES))
    answer: Any = await shelf.retrieve(place, "marsh birds", top_k=1)
    assert answer["query"] == {"content": "marsh birds"}
    [record] = answer["records"]
    assert list(record) == RECORD
    assert list(record["segment"]) == SEGMENT
    assert list(record["segment"]["document"]) == ["id", "data_source_type", "name", "doc_type", "doc_metadata"]
    assert (record["segment"]["status"], record["segment"]["hit_count"], record["files"]) == ("completed", 0, [])
    async with shelf.world.database.read() as session:
        [noted] = await session.scalars(select(DatasetQuery).where(DatasetQuery.dataset_id == place.dataset_id))
    assert (noted.source, noted.created_by_role) == ("hit_testing", "account")
    assert noted.content == '[{"content_type": "text_query", "content": "marsh birds"}]'


async def test_rows_decide_what_may_be_found(shelf: Library) -> None:
    twins = [f"Twin number {number} of the same family" for number in range(12)]
    place = await shelf.dataset("\n".join(twins))
    near = [text for text, _ in await shelf.found(place, "the same family", top_k=12)]
    assert sorted(near) == sorted(twins)
    hidden = [(await shelf.segment(place, text)).id for text in near[:9]]
    await shelf.segments.switch(place, hidden, enabled=False, account_id=shelf.world.who.account_id)
    left = [text for text, _ in await shelf.found(place, "the same family", top_k=3)]
    assert left == near[9:], "the index is asked on, past what is switched off"
    other = await shelf.add(place, "Quite another document")
    for action, found in (("disable", 0), ("enable", 1), ("archive", 0), ("un_archive", 1)):
        who = shelf.world.who
        await shelf.states.set(who.workspace_id, place.dataset_id, [other.document_id], action, who.account_id)
        worded = await shelf.found(place, "another document", search_method="full_text_search")
        assert len(worded) == found, action
        assert (await shelf.segment(other, "Quite another document")).enabled is bool(found), action


async def test_child_chunks_stand_for_their_parents(shelf: Library) -> None:
    families = "\n\n".join(
        "\n".join(f"Family {family} tells of subject{family} in part {part}" for part in range(5))
        for family in range(4)
    )
    place = await shelf.dataset(families, rule=FAMILIES, form="hierarchical_model")
    answer: Any = await shelf.retrieve(place, "Family 2 tells of subject2", top_k=3)
    first = answer["records"][0]
    assert len(answer["records"]) == 3, "top_k counts parents, not child chunks"
    assert first["segment"]["position"] == 3
    assert first["score"] == max(child["score"] for child in first["child_chunks"])
    assert list(first["child_chunks"][0]) == ["id", "content", "position", "score"]
    assert all("subject2" in child["content"] for child in first["child_chunks"])


async def test_an_economical_dataset_is_searched_by_keywords(shelf: Library) -> None:
    place = await shelf.dataset("\n".join(LINES), settling=ECONOMY)
    found = await shelf.found(place, "pump pressure", search_method="semantic_search")
    assert [text for text, _ in found] == [LINES[2], LINES[3]]
    assert found[0][1] > found[1][1]
    assert shelf.model.asked == [], "no vectors, no questions to a model"


async def test_metadata_narrows_a_search(shelf: Library) -> None:
    place = await shelf.dataset("A note on sailing without any metadata")
    await shelf.add(place, "A note on sailing by Ada", {"author": "Ada", "year": 1843})
    await shelf.add(place, "A note on sailing by Grace", {"author": "Grace", "year": 1952})

    async def narrowed(*conditions: tuple[str, str, object], logic: str = "and") -> list[str]:
        listed = [{"name": n, "comparison_operator": o, "value": v} for n, o, v in conditions]
        filters = {"logical_operator": logic, "conditions": listed}
        return sorted(t for t, _ in await shelf.found(place, "sailing", metadata_filtering_conditions=filters))

    assert await narrowed(("author", "is", "Ada")) == ["A note on sailing by Ada"]
    assert await narrowed(("year", ">", 1900)) == ["A note on sailing by Grace"]
    assert len(await narrowed(("year", "<", 1900), ("author", "is", "Grace"), logic="or")) == 2
    assert await narrowed(("author", "is", "Nobody")) == []
    assert await narrowed(("author", "empty", None)) == ["A note on sailing without any metadata"]


async def test_requests_that_can_not_be_answered(shelf: Library) -> None:
    place = await shelf.dataset("One line")
    who = shelf.world.who

    async def refused(**given: Any) -> str:
        request = SearchRequest(**{"query": "q", **given})
        with pytest.raises(InvalidParam) as caught:
            await shelf.parts.service.retrieve(place.workspace_id, place.dataset_id, request, who.account_id)
        return caught.value.message

    assert await refused(query="") == "Query or attachment_ids is required"
    assert await refused(query="x" * 251) == "Query cannot exceed 250 characters"
    assert await refused(attachment_ids="x") == "Attachment_ids must be a list"
    assert "not available" in await refused(attachment_ids=["x"])
    assert "retrieval_model.top_k" in await refused(
        retrieval_model={"search_method": "semantic_search", "reranking_enable": False}
    )
    for workspace_id, dataset_id, error in (
        (place.workspace_id, await shelf.world.dataset(), DatasetNotInitialized),
        (who.account_id, place.dataset_id, DatasetNotFound),
    ):
        with pytest.raises(error):
            await shelf.parts.service.retrieve(workspace_id, dataset_id, SearchRequest(query="q"), who.account_id)
    await shelf.change(place, embedding_model=None)
    with pytest.raises(ProviderNotInitialized):
        await shelf.found(Place(*[place.workspace_id, place.dataset_id, ""]), "q")
