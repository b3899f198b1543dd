"""Tags of knowledge, and metadata: fields, values, the built-in ones (knowledge.md 1.7)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.http.knowledge.place import Place, added, made, refusal

from orrery.database.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="package")

BUILT_IN = ["document_name", "uploader", "upload_date", "last_update_date", "source"]


async def metadata_of(client: httpx.AsyncClient, dataset_id: str, document_id: str) -> Any:
    answer = await client.get(f"/datasets/{dataset_id}/documents/{document_id}", params={"metadata": "only"})
    return answer.json()["doc_metadata"]


async def test_tags(place: Place) -> None:
    client, stranger = await place.service(), await place.service(place.other)
    first, second = await made(client, "Tagged"), await made(client, "Untagged")
    red = (await client.post("/datasets/tags", json={"name": "red"})).json()
    assert (red["type"], red["binding_count"]) == ("knowledge", "0")
    assert refusal(await client.post("/datasets/tags", json={"name": "red"})) == (
        400, "invalid_param", "Tag name already exists",
    )  # fmt: skip
    blue = (await client.post("/datasets/tags", json={"name": "blue"})).json()
    bound = {"tag_ids": [red["id"], blue["id"]], "target_id": first["id"]}
    for _ in range(2):
        assert (await client.post("/datasets/tags/binding", json=bound)).status_code == 204
    assert {one["name"]: one["binding_count"] for one in (await client.get("/datasets/tags")).json()}["red"] == "1"
    on = (await client.get(f"/datasets/{first['id']}/tags")).json()
    assert ({one["name"] for one in on["data"]}, on["total"]) == ({"red", "blue"}, 2)
    found = (await client.get("/datasets", params={"tag_ids": [blue["id"]]})).json()["data"]
    assert [one["id"] for one in found] == [first["id"]]
    assert {tag["name"] for tag in found[0]["tags"]} == {"red", "blue"}
    await client.post("/datasets/tags/unbinding", json={"tag_id": blue["id"], "target_id": first["id"]})
    assert (await client.get("/datasets", params={"tag_ids": [blue["id"]]})).json()["data"] == []
    renamed = (await client.patch("/datasets/tags", json={"tag_id": red["id"], "name": "crimson"})).json()
    assert (renamed["name"], renamed["binding_count"]) == ("crimson", "1")
    lost = (404, "not_found", "Tag not found")
    for answer in (
        await stranger.patch("/datasets/tags", json={"tag_id": red["id"], "name": "x"}),
        await stranger.request("DELETE", "/datasets/tags", json={"tag_id": red["id"]}),
        await client.post("/datasets/tags/binding", json={"tag_ids": [new_id()], "target_id": second["id"]}),
    ):
        assert refusal(answer) == lost
    assert refusal(await stranger.post("/datasets/tags/binding", json=bound)) == (404, "not_found", "Dataset not found")
    assert refusal(await stranger.post("/datasets/tags/unbinding", json=bound)) == (
        404, "not_found", "Dataset not found",
    )  # fmt: skip
    assert (await client.request("DELETE", "/datasets/tags", json={"tag_id": red["id"]})).status_code == 204
    assert (await client.get(f"/datasets/{first['id']}/tags")).json() == {"data": [], "total": 0}


async def test_fields(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Fielded")
    base = f"/datasets/{dataset['id']}/metadata"
    answer = await client.post(base, json={"type": "string", "name": "author"})
    assert (answer.status_code, list(answer.json())) == (201, ["id", "name", "type"])
    author = answer.json()
    for body, told in (
        ({"type": "string", "name": "author"}, "Metadata name already exists."),
        ({"type": "string", "name": "uploader"}, "Metadata name already exists in Built-in fields."),
        ({"type": "string", "name": "x" * 256}, "Metadata name cannot exceed 255 characters."),
    ):
        assert refusal(await client.post(base, json=body)) == (400, "invalid_param", told)
    assert refusal(await client.post(base, json={"type": "list", "name": "x"}))[:2] == (400, "invalid_param")
    year = (await client.post(base, json={"type": "number", "name": "year"})).json()
    assert (
        refusal(await client.patch(f"{base}/{year['id']}", json={"name": "author"}))[2]
        == "Metadata name already exists."
    )
    assert (await client.patch(f"{base}/{year['id']}", json={"name": "published"})).json()["name"] == "published"
    assert (await client.get(base)).json() == {
        "doc_metadata": [{**author, "count": 0}, {"id": year["id"], "name": "published", "type": "number", "count": 0}],
        "built_in_field_enabled": False,
    }
    assert (await client.get(f"/datasets/{dataset['id']}")).json()["doc_metadata"][0] == author
    for path in (f"{base}/{new_id()}", f"{base}/no-id"):
        assert refusal(await client.patch(path, json={"name": "x"})) == (404, "not_found", "Metadata not found.")
        assert refusal(await client.delete(path)) == (404, "not_found", "Metadata not found.")
    assert (await client.delete(f"{base}/{author['id']}")).status_code == 204
    listed = (await client.get(f"{base}/built-in")).json()["fields"]
    assert [field["name"] for field in listed] == BUILT_IN


async def test_values(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Valued", indexing_technique="economy")
    other = await made(client, "Valued elsewhere")
    document = await added(client, dataset["id"], "A text", "apples")
    base, values = f"/datasets/{dataset['id']}/metadata", f"/datasets/{dataset['id']}/documents/metadata"
    author, year = [
        (await client.post(base, json={"type": kind, "name": name})).json()
        for kind, name in (("string", "author"), ("number", "year"))
    ]
    foreign = (await client.post(f"/datasets/{other['id']}/metadata", json={"type": "string", "name": "x"})).json()

    async def given(
        *fields: tuple[str, object], partial: bool = False, document_id: str = document["id"]
    ) -> httpx.Response:
        listed = [{"id": field_id, "name": "any", "value": value} for field_id, value in fields]
        one = {"document_id": document_id, "metadata_list": listed, "partial_update": partial}
        return await client.post(values, json={"operation_data": [one]})

    async def held() -> dict[str, object]:
        found: list[dict[str, Any]] = await metadata_of(client, dataset["id"], document["id"]) or []
        return {field["name"]: field["value"] for field in found if field["id"] != "built-in"}

    assert await held() == {}
    assert (await given((author["id"], "Ada"), (year["id"], "1843"))).json() == {"result": "success"}
    assert await held() == {"author": "Ada", "year": 1843.0}
    await given((year["id"], 1844), partial=True)
    assert await held() == {"author": "Ada", "year": 1844}
    counts = {one["name"]: one["count"] for one in (await client.get(base)).json()["doc_metadata"]}
    assert counts == {"author": 1, "year": 1}
    for answer in (
        await given((year["id"], "MDCCC")),
        await given((year["id"], float("1e308")), (author["id"], ["Ada"])),
        await given((foreign["id"], "x")),
        await given((author["id"], "x"), document_id=new_id()),
    ):
        assert refusal(answer)[:2] == (400, "invalid_param")
    assert await held() == {"author": "Ada", "year": 1844}
    await client.patch(f"{base}/{author['id']}", json={"name": "writer"})
    assert await held() == {"writer": "Ada", "year": 1844}
    await given((author["id"], "Bob"))
    assert await held() == {"writer": "Bob"}
    await client.delete(f"{base}/{author['id']}")
    assert await held() == {}


async def test_built_in_fields(place: Place) -> None:
    client = await place.service()
    dataset = await made(client, "Built in", indexing_technique="economy")
    before = await added(client, dataset["id"], "Before", "apples")
    switch = f"/datasets/{dataset['id']}/metadata/built-in"
    assert await metadata_of(client, dataset["id"], before["id"]) is None
    assert (await client.post(f"{switch}/enable")).json() == {"result": "success"}
    after = await added(client, dataset["id"], "After", "pears")
    for document, name in ((before, "Before"), (after, "After")):
        shown = await metadata_of(client, dataset["id"], document["id"])
        assert [field["name"] for field in shown] == BUILT_IN
        values = {field["name"]: field["value"] for field in shown}
        assert (values["document_name"], values["uploader"], values["source"]) == (name, "Ada", "file_upload")
        assert float(values["upload_date"]) <= float(values["last_update_date"])
    detail = (await client.get(f"/datasets/{dataset['id']}")).json()
    assert detail["built_in_field_enabled"] is True
    assert [field["name"] for field in detail["doc_metadata"] if field["id"] == "built-in"] == BUILT_IN
    assert (await client.post(f"{switch}/disable")).json() == {"result": "success"}
    assert await metadata_of(client, dataset["id"], after["id"]) is None
    assert (await client.post(f"{switch}/sometimes")).status_code == 404
