"""Searches of runs: several knowledge bases, one that a model chooses, metadata, and what is noted of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.integration.knowledge.indexing_world import ECONOMY
from tests.integration.knowledge.searching_world import APP, Library, asking, library

from orrery.apps.catalog.service import Actor, AppDraft, add_app
from orrery.database.ids import new_id
from orrery.inference.types import ModelRef
from orrery.knowledge.datasets.tables import AppDatasetJoin, DatasetMetadata, DatasetQuery
from orrery.knowledge.searching.joins import AppJoins
from orrery.knowledge.segments.place import Place
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.knowledge_services import MetadataCondition, MetadataFilter

SHIPS = "The ferry sails to Rotterdam every morning.\nA tug pulls the tanker into the harbour."
BIRDS = "Swallows fly south in the autumn.\nThe morning belongs to the birds."
ITEM = ["metadata", "title", "files", "content"]
METADATA = [
    "_source",
    "dataset_id",
    "dataset_name",
    "document_id",
    "document_name",
    "data_source_type",
    "segment_id",
    "retriever_from",
    "score",
    "child_chunks",
    "segment_hit_count",
    "segment_word_count",
    "segment_position",
    "segment_index_node_hash",
    "doc_metadata",
    "position",
]


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Library]:
    async with library("sqlite", tmp_path) as made:
        yield made


def contents(result: Any) -> list[str]:
    return [str(item["content"]) for item in result.items]


async def test_passages_of_several_datasets_come_in_one_order(shelf: Library) -> None:
    ships, birds = await shelf.dataset(SHIPS), await shelf.dataset(BIRDS)
    result: Any = await shelf.run().retrieve(
        asking("every morning", ships, birds, settings={"reranking_enable": False})
    )
    assert [list(item) for item in result.items] == [ITEM] * len(result.items)
    first = result.items[0]
    assert list(first["metadata"]) == METADATA
    assert (first["metadata"]["_source"], first["metadata"]["position"]) == ("knowledge", 1)
    scores = [item["metadata"]["score"] for item in result.items]
    assert scores == sorted(scores, reverse=True)
    assert set(contents(result)[:2]) == {SHIPS.split("\n")[0], BIRDS.split("\n")[1]}
    asked = [one for texts in shelf.model.asked for one in texts if one == "every morning"]
    assert len(asked) == 1, "one question, one model: one vector"
    two = await shelf.run().retrieve(asking("every morning", ships, birds, settings={"top_k": 1}))
    assert len(two.items) == 1
    none = await shelf.run().retrieve(asking("every morning", ships, settings={"top_k": 1, "score_threshold": 0.99}))
    assert none.items == []


async def test_a_reranking_model_or_weights_order_everything_together(shelf: Library) -> None:
    ships, birds = await shelf.dataset(SHIPS), await shelf.dataset(BIRDS)
    model = {"provider": "jina", "model": "rerank"}
    settings: dict[str, Any] = {"top_k": 4, "reranking_enable": True, "reranking_model": model}
    result: Any = await shelf.run().retrieve(asking("the morning belongs", ships, birds, settings=settings))
    assert contents(result)[0] == BIRDS.split("\n")[1]
    assert result.items[0]["metadata"]["score"] == 1.0
    assert result.usage is not None and result.usage.total_tokens > 0
    weights = {"vector_setting": {"vector_weight": 0.5}, "keyword_setting": {"keyword_weight": 0.5}}
    settings = {"top_k": 4, "reranking_enable": True, "reranking_mode": "weighted_score", "weights": weights}
    weighed = await shelf.run().retrieve(asking("tanker tug", ships, birds, settings=settings))
    assert contents(weighed)[0] == SHIPS.split("\n")[1]
    assert weighed.usage is None


async def test_datasets_that_can_not_be_mixed_are_refused(shelf: Library) -> None:
    ships, few = await shelf.dataset(SHIPS), await shelf.dataset(BIRDS, settling=ECONOMY)
    with pytest.raises(NodeFailure, match="different indexing technique"):
        await shelf.run().retrieve(asking("morning", ships, few, settings={"reranking_enable": False}))
    model = {"provider": "jina", "model": "rerank"}
    mixed = await shelf.run().retrieve(asking("morning birds", ships, few, settings={"reranking_model": model}))
    assert contents(mixed)[0] == BIRDS.split("\n")[1]
    alone = await shelf.run().retrieve(asking("morning birds", few))
    assert contents(alone) == [BIRDS.split("\n")[1]]


async def test_a_model_chooses_one_of_several_datasets(shelf: Library) -> None:
    ships, birds = await shelf.dataset(SHIPS), await shelf.dataset(BIRDS)

    async def chosen(model: ModelRef) -> set[object]:
        request = asking("every morning", ships, birds, mode="single", model=model)
        found: Any = await shelf.run().retrieve(request)
        return {item["metadata"]["dataset_id"] for item in found.items}

    assert await chosen(ModelRef("openai", "tool")) == {ships.dataset_id}  # it calls the first one offered
    named = ModelRef("vllm", "text:" + json.dumps({"id": birds.dataset_id}))
    assert await chosen(named) == {birds.dataset_id}
    assert await chosen(ModelRef("vllm", "text:none of them")) == set()
    assert await chosen(ModelRef("openai", "error:400")) == set()
    alone: Any = await shelf.run().retrieve(asking("morning", ships, mode="single"))
    assert len(alone.items) == 2, "where there is no choice no model is needed"


async def test_metadata_by_hand_and_by_a_model(shelf: Library) -> None:
    place = await shelf.dataset("A note on sailing without any metadata")
    ada = await shelf.add(place, "A note on sailing by Ada", {"author": "Ada"})
    await shelf.add(place, "A note on sailing by Grace", {"author": "Grace"})
    who = shelf.world.who
    async with shelf.world.database.write() as session:
        session.add(
            DatasetMetadata(
                tenant_id=who.workspace_id, dataset_id=place.dataset_id, type="string", name="author",
                created_by=who.account_id,
            )
        )  # fmt: skip

    async def documents(**metadata: Any) -> list[str]:
        request = asking("sailing", place, metadata=MetadataFilter(**metadata))
        found: Any = await shelf.run().retrieve(request)
        return sorted(item["metadata"]["document_id"] for item in found.items)

    def told(*conditions: tuple[str, object, str]) -> dict[str, object]:
        fields = ("metadata_field_name", "metadata_field_value", "comparison_operator")
        answer = {"metadata_map": [dict(zip(fields, condition, strict=True)) for condition in conditions]}
        return {"provider": "vllm", "name": "text:" + json.dumps(answer), "mode": "chat", "completion_params": {}}

    by_hand = (MetadataCondition("author", "is", "Ada"),)
    assert await documents(mode="manual", conditions=by_hand) == [ada.document_id]
    assert await documents(mode="manual", conditions=(MetadataCondition("author", "is", "Nobody"),)) == []
    assert await documents(mode="automatic", model=told(("author", "Ada", "is"))) == [ada.document_id]
    assert len(await documents(mode="automatic", model=told(("unknown", "Ada", "is")))) == 3
    assert len(await documents(mode="automatic", model={"provider": "openai", "name": "error:500"})) == 3
    with pytest.raises(NodeFailure, match="resembles"):
        await documents(mode="manual", conditions=(MetadataCondition("author", "resembles", "Ada"),))


async def test_what_a_run_may_not_or_can_not_search_is_left_out(shelf: Library) -> None:
    ships = await shelf.dataset(SHIPS)
    empty = await shelf.world.dataset()
    assert (await shelf.run(new_id()).retrieve(asking("ferry", ships))).items == ()
    others = [Place(ships.workspace_id, dataset_id, "") for dataset_id in (empty, new_id(), "no id")]
    request = asking("ferry", *others, ships, settings={"top_k": 1})
    assert contents(await shelf.run().retrieve(request)) == [SHIPS.split("\n")[0]]
    assert (await shelf.run().retrieve(asking("", ships))).items == ()


async def test_questions_and_hits_are_noted_afterwards(shelf: Library) -> None:
    ships = await shelf.dataset(SHIPS)
    before = await shelf.segment(ships, SHIPS.split("\n")[0])
    for _ in range(2):
        await shelf.run().retrieve(asking("the ferry to Rotterdam", ships, settings={"top_k": 1}))
    await shelf.parts.notes.idle()
    after = await shelf.segment(ships, SHIPS.split("\n")[0])
    assert (before.hit_count, after.hit_count, after.updated_at) == (0, 2, before.updated_at)
    async with shelf.world.database.read() as session:
        noted = list(await session.scalars(select(DatasetQuery).where(DatasetQuery.dataset_id == ships.dataset_id)))
    assert [(one.source, one.source_app_id, one.created_by_role) for one in noted] == [("app", APP, "end_user")] * 2


async def test_apps_are_known_by_what_they_search(shelf: Library) -> None:
    ships, birds = await shelf.dataset(SHIPS), await shelf.dataset(BIRDS)
    who, joins = shelf.world.who, AppJoins()
    async with shelf.world.database.write() as session:
        app = await add_app(session, Actor(who.workspace_id, who.account_id), AppDraft(name="a", mode="chat"))

    async def kept(workspace_id: str, *ids: str) -> set[str]:
        async with shelf.world.database.write() as session:
            await joins.keep(session, workspace_id, app.id, ids)
            return set(await session.scalars(select(AppDatasetJoin.dataset_id).where(AppDatasetJoin.app_id == app.id)))

    assert await kept(who.workspace_id, ships.dataset_id, ships.dataset_id, new_id(), "x") == {ships.dataset_id}
    assert await kept(who.workspace_id, ships.dataset_id, birds.dataset_id) == {ships.dataset_id, birds.dataset_id}
    assert await kept(who.workspace_id, birds.dataset_id) == {birds.dataset_id}
    assert await kept(new_id(), birds.dataset_id) == set()
