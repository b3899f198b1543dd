"""Documents by key: from texts and files, shown, changed, switched, downloaded and deleted (knowledge.md 1.2, 8.6)."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.http.knowledge.place import MODEL, PROVIDER, Place, added, finished, made, refusal
from tests.support.app import browser

from orrery.apps.files.tables import UploadFile
from orrery.database.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="package")

FIELDS = [
    "id",
    "position",
    "data_source_type",
    "data_source_info",
    "data_source_detail_dict",
    "dataset_process_rule_id",
    "name",
    "created_from",
    "created_by",
    "created_at",
    "tokens",
    "indexing_status",
    "error",
    "enabled",
    "disabled_at",
    "disabled_by",
    "archived",
    "display_status",
    "word_count",
    "hit_count",
    "doc_form",
    "doc_metadata",
    "summary_index_status",
    "need_summary",
]
RULE: dict[str, Any] = {
    "mode": "custom",
    "rules": {"pre_processing_rules": [], "segmentation": {"separator": "###", "max_tokens": 100}},
}
WRONG: list[dict[str, Any]] = [
    {"doc_form": "qa_model"},
    {"doc_form": "x"},
    {"process_rule": {"mode": "x"}},
    {"process_rule": {}},
]
ECONOMY = {"indexing_technique": "economy"}


async def sent(client: httpx.AsyncClient, path: str, data: object = None, **files: tuple[str, bytes, str]) -> Any:
    """A form."""
    fields = {} if data is None else {"data": data if isinstance(data, str) else json.dumps(data)}
    return await client.post(path, data=fields, files=files or {"x": ("", b"")})


async def test_a_text_is_indexed(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Texts")
    body: dict[str, Any] = {
        "name": "A/B: notes",
        "text": "one###two ###three",
        "indexing_technique": "high_quality",
        "process_rule": RULE,
    }
    answer = await client.post(f"/datasets/{dataset['id']}/document/create-by-text", json=body)
    document, batch = answer.json()["document"], answer.json()["batch"]
    assert list(document) == FIELDS
    assert len(batch) == 20 and batch.isdigit()
    assert (document["display_status"], document["indexing_status"], document["position"]) == ("queuing", "waiting", 1)
    file = document["data_source_detail_dict"]["upload_file"]
    assert (file["name"], file["extension"], file["mime_type"], file["size"]) == ("A/B: notes", "txt", "text/plain", 18)
    progress = await finished(client, dataset["id"], batch)
    assert (progress["completed_segments"], progress["total_segments"]) == (3, 3)
    times = [
        progress[f"{name}_at"]
        for name in ("processing_started", "parsing_completed", "splitting_completed", "completed")
    ]
    assert times == sorted(times)
    detail = (await client.get(f"/datasets/{dataset['id']}/documents/{document['id']}")).json()
    assert (detail["display_status"], detail["segment_count"], detail["doc_language"]) == ("available", 3, "English")
    assert detail["document_process_rule"]["rules"]["segmentation"]["separator"] == "###"
    assert detail["data_source_info"] == {"upload_file": file}
    settled = (await client.get(f"/datasets/{dataset['id']}")).json()
    assert (settled["indexing_technique"], settled["embedding_model_provider"]) == ("high_quality", PROVIDER)
    assert (settled["doc_form"], settled["data_source_type"]) == ("text_model", "upload_file")
    assert (settled["total_documents"], settled["total_available_documents"]) == (1, 1)
    assert settled["word_count"] == detail["tokens"] * 0 + 11


async def test_a_file_is_indexed(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Files", **ECONOMY)
    page = "# One\n\nIt is about apples.\n\n# Two\n\nIt is about pears."
    data = {"doc_language": "German", "process_rule": {"mode": "automatic"}}
    file = ("note.md", page.encode(), "text/markdown")
    for alias in ("create-by-file", "create_by_file"):
        answer = await sent(client, f"/datasets/{dataset['id']}/document/{alias}", data, file=file)
        assert answer.status_code == 200, answer.text
        await finished(client, dataset["id"], answer.json()["batch"])
    # The second one has the name of the first, and took its place.
    (document,) = (await client.get(f"/datasets/{dataset['id']}/documents")).json()["data"]
    assert (document["name"], document["created_from"], document["display_status"]) == ("note.md", "api", "available")
    assert answer.json()["document"]["id"] == document["id"]


async def test_refusals_of_new_documents(place: Place) -> None:
    client, elsewhere = await place.service(), await place.service(place.other)
    dataset, theirs = await made(client, "Refusing"), await made(elsewhere, "Refusing")
    text, by_file = (
        f"/datasets/{dataset['id']}/document/create-by-text",
        f"/datasets/{dataset['id']}/document/create-by-file",
    )
    note = ("a.txt", b"x", "text/plain")
    for answer, told in (
        (await client.post(text, json={"name": "x", "text": "y"}), (400, "invalid_param", "indexing_technique is required.")),
        (await sent(client, by_file), (400, "no_file_uploaded", "Please upload your file.")),
        (await sent(client, by_file, ECONOMY, file=note), (400, "invalid_param", "process_rule is required.")),
        (await sent(client, by_file, ECONOMY, file=("a.exe", b"x", "text/plain")), (400, "invalid_param", "File type not allowed.")),
        (await elsewhere.post(f"/datasets/{theirs['id']}/document/create-by-text",
                              json={"name": "x", "text": "y", "indexing_technique": "high_quality"}),
         (400, "provider_not_initialize",
          "No valid model provider credentials found. Please go to Settings -> Model Provider to complete your provider credentials.")),
        (await client.post(f"/datasets/{new_id()}/document/create-by-text", json={"name": "x", "text": "y"}),
         (404, "not_found", "Dataset not found.")),
        (await client.post(f"/datasets/{theirs['id']}/document/create-by-text", json={"name": "x", "text": "y"}),
         (404, "not_found", "Dataset not found.")),
    ):  # fmt: skip
        assert refusal(answer) == told
    for more in WRONG:
        answer = await client.post(text, json={"name": "x", "text": "y", **ECONOMY, **more})
        assert refusal(answer)[:2] == (400, "invalid_param"), more
    assert refusal(await sent(client, by_file, "{nonsense", file=note))[:2] == (400, "invalid_param")
    assert (await client.get(f"/datasets/{dataset['id']}/documents")).json()["total"] == 0
    # Nothing of what was refused is kept.
    async with place.process.database.read() as session:
        kept = await session.scalars(select(UploadFile.name).where(UploadFile.tenant_id == place.home.workspace_id))
    assert not {"x", "a.txt", "a.exe"} & set(kept)


async def test_pages_by_keyword_and_state(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Pages", **ECONOMY)
    base = f"/datasets/{dataset['id']}/documents"
    ids = [(await added(client, dataset["id"], f"Doc {n}", f"text {n}"))["id"] for n in range(3)]
    page = (await client.get(base, params={"limit": 2})).json()
    assert ([one["id"] for one in page["data"]], page["has_more"], page["total"]) == ([ids[2], ids[1]], True, 3)
    assert [one["id"] for one in (await client.get(base, params={"keyword": "doc 1"})).json()["data"]] == [ids[1]]

    async def switched(action: str, *which: str) -> None:
        answer = await client.patch(f"{base}/status/{action}", json={"document_ids": which})
        assert answer.json() == {"result": "success"}, answer.text

    async def shown(status: str) -> list[str]:
        return [one["id"] for one in (await client.get(base, params={"status": status})).json()["data"]]

    await switched("disable", ids[0])
    await switched("archive", ids[1])
    assert [await shown(word) for word in ("disabled", "ARCHIVED", "enabled", "queuing")] == [
        [ids[0]],
        [ids[1]],
        [ids[2]],
        [],
    ]
    assert len(await shown("no such word")) == 3
    assert (await client.get(f"/datasets/{dataset['id']}")).json()["total_available_documents"] == 1
    assert refusal(await client.delete(f"{base}/{ids[1]}")) == (
        403, "archived_document_immutable", "The archived document is not editable.",
    )  # fmt: skip
    await switched("un_archive", ids[1])
    await switched("enable", ids[0])
    assert len(await shown("available")) == 3
    refused = await client.patch(f"{base}/status/sing", json={"document_ids": ids})
    assert refusal(refused)[:2] == (400, "invalid_action")
    assert (await client.delete(f"{base}/{ids[1]}")).status_code == 204
    assert refusal(await client.get(f"{base}/{ids[1]}")) == (404, "not_found", "Document not found.")
    assert refusal(await client.get(f"{base}/{ids[0]}", params={"metadata": "some"})) == (
        400, "invalid_metadata", "Invalid metadata value: some",
    )  # fmt: skip
    assert list((await client.get(f"{base}/{ids[0]}", params={"metadata": "only"})).json()) == [
        "id",
        "doc_type",
        "doc_metadata",
    ]
    assert "doc_type" not in (await client.get(f"{base}/{ids[0]}", params={"metadata": "without"})).json()
    assert refusal(await client.get(f"{base}/20250101000000123456/indexing-status")) == (
        404,
        "not_found",
        "Documents not found.",
    )


async def test_changing_a_document(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Changes", **ECONOMY)
    document = await added(client, dataset["id"], "First", "apples")
    one = f"/datasets/{dataset['id']}/documents/{document['id']}"
    assert refusal(await client.post(f"{one}/update-by-text", json={"text": "pears"})) == (
        400, "invalid_param", "name is required when text is provided.",
    )  # fmt: skip
    for alias in ("update-by-text", "update_by_text"):
        answer = await client.post(f"{one}/{alias}", json={"name": "Second", "text": "pears and plums"})
        assert answer.status_code == 200, answer.text
        await finished(client, dataset["id"], answer.json()["batch"])
    detail = (await client.get(one)).json()
    assert (detail["name"], detail["data_source_info"]["upload_file"]["size"]) == ("Second", 15)
    for method, path in (("PATCH", one), ("POST", f"{one}/update-by-file"), ("POST", f"{one}/update_by_file")):
        data = {"data": json.dumps({"process_rule": RULE})}
        answer = await client.request(method, path, data=data, files={"file": ("third.txt", b"a###b", "text/plain")})
        assert answer.status_code == 200, answer.text
        await finished(client, dataset["id"], answer.json()["batch"])
    detail = (await client.get(one)).json()
    assert (detail["name"], detail["segment_count"], detail["id"]) == ("third.txt", 2, document["id"])
    # A name alone, in a form without a file.
    answer = await client.patch(one, data={"data": json.dumps({"name": "Fourth"})}, files={"x": ("", b"")})
    assert (answer.status_code, answer.json()["document"]["name"]) == (200, "Fourth")
    await finished(client, dataset["id"], answer.json()["batch"])
    for name, told in (("a.exe", (415, "unsupported_file_type", "File type not allowed.")),
                       ("big.txt", (413, "file_too_large", "File size exceeded."))):  # fmt: skip
        content = b"x" * (16 * 1024 * 1024) if name == "big.txt" else b"x"
        answer = await client.patch(one, files={"file": (name, content, "text/plain")})
        assert refusal(answer) == told
    await client.patch(f"/datasets/{dataset['id']}/documents/status/disable", json={"document_ids": [document["id"]]})
    assert refusal(await client.post(f"{one}/update-by-text", json={"name": "x", "text": "y"})) == (
        400, "invalid_param", "Document is not available",
    )  # fmt: skip


async def test_downloads(place: Place) -> None:
    client, elsewhere = await place.service(), await place.service(place.other)
    dataset = await made(client, "Downloads", **ECONOMY)
    ids = [(await added(client, dataset["id"], name, text))["id"] for name, text in (("a/b", "one"), ("a_b", "two"))]
    base = f"/datasets/{dataset['id']}/documents"
    url = (await client.get(f"{base}/{ids[0]}/download")).json()["url"]
    async with browser(place.app) as anybody:
        file = await anybody.get(url)
        assert (file.content, file.headers["content-disposition"].partition(";")[0]) == (b"one", "attachment")
        assert (await anybody.get(url.replace("sign=", "sign=x"))).status_code == 404
    answer = await client.post(f"{base}/download-zip", json={"document_ids": ids})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {"a_b.txt": b"one", "a_b (2).txt": b"two"}
    for wrong in ([*ids, new_id()], [new_id()]):
        answer = await client.post(f"{base}/download-zip", json={"document_ids": wrong})
        assert refusal(answer) == (404, "not_found", "Document not found.")
    assert (await elsewhere.post(f"{base}/download-zip", json={"document_ids": ids})).status_code == 404
    assert (await elsewhere.get(f"{base}/{ids[0]}/download")).status_code == 404


async def test_foreign_documents_are_not_found_below_an_own_dataset(place: Place) -> None:
    client, elsewhere = await place.service(), await place.service(place.other)
    dataset, theirs = await made(client, "Ours", **ECONOMY), await made(elsewhere, "Theirs", **ECONOMY)
    document = await added(client, dataset["id"], "Secret", "a secret")
    base = f"/datasets/{theirs['id']}/documents"
    one = f"{base}/{document['id']}"
    for answer in (
        await elsewhere.get(one),
        await elsewhere.post(f"{one}/update-by-text", json={"name": "x", "text": "y"}),
        await elsewhere.patch(one, files={"file": ("a.txt", b"x", "text/plain")}),
        await elsewhere.get(f"{one}/download"),
    ):
        assert refusal(answer) == (404, "not_found", "Document not found.")
    assert refusal(await elsewhere.delete(one)) == (404, "not_found", "Document Not Exists.")
    await elsewhere.patch(f"{base}/status/disable", json={"document_ids": [document["id"]]})
    shown = (await client.get(f"/datasets/{dataset['id']}/documents/{document['id']}")).json()
    assert (shown["name"], shown["enabled"]) == ("Secret", True)


async def test_a_changed_model_indexes_anew(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Anew", **ECONOMY)
    document = await added(client, dataset["id"], "Text", "apples and pears")
    change = {"indexing_technique": "high_quality", "embedding_model": MODEL, "embedding_model_provider": PROVIDER}
    answer = await client.patch(f"/datasets/{dataset['id']}", json=change)
    assert answer.json()["embedding_model"] == MODEL
    shown = (await client.get(f"/datasets/{dataset['id']}/documents")).json()["data"]
    assert [one["id"] for one in shown] == [document["id"]]
    status = f"/datasets/{dataset['id']}/indexing-status"
    async with asyncio.timeout(60):
        while (await place.console().get(status)).json()["data"][0]["indexing_status"] != "completed":
            await asyncio.sleep(0.02)
    by_vector = {
        "search_method": "semantic_search",
        "reranking_enable": False,
        "top_k": 1,
        "score_threshold_enabled": False,
    }
    body = {"query": "apples and pears", "retrieval_model": by_vector}
    (record,) = (await client.post(f"/datasets/{dataset['id']}/retrieve", json=body)).json()["records"]
    assert (record["segment"]["document_id"], round(record["score"], 3)) == (document["id"], 1.0)


async def test_strange_forms(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Strange", **ECONOMY)
    document = await added(client, dataset["id"], "Steady", "apples")
    create, one = (
        f"/datasets/{dataset['id']}/document/create-by-file",
        f"/datasets/{dataset['id']}/documents/{document['id']}",
    )
    weights = {"search_method": "hybrid_search", "reranking_enable": True, "top_k": 3, "score_threshold_enabled": False}
    odd: list[Any] = [
        "null", "[]", "5", '"x"', "{", "{}{}", '{"process_rule": ' + "[" * 7000 + "]" * 7000 + "}", "x" * 20_000, "\udcff",
        {"process_rule": "custom"}, {"process_rule": {"mode": 5}}, {"process_rule": {"mode": "custom", "rules": [1]}},
        {"process_rule": {"mode": "custom", "rules": {**RULE["rules"], "segmentation": {"separator": 5, "max_tokens": "9"}}}},
        {"process_rule": {"mode": "hierarchical", "rules": RULE["rules"]}}, {"doc_language": 5}, {"doc_form": ["text_model"]},
    ]  # fmt: skip
    new: list[Any] = [
        {"retrieval_model": {**weights, "weights": {"vector_setting": 1}}}, {"retrieval_model": {**weights, "top_k": "3"}},
        {"retrieval_model": {**weights, "reranking_model": "x"}}, {"indexing_technique": 1}, {"embedding_model": []},
    ]  # fmt: skip
    note = {"file": ("a.txt", b"x", "text/plain")}
    automatic = {"process_rule": {"mode": "automatic"}}
    for data in [*odd, *({**automatic, **more} for more in new)]:
        sent_as = data if isinstance(data, str) else json.dumps(data)
        answer = await client.post(create, data={"data": sent_as.encode("utf-8", "surrogateescape")}, files=note)
        assert refusal(answer)[:2] == (400, "invalid_param"), sent_as[:80]
    for data in odd:
        sent_as = data if isinstance(data, str) else json.dumps(data)
        answer = await client.patch(one, data={"data": sent_as.encode("utf-8", "surrogateescape")}, files=note)
        assert refusal(answer)[:2] == (400, "invalid_param"), sent_as[:80]
    for name in ("a/b.txt", "x" * 300 + ".exe"):
        answer = await client.post(
            create, data={"data": json.dumps(automatic)}, files={"file": (name, b"x", "text/plain")}
        )
        assert refusal(answer)[:2] == (400, "invalid_param"), name
    two = [("file", note["file"]), ("file", note["file"])]
    assert refusal(await client.post(create, files=two)) == (400, "too_many_files", "Only one file is allowed.")
    shown = (await client.get(one)).json()
    assert (shown["name"], shown["display_status"]) == ("Steady", "available")
