"""Datasets: making, listing, changing and deleting them by key and in the console; who may (knowledge.md 1.1, 1.6)."""

from __future__ import annotations

import asyncio

import pytest
from tests.http.knowledge.place import MODEL, PROVIDER, Place, made, refusal

from orrery.database.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="package")

ORDER = [
    "id",
    "name",
    "description",
    "provider",
    "permission",
    "data_source_type",
    "indexing_technique",
    "app_count",
    "document_count",
    "word_count",
    "created_by",
    "author_name",
    "created_at",
    "updated_by",
    "updated_at",
    "embedding_model",
    "embedding_model_provider",
    "embedding_available",
    "retrieval_model_dict",
    "summary_index_setting",
    "tags",
    "doc_form",
    "external_knowledge_info",
    "external_retrieval_model",
    "doc_metadata",
    "built_in_field_enabled",
    "pipeline_id",
    "runtime_mode",
    "chunk_structure",
    "icon_info",
    "is_published",
    "total_documents",
    "total_available_documents",
    "enable_api",
    "is_multimodal",
    "maintainer",
    "partial_member_list",
]
SETTINGS = {
    "search_method": "hybrid_search",
    "reranking_enable": True,
    "reranking_mode": "weighted_score",
    "reranking_model": {"reranking_provider_name": "", "reranking_model_name": ""},
    "weights": {
        "weight_type": "customized",
        "keyword_setting": {"keyword_weight": 0.4},
        "vector_setting": {"vector_weight": 0.6, "embedding_model_name": MODEL, "embedding_provider_name": PROVIDER},
    },
    "top_k": 5,
    "score_threshold_enabled": True,
    "score_threshold": 0.25,
}


