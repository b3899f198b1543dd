"""Knowledge bases on the Service API as its document describes them: operations, answers, refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.contract.openapi.document import document, faults, operations
from tests.http.knowledge.place import Place, added, made, open_place, refusal

from orrery.database.ids import new_id

pytestmark = [pytest.mark.reference, pytest.mark.asyncio(loop_scope="module")]

LATER = {
    "/datasets/pipeline/file-upload": "pipelines are not there yet",
    "/datasets/{dataset_id}/pipeline/datasource-plugins": "pipelines are not there yet",
    "/datasets/{dataset_id}/pipeline/datasource/nodes/{node_id}/run": "pipelines are not there yet",
    "/datasets/{dataset_id}/pipeline/run": "pipelines are not there yet",
}
AS_SENT = tuple(
    f"{name}: None is not of type" for name in ("doc_form", "doc_metadata", "icon_small", "icon_small_dark")
)
"""A dataset without documents has no form, a document may have no metadata (knowledge.md 1.1, 1.2), and no provider of
models has a picture here."""
PARENTS: dict[str, Any] = {
    "mode": "hierarchical",
    "rules": {
        "pre_processing_rules": [{"id": "remove_extra_spaces", "enabled": True}],
        "segmentation": {"separator": "###", "max_tokens": 100},
        "parent_mode": "paragraph",
        "subchunk_segmentation": {"separator": ".", "max_tokens": 60},
    },
}
SETTINGS = {
    "search_method": "hybrid_search",
    "reranking_enable": True,
    "reranking_mode": "weighted_score",
    "reranking_model": {"reranking_provider_name": "", "reranking_model_name": ""},
    "weights": {
        "weight_type": "customized",
        "keyword_setting": {"keyword_weight": 0.3},
        "vector_setting": {"vector_weight": 0.7, "embedding_model_name": "", "embedding_provider_name": ""},
    },
    "top_k": 3,
    "score_threshold_enabled": False,
    "score_threshold": None,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with open_place(tmp_path_factory.mktemp("knowledge") / "home") as opened:
        yield opened


def examples_of(method: str, path: str, status: int) -> list[Any]:
    answer = document()["paths"][path][method.lower()]["responses"][str(status)]
    found = answer.get("content", {}).get("application/json", {}).get("examples", {})
    return [example["value"] for example in found.values()]


def checked(answer: httpx.Response, method: str, path: str, status: int = 200) -> Any:
    """The body of an answer that has the status and fits the document.

    The document's own examples have null where its schemas don't: null fits where one of them has it.
    """
    assert answer.status_code == status, answer.text
    if status == 204:
        assert answer.content == b""
        return None
    body = answer.json()
    examples = [
        fault for example in examples_of(method, path, status) for fault in faults(method, path, status, example)
    ]
    own = {fault for fault in examples if "None is not of type" in fault}
    found = [
        fault
        for fault in faults(method, path, status, body)
        if fault not in own and not any(k in fault for k in AS_SENT)
    ]
    assert found == [], (method, path)
    return body


async def test_each_operation_has_a_route(place: Place) -> None:
    served = {
        (endpoint.declaration.method, endpoint.full_path.removeprefix("/v1"))
        for endpoint in place.app.router.endpoints
        if endpoint.declaration.auth == "knowledge"
    }
    wanted = {(method, path) for method, path in operations() if path.startswith(("/datasets", "/workspaces"))}
    assert len(wanted) == 46
    assert {path for _, path in wanted - served} == set(LATER)


async def test_answers_about_datasets_fit(place: Place) -> None:
    client = await place.service()
    one, many = "/datasets/{dataset_id}", "/datasets"
    body = {"name": "A dataset", "indexing_technique": "high_quality", "retrieval_model": SETTINGS}
    dataset = checked(await client.post(many, json=body), "POST", many)
    at = f"/datasets/{dataset['id']}"
    tag = checked(await client.post("/datasets/tags", json={"name": "t"}), "POST", "/datasets/tags")
    bound = {"tag_ids": [tag["id"]], "target_id": dataset["id"]}
    checked(await client.post("/datasets/tags/binding", json=bound), "POST", "/datasets/tags/binding", 204)
    assert checked(await client.get("/datasets/tags"), "GET", "/datasets/tags")
    assert checked(await client.get(f"{at}/tags"), "GET", f"{one}/tags")["data"]
    renamed = await client.patch("/datasets/tags", json={"tag_id": tag["id"], "name": "u"})
    checked(renamed, "PATCH", "/datasets/tags")
    field = await client.post(f"{at}/metadata", json={"type": "string", "name": "author"})
    field = checked(field, "POST", f"{one}/metadata", 201)
    assert checked(await client.get(f"{at}/metadata"), "GET", f"{one}/metadata")["doc_metadata"]
    named = await client.patch(f"{at}/metadata/{field['id']}", json={"name": "writer"})
    checked(named, "PATCH", f"{one}/metadata/{{metadata_id}}")
    checked(await client.get(f"{at}/metadata/built-in"), "GET", f"{one}/metadata/built-in")
    switched = await client.post(f"{at}/metadata/built-in/enable")
    checked(switched, "POST", f"{one}/metadata/built-in/{{action}}")
    assert checked(await client.get(at), "GET", one)["doc_metadata"]
    assert checked(await client.get(many), "GET", many)["data"]
    checked(await client.patch(at, json={"name": "Another name"}), "PATCH", one)
    checked(await client.delete(f"{at}/metadata/{field['id']}"), "DELETE", f"{one}/metadata/{{metadata_id}}", 204)
    checked(await client.post("/datasets/tags/unbinding", json=bound), "POST", "/datasets/tags/unbinding", 204)
    dropped = await client.request("DELETE", "/datasets/tags", json={"tag_id": tag["id"]})
    checked(dropped, "DELETE", "/datasets/tags", 204)
    kind = "/workspaces/current/models/model-types/{model_type}"
    assert checked(await client.get(kind.format(model_type="text-embedding")), "GET", kind)["data"]
    checked(await client.delete(at), "DELETE", one, 204)


async def test_answers_about_documents_fit(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Documents", indexing_technique="high_quality")
    one, at = "/datasets/{dataset_id}", f"/datasets/{dataset['id']}"
    text = {"name": "Fruit", "text": "apples. pears###plums", "doc_form": "hierarchical_model", "process_rule": PARENTS}
    told = checked(
        await client.post(f"{at}/document/create-by-text", json=text), "POST", f"{one}/document/create-by-text"
    )
    document_id, batch = told["document"]["id"], told["batch"]
    await finished_all(client, at, batch)
    status = await client.get(f"{at}/documents/{batch}/indexing-status")
    checked(status, "GET", f"{one}/documents/{{batch}}/indexing-status")
    rule = {"data": json.dumps({"process_rule": PARENTS, "doc_form": "hierarchical_model"})}
    file = {"file": ("b.txt", b"quinces", "text/plain")}
    by_file = await client.post(f"{at}/document/create-by-file", data=rule, files=file)
    second = checked(by_file, "POST", f"{one}/document/create-by-file")
    await finished_all(client, at, second["batch"])
    field = (await client.post(f"{at}/metadata", json={"type": "string", "name": "author"})).json()
    listed = [{"id": field["id"], "name": "author", "value": "Ada"}]
    operation = {"operation_data": [{"document_id": document_id, "metadata_list": listed}]}
    checked(await client.post(f"{at}/documents/metadata", json=operation), "POST", f"{one}/documents/metadata")
    assert len(checked(await client.get(f"{at}/documents"), "GET", f"{one}/documents")["data"]) == 2
    place_of, under = f"{at}/documents/{document_id}", f"{one}/documents/{{document_id}}"
    assert checked(await client.get(place_of), "GET", under)["doc_metadata"]
    checked(await client.get(f"{place_of}/download"), "GET", f"{under}/download")
    await segments_fit(client, at, place_of, under)
    off = await client.patch(f"{at}/documents/status/disable", json={"document_ids": [second["document"]["id"]]})
    checked(off, "PATCH", f"{one}/documents/status/{{action}}")
    again = {"name": "Fruit", "text": "quinces"}
    changed = checked(await client.post(f"{place_of}/update-by-text", json=again), "POST", f"{under}/update-by-text")
    await finished_all(client, at, changed["batch"])
    for method, path in (("PATCH", under), ("POST", f"{under}/update-by-file")):
        answer = await client.request(
            method, path.format(dataset_id=dataset["id"], document_id=document_id), files=file
        )
        await finished_all(client, at, checked(answer, method, path)["batch"])
    checked(await client.delete(place_of), "DELETE", under, 204)


async def segments_fit(client: httpx.AsyncClient, at: str, place_of: str, under: str) -> None:
    base, many = f"{place_of}/segments", f"{under}/segments"
    new = {"segments": [{"content": "grapes. figs", "keywords": ["grape"]}]}
    (segment,) = checked(await client.post(base, json=new), "POST", many)["data"]
    assert len(checked(await client.get(base), "GET", many)["data"]) == 3
    mine, one = f"{base}/{segment['id']}", f"{many}/{{segment_id}}"
    assert checked(await client.get(mine), "GET", one)["data"]["child_chunks"]
    checked(await client.post(mine, json={"segment": {"content": "grapes. dates"}}), "POST", one)
    child = checked(await client.post(f"{mine}/child_chunks", json={"content": "nuts"}), "POST", f"{one}/child_chunks")
    assert checked(await client.get(f"{mine}/child_chunks"), "GET", f"{one}/child_chunks")["data"]
    below, path = f"{mine}/child_chunks/{child['data']['id']}", f"{one}/child_chunks/{{child_chunk_id}}"
    checked(await client.patch(below, json={"content": "walnuts"}), "PATCH", path)
    found = await client.post(f"{at}/retrieve", json={"query": "walnuts", "retrieval_model": SETTINGS})
    assert checked(found, "POST", "/datasets/{dataset_id}/retrieve")["records"][0]["child_chunks"]
    checked(await client.delete(below), "DELETE", path, 204)
    checked(await client.delete(mine), "DELETE", one, 204)


async def finished_all(client: httpx.AsyncClient, at: str, batch: str) -> None:
    async with asyncio.timeout(60):
        while True:
            data = (await client.get(f"{at}/documents/{batch}/indexing-status")).json()["data"]
            if all(one["indexing_status"] == "completed" for one in data):
                return
            assert all(one["indexing_status"] != "error" for one in data), data
            await asyncio.sleep(0.02)


async def test_refusals_have_the_documents_words(place: Place) -> None:
    client, stranger = await place.service(), await place.service(place.other)
    dataset = await made(client, "Refusals", indexing_technique="economy")
    bare = await made(client, "Bare")
    await client.post("/datasets/tags", json={"name": "once"})
    at, one = f"/datasets/{dataset['id']}", "/datasets/{dataset_id}"
    text = await added(client, dataset["id"], "A", "apples")
    place_of, under = f"{at}/documents/{text['id']}", f"{one}/documents/{{document_id}}"
    await client.post(f"{at}/metadata", json={"type": "string", "name": "f"})
    new = {"name": "x", "text": "y"}
    nothing = {"document_ids": [new_id()]}
    segment, child = f"{place_of}/segments/{new_id()}", f"{place_of}/segments/{new_id()}/child_chunks"
    for answer, method, path in (
        (await client.post("/datasets", json={"name": "Bare"}), "POST", "/datasets"),
        (await stranger.post("/datasets", json={"name": "x", "indexing_technique": "high_quality"}), "POST", "/datasets"),
        (await stranger.get(at), "GET", one),
        (await stranger.delete(at), "DELETE", one),
        (await client.post(f"/datasets/{bare['id']}/document/create-by-text", json=new), "POST", f"{one}/document/create-by-text"),
        (await client.post(f"{at}/document/create-by-file", files={"x": ("", b"")}), "POST", f"{one}/document/create-by-file"),
        (await client.get(f"{at}/documents/{new_id()}"), "GET", under),
        (await client.delete(f"{at}/documents/{new_id()}"), "DELETE", under),
        (await client.get(f"{at}/documents/20200101000000100000/indexing-status"), "GET", f"{one}/documents/{{batch}}/indexing-status"),
        (await client.post(f"{place_of}/update-by-text", json={"text": "x"}), "POST", f"{under}/update-by-text"),
        (await client.patch(place_of, files={"file": ("a.exe", b"x", "text/plain")}), "PATCH", under),
        (await client.post(f"{at}/documents/download-zip", json=nothing), "POST", f"{one}/documents/download-zip"),
        (await client.patch(f"{at}/documents/status/x", json=nothing), "PATCH", f"{one}/documents/status/{{action}}"),
        (await client.get(segment), "GET", f"{under}/segments/{{segment_id}}"),
        (await client.post(segment, json={"segment": {"content": "x"}}), "POST", f"{under}/segments/{{segment_id}}"),
        (await client.get(child), "GET", f"{under}/segments/{{segment_id}}/child_chunks"),
        (await client.post(f"{at}/metadata", json={"type": "string", "name": "f"}), "POST", f"{one}/metadata"),
        (await client.post("/datasets/tags", json={"name": "once"}), "POST", "/datasets/tags"),
        (await client.patch("/datasets/tags", json={"tag_id": new_id(), "name": "x"}), "PATCH", "/datasets/tags"),
        (await stranger.post("/datasets/tags/binding", json={"tag_ids": [new_id()], "target_id": dataset["id"]}), "POST", "/datasets/tags/binding"),
        (await stranger.post(f"{at}/retrieve", json={"query": "x"}), "POST", f"{one}/retrieve"),
    ):  # fmt: skip
        status, code, message = refusal(answer)
        known = {
            (example["code"], example["message"]) for example in examples_of(method, path, status) if "code" in example
        }
        told = {words.rstrip(".") for name, words in known if name == code}
        assert message.rstrip(".") in told or (code == "invalid_action" and told), (method, path, code, message)


async def test_a_dataset_that_takes_no_calls(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Switched off")
    switch = f"/datasets/{dataset['id']}/api-keys"
    assert (await place.console().post(f"{switch}/disable")).json() == {"result": "success"}
    answer = await client.get(f"/datasets/{dataset['id']}")
    assert refusal(answer) == (403, "forbidden", "Dataset api access is not enabled.")
    assert answer.json() in examples_of("GET", "/datasets/{dataset_id}", 403)
    await place.console().post(f"{switch}/enable")
    assert (await client.get(f"/datasets/{dataset['id']}")).status_code == 200
