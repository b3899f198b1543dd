"""Passages, child chunks and searches by key (knowledge.md 1.3, 1.4, 4.5)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.http.knowledge.place import Place, added, made, refusal

from orrery.database.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="package")

RULES: dict[str, Any] = {"pre_processing_rules": [], "segmentation": {"separator": "###", "max_tokens": 100}}
RULE = {"mode": "custom", "rules": RULES}
SUBCHUNKS = {"parent_mode": "paragraph", "subchunk_segmentation": {"separator": ".", "max_tokens": 50}}
PARENTS = {"mode": "hierarchical", "rules": {**RULES, **SUBCHUNKS}}
NONE: list[Any] = [{}, {"segments": []}, {"segments": None}]


async def test_segments(place: Place) -> None:
    client, stranger = await place.service(), await place.service(place.other)
    dataset = await made(client, "Segments", indexing_technique="high_quality")
    document = await added(client, dataset["id"], "Fruit", "apples are red###pears are green", process_rule=RULE)
    base = f"/datasets/{dataset['id']}/documents/{document['id']}/segments"
    page = (await client.get(base)).json()
    assert ([one["content"] for one in page["data"]], page["doc_form"]) == (
        ["apples are red", "pears are green"],
        "text_model",
    )
    assert {key: page[key] for key in ("total", "has_more", "limit", "page")} == {
        "total": 2, "has_more": False, "limit": 20, "page": 1,
    }  # fmt: skip
    for body in NONE:
        answer = await client.post(base, json=body)
        assert (answer.status_code, answer.json()) == (400, {"error": "Segments is required"})
    answer = await client.post(base, json={"segments": [{"content": "plums are blue", "keywords": ["plum"]}]})
    (plums,) = answer.json()["data"]
    assert (plums["position"], plums["status"], plums["keywords"]) == (3, "completed", ["plum"])
    changed = await client.post(f"{base}/{plums['id']}", json={"segment": {"content": "plums are purple"}})
    assert changed.json()["data"]["content"] == "plums are purple"
    assert (await client.get(f"{base}/{plums['id']}")).json()["data"]["content"] == "plums are purple"
    for more in ({"answer": "x"}, {"attachment_ids": [new_id()]}):
        refused = await client.post(base, json={"segments": [{"content": "x", **more}]})
        assert refusal(refused)[:2] == (400, "invalid_param")
    found = (await client.post(f"/datasets/{dataset['id']}/retrieve", json={"query": "plums are purple"})).json()
    assert (found["query"]["content"], found["records"][0]["segment"]["id"]) == ("plums are purple", plums["id"])
    assert (await client.delete(f"{base}/{plums['id']}")).status_code == 204
    for answer in (
        await client.get(f"{base}/{plums['id']}"),
        await client.delete(f"{base}/{plums['id']}"),
        await client.get(f"{base}/no-id"),
    ):
        assert refusal(answer) == (404, "not_found", "Segment not found.")
    assert refusal(await stranger.get(base)) == (404, "not_found", "Dataset not found.")
    lost = f"/datasets/{dataset['id']}/documents/{new_id()}/segments"
    assert refusal(await client.get(lost)) == (404, "not_found", "Document not found.")


async def test_child_chunks(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Parents", indexing_technique="high_quality")
    form: dict[str, Any] = {"doc_form": "hierarchical_model", "process_rule": PARENTS}
    document = await added(client, dataset["id"], "Fruit", "apples. pears###plums. quinces", **form)
    base = f"/datasets/{dataset['id']}/documents/{document['id']}/segments"
    (first, _) = (await client.get(base)).json()["data"]
    assert [child["content"] for child in first["child_chunks"]] == ["apples", "pears"]
    children = f"{base}/{first['id']}/child_chunks"
    child = (await client.post(children, json={"content": "cherries"})).json()["data"]
    assert (child["position"], child["type"]) == (3, "customized")
    page = (await client.get(children, params={"limit": 2})).json()
    assert (page["total"], page["total_pages"], len(page["data"])) == (3, 2, 2)
    changed = (await client.patch(f"{children}/{child['id']}", json={"content": "sour cherries"})).json()["data"]
    assert changed["content"] == "sour cherries"
    (record, *_) = (await client.post(f"/datasets/{dataset['id']}/retrieve", json={"query": "sour cherries"})).json()[
        "records"
    ]
    assert (record["segment"]["id"], record["child_chunks"][0]["id"]) == (first["id"], child["id"])
    assert (await client.delete(f"{children}/{child['id']}")).status_code == 204
    assert refusal(await client.delete(f"{children}/{child['id']}")) == (404, "not_found", "Child chunk not found.")


async def test_searches(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Searches", indexing_technique="economy")
    search = f"/datasets/{dataset['id']}/retrieve"
    await added(client, dataset["id"], "Fruit", "apples are red###pears are green", process_rule=RULE)
    for alias in (search, f"/datasets/{dataset['id']}/hit-testing"):
        found = (await client.post(alias, json={"query": "pears"})).json()
        assert [one["segment"]["content"] for one in found["records"]] == ["pears are green"]
    for body, told in (
        ({}, "Query or attachment_ids is required"),
        ({"query": "x" * 251}, "Query cannot exceed 250 characters"),
        ({"query": "x", "attachment_ids": "x"}, "Attachment_ids must be a list"),
    ):
        assert refusal(await client.post(search, json=body)) == (400, "invalid_param", told)
    refused = await client.post(search, json={"query": "x", "retrieval_model": {"search_method": "magic"}})
    assert refusal(refused)[:2] == (400, "invalid_param")
