"""Knowledge in the console: who sees and does what, files added by members, pausing and trying again (product.md 6.8)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.http.knowledge.place import Place, added, made, refusal

from orrery.database.ids import new_id

pytestmark = pytest.mark.asyncio(loop_scope="package")

DENIED = (403, "forbidden", "You do not have permission to access this dataset.")


async def uploaded(client: httpx.AsyncClient, name: str, content: bytes) -> str:
    answer = await client.post(
        "/files/upload", params={"source": "datasets"}, files={"file": (name, content, "text/plain")}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def source(*file_ids: str, kind: str = "upload_file") -> dict[str, Any]:
    return {"info_list": {"data_source_type": kind, "file_info_list": {"file_ids": list(file_ids)}}}


async def names_seen(client: httpx.AsyncClient, **params: Any) -> set[str]:
    return {one["name"] for one in (await client.get("/datasets", params=params)).json()["data"]}


async def test_who_sees_which(place: Place) -> None:
    home = place.home.workspace_id
    editor, second, operator = [
        await place.member(home, name, role)
        for name, role in (("Una", "editor"), ("Dan", "editor"), ("Olga", "dataset_operator"))
    ]
    una, dan, olga, owner = (place.console(who) for who in (editor, second, operator, place.home))
    own = await made(una, "Una's own")
    await made(una, "For all", permission="all_team_members")
    some = await made(una, "For some", permission="partial_members")
    change = {"partial_member_list": [{"user_id": second.account_id}, {"user_id": operator.account_id}]}
    changed = await una.patch(f"/datasets/{some['id']}", json=change)
    assert sorted(changed.json()["partial_member_list"]) == sorted([second.account_id, operator.account_id])
    mine = {"Una's own", "For all", "For some"}
    assert await names_seen(una, keyword="") & mine == mine
    assert await names_seen(dan) & mine == {"For all", "For some"}
    assert await names_seen(olga) & mine == {"For some"}
    assert await names_seen(owner) & mine == {"For all"}
    assert await names_seen(owner, include_all=True) & mine == mine
    assert await names_seen(dan, include_all=True) & mine == {"For all", "For some"}
    assert refusal(await dan.get(f"/datasets/{own['id']}")) == DENIED
    assert refusal(await dan.delete(f"/datasets/{own['id']}")) == DENIED
    assert (await owner.get(f"/datasets/{own['id']}")).status_code == 200
    shown = await olga.patch(
        f"/datasets/{some['id']}", json={"description": "by Olga", "permission": "partial_members"}
    )
    assert shown.json()["description"] == "by Olga"
    assert (await olga.patch(f"/datasets/{some['id']}", json={"permission": "all_team_members"})).status_code == 403
    assert (await olga.patch(f"/datasets/{some['id']}", json={"partial_member_list": []})).status_code == 403
    stranger = {"partial_member_list": [{"user_id": place.other.account_id}]}
    assert refusal(await una.patch(f"/datasets/{some['id']}", json=stranger))[:2] == (400, "invalid_param")
    # What is no longer shared with some is shared with none of them.
    await una.patch(f"/datasets/{some['id']}", json={"permission": "only_me"})
    await una.patch(f"/datasets/{some['id']}", json={"permission": "partial_members"})
    assert refusal(await dan.get(f"/datasets/{some['id']}")) == DENIED


async def test_files_become_documents_of_one_batch(place: Place) -> None:
    owner = place.console()
    dataset = await made(owner, "From the console")
    files = [await uploaded(owner, f"{name}.txt", name.encode()) for name in ("one", "two")]
    body = {"data_source": source(*files), "indexing_technique": "economy", "process_rule": {"mode": "automatic"}}
    answer = await owner.post(f"/datasets/{dataset['id']}/documents", json=body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [(one["name"], one["position"], one["created_from"]) for one in told["documents"]] == [
        ("one.txt", 1, "web"), ("two.txt", 2, "web"),
    ]  # fmt: skip
    assert told["dataset"]["indexing_technique"] == "economy"
    progress = (await owner.get(f"/datasets/{dataset['id']}/batch/{told['batch']}/indexing-status")).json()["data"]
    assert [one["id"] for one in progress] == [one["id"] for one in told["documents"]]
    refused = {**body, "data_source": source(*files, kind="notion_import")}
    assert refusal(await owner.post(f"/datasets/{dataset['id']}/documents", json=refused))[:2] == (400, "invalid_param")
    lost = {**body, "data_source": source(files[0], new_id())}
    assert refusal(await owner.post(f"/datasets/{dataset['id']}/documents", json=lost))[:2] == (404, "file_not_found")


async def test_documents_in_the_console(place: Place) -> None:
    owner, client = place.console(), await place.service()
    dataset = await made(client, "Looked at", indexing_technique="economy")
    first, second = [await added(client, dataset["id"], name, f"about {name}") for name in ("apples", "pears")]
    base = f"/datasets/{dataset['id']}/documents"
    listed = (await owner.get(base, params={"sort": "created_at"})).json()
    assert [one["id"] for one in listed["data"]] == [first["id"], second["id"]]
    statuses = (await owner.get(f"/datasets/{dataset['id']}/indexing-status")).json()["data"]
    assert [one["indexing_status"] for one in statuses] == ["completed", "completed"]
    segments = (await owner.get(f"{base}/{first['id']}/segments")).json()
    assert [one["content"] for one in segments["data"]] == ["about apples"]
    found = (await owner.post(f"/datasets/{dataset['id']}/hit-testing", json={"query": "pears"})).json()
    assert [one["segment"]["document_id"] for one in found["records"]] == [second["id"]]
    chosen = {"document_id": [first["id"]]}
    assert (await owner.patch(f"{base}/status/disable/batch", params=chosen)).json() == {"result": "success"}
    assert (await owner.get(f"{base}/{first['id']}")).json()["display_status"] == "disabled"
    pause = await owner.patch(f"{base}/{second['id']}/processing/pause")
    assert refusal(pause) == (400, "document_indexing", "Cannot pause completed document.")
    assert refusal(await owner.patch(f"{base}/{second['id']}/processing/resume"))[:2] == (400, "document_indexing")
    retried = await owner.post(f"/datasets/{dataset['id']}/retry", json={"document_ids": [first["id"], new_id()]})
    assert retried.status_code == 204
    gone = {"document_id": [first["id"], second["id"]]}
    assert (await owner.delete(base, params={"document_id": [first["id"], new_id()]})).status_code == 404
    assert (await owner.delete(base, params=gone)).status_code == 204
    assert (await owner.get(base)).json()["total"] == 0
    assert refusal(await owner.delete(base))[:2] == (400, "invalid_param")