async def test_a_dataset_has_every_field_in_order(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Fields", description="What it holds")
    assert list(dataset) == ORDER
    assert (dataset["created_by"], dataset["author_name"]) == (place.home.account_id, "Ada")
    assert dataset["retrieval_model_dict"] == {
        "search_method": "semantic_search",
        "reranking_enable": False,
        "reranking_mode": None,
        "reranking_model": {"reranking_provider_name": "", "reranking_model_name": ""},
        "weights": None,
        "top_k": 2,
        "score_threshold_enabled": False,
        "score_threshold": None,
    }
    assert (await client.get(f"/datasets/{dataset['id']}")).json() == dataset


async def test_high_quality_names_a_model_that_is_there(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Default model", indexing_technique="high_quality")
    assert dataset["embedding_model_provider"] == PROVIDER
    assert (dataset["embedding_model"], dataset["embedding_available"]) != (None, False)
    # Any spelling of the provider's id names it.
    named = {"embedding_model": MODEL, "embedding_model_provider": "openai"}
    dataset = await made(client, "Named model", indexing_technique="high_quality", **named)
    assert (dataset["embedding_model_provider"], dataset["embedding_model"]) == (PROVIDER, MODEL)
    unknown = {"embedding_model": "no-such-model", "embedding_model_provider": PROVIDER}
    told = (400, "invalid_param", "No Embedding Model available. Please configure a valid provider in the Settings -> Model Provider.")  # fmt: skip
    answer = await client.post("/datasets", json={"name": "x", "indexing_technique": "high_quality", **unknown})
    assert refusal(answer) == told
    elsewhere = await place.service(place.other)
    assert refusal(await elsewhere.post("/datasets", json={"name": "x", "indexing_technique": "high_quality"})) == told
    assert (await elsewhere.get("/datasets")).json()["total"] == 0


async def test_economy_searches_by_keywords_whatever_is_kept(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Economy", indexing_technique="economy", retrieval_model=SETTINGS)
    assert dataset["retrieval_model_dict"] == {**SETTINGS, "search_method": "keyword_search"}
    assert (dataset["embedding_model"], dataset["embedding_available"]) == (None, True)


async def test_names_are_unique_in_a_workspace(place: Place) -> None:
    client, elsewhere = await place.service(), await place.service(place.other)
    first, second = await made(client, "Unique"), await made(client, "Second")
    assert refusal(await client.post("/datasets", json={"name": " Unique "})) == (
        409, "dataset_name_duplicate", "The dataset name already exists. Please modify your dataset name.",
    )  # fmt: skip
    assert refusal(await client.patch(f"/datasets/{second['id']}", json={"name": "Unique"})) == (
        400, "invalid_param", "Dataset name already exists",
    )  # fmt: skip
    same = await client.patch(f"/datasets/{first['id']}", json={"name": "Unique"})
    assert same.status_code == 200
    await made(elsewhere, "Unique")
    answers = await asyncio.gather(*(client.post("/datasets", json={"name": "At once"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"name": "x", "description": "y" * 401}, "description"),
        ({"name": "x", "permission": "everybody"}, "permission"),
        ({"name": "x", "indexing_technique": "best"}, "indexing_technique"),
        ({"name": "x", "provider": "external"}, "provider"),
        ({"name": "x", "external_knowledge_id": "y"}, "external_knowledge_id"),
        ({"name": "x", "summary_index_setting": {"enable": True}}, "summary_index_setting"),
        ({"name": "x", "retrieval_model": {"search_method": "semantic_search"}}, "retrieval_model"),
        ({"name": "x", "retrieval_model": {**SETTINGS, "top_k": 0}}, "retrieval_model"),
    ],
)
async def test_what_can_not_be_is_refused_by_field(place: Place, body: dict[str, object], field: str) -> None:
    client = await place.service()
    before = (await client.get("/datasets")).json()["total"]
    answer = await client.post("/datasets", json=body)
    assert refusal(answer)[:2] == (400, "invalid_param")
    assert answer.json()["params"] == field
    assert (await client.get("/datasets")).json()["total"] == before


async def test_only_what_is_named_changes(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Before", description="old", indexing_technique="economy")
    changed = (await client.patch(f"/datasets/{dataset['id']}", json={"name": "After", "permission": None})).json()
    assert (changed["name"], changed["description"], changed["permission"]) == ("After", "old", "only_me")
    changed = (
        await client.patch(f"/datasets/{dataset['id']}", json={"indexing_technique": "high_quality", "description": ""})
    ).json()
    assert (changed["indexing_technique"], changed["embedding_model_provider"]) == ("high_quality", PROVIDER)
    assert (changed["name"], changed["description"]) == ("After", "")
    half = await client.patch(f"/datasets/{dataset['id']}", json={"embedding_model": MODEL})
    assert refusal(half)[:2] == (400, "invalid_param")
    changed = (await client.patch(f"/datasets/{dataset['id']}", json={"retrieval_model": SETTINGS})).json()
    assert changed["retrieval_model_dict"] == SETTINGS


async def test_pages(place: Place) -> None:
    client = await place.service()
    ids = [(await made(client, f"Paged {number}"))["id"] for number in range(3)]
    page = (await client.get("/datasets", params={"keyword": "PAGED", "limit": 2})).json()
    assert [one["id"] for one in page["data"]] == [ids[2], ids[1]]
    assert {key: page[key] for key in ("has_more", "limit", "total", "page")} == {
        "has_more": True, "limit": 2, "total": 3, "page": 1,
    }  # fmt: skip
    last = (await client.get("/datasets", params={"keyword": "paged", "limit": 2, "page": 2})).json()
    assert ([one["id"] for one in last["data"]], last["has_more"]) == ([ids[0]], False)
    assert (await client.get("/datasets", params={"limit": 5000})).json()["limit"] == 100
    some = (await client.get("/datasets", params={"ids": ids[:2]})).json()
    assert {one["id"] for one in some["data"]} == set(ids[:2])


async def test_another_workspace_finds_nothing(place: Place) -> None:
    dataset = await made(await place.service(), "Mine", permission="all_team_members")
    stranger = await place.service(place.other)
    for answer in (
        await stranger.get(f"/datasets/{dataset['id']}"),
        await stranger.patch(f"/datasets/{dataset['id']}", json={"name": "Theirs"}),
        await stranger.delete(f"/datasets/{dataset['id']}"),
        await stranger.get(f"/datasets/{new_id()}"),
        await stranger.get("/datasets/not-an-id"),
        await place.console(place.other).get(f"/datasets/{dataset['id']}"),
    ):
        assert refusal(answer) == (404, "not_found", "Dataset not found.")


async def test_a_deleted_dataset_is_gone_with_its_tags(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Short-lived")
    tag = (await client.post("/datasets/tags", json={"name": "short"})).json()
    await client.post("/datasets/tags/binding", json={"tag_ids": [tag["id"]], "target_id": dataset["id"]})
    assert (await client.delete(f"/datasets/{dataset['id']}")).status_code == 204
    assert (await client.get(f"/datasets/{dataset['id']}")).status_code == 404
    (found,) = [one for one in (await client.get("/datasets/tags")).json() if one["id"] == tag["id"]]
    assert found["binding_count"] == "0"
    await made(client, "Short-lived")


async def test_keys_are_made_and_deleted_by_those_who_manage(place: Place) -> None:
    owner = place.console()
    key = (await owner.post("/datasets/api-keys")).json()
    assert (list(key), key["type"]) == (["id", "type", "token", "last_used_at", "created_at"], "dataset")
    client = await place.service()
    client.headers["Authorization"] = f"Bearer {key['token']}"
    assert (await client.get("/datasets")).status_code == 200
    assert key["id"] in [one["id"] for one in (await owner.get("/datasets/api-keys")).json()["data"]]
    assert (await owner.delete(f"/datasets/api-keys/{key['id']}")).status_code == 204
    assert refusal(await client.get("/datasets")) == (401, "unauthorized", "Access token is invalid")
    editor = place.console(await place.member(place.home.workspace_id, "Ed", "editor"))
    assert (await editor.get("/datasets/api-keys")).status_code == 403


async def test_keys_of_apps_open_no_dataset(place: Place) -> None:
    client = await place.service()
    for header, told in (
        ("", "Authorization header must be provided and start with 'Bearer'"),
        ("Basic x", "Authorization scheme must be 'Bearer'"),
        ("Bearer app-123", "Access token is invalid"),
    ):
        client.headers["Authorization"] = header
        assert refusal(await client.get("/datasets")) == (401, "unauthorized", told)
