"""Versions as the console handles them and the Service API runs them (workflow.md 7.1, product.md 6.6)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.http.crawl.site import Site, open_site
from tests.support import dsl

from orrery.database.ids import new_id

SECRET = "sk-a-very-secret-word"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path / "home") as made:
        yield made


def document(word: str) -> str:
    env = [{"id": new_id(), "name": "token", "value_type": "secret", "value": SECRET, "description": ""}]
    say = dsl.node("say", "template-transform", template=word, variables=[])
    made: Any = dsl.workflow("Says", dsl.chain(dsl.start("q"), say, dsl.end(out=["say", "output"])))
    made["workflow"]["environment_variables"] = env
    return json.dumps(made)


async def imported(owner: httpx.AsyncClient, word: str, app_id: str | None = None) -> str:
    body = {"mode": "yaml-content", "yaml_content": document(word), "app_id": app_id}
    answer = await owner.post("/apps/imports", json=body)
    assert answer.json()["status"] == "completed", answer.text
    return str(answer.json()["app_id"])


async def published(owner: httpx.AsyncClient, app_id: str, name: str) -> str:
    body = {"marked_name": name, "marked_comment": f"about {name}"}
    assert (await owner.post(f"/apps/{app_id}/workflows/publish", json=body)).status_code == 200
    return str((await owner.get(f"/apps/{app_id}/workflows/publish")).json()["id"])


async def test_versions_are_run_exported_restored_and_deleted(site: Site) -> None:
    owner = site.owner
    app_id = await imported(owner, "one")
    first = await published(owner, app_id, "first")
    # An import over an app forgets what debug runs of the graph before left.
    drafts = f"/apps/{app_id}/workflows/draft"
    assert (await owner.post(f"{drafts}/nodes/start/run", json={"inputs": {"q": "x"}})).status_code == 200
    assert (await owner.get(f"{drafts}/variables")).json()["total"] > 0
    await imported(owner, "two", app_id)
    assert (await owner.get(f"{drafts}/variables")).json() == {"items": [], "total": 0}
    second = await published(owner, app_id, "second")
    await imported(owner, "three", app_id)
    draft = (await owner.get(f"/apps/{app_id}/workflows/draft")).json()["id"]
    versions = f"/apps/{app_id}/workflows"

    key = (await owner.post(f"/apps/{app_id}/api-keys", json={})).json()["token"]
    async with site.service(key) as service:
        body = {"inputs": {"q": "x"}, "user": "ann"}
        for path, said in (("run", "two"), (f"{first}/run", "one"), (f"{second}/run", "two")):
            done = (await service.post(f"/v1/workflows/{path}", json=body)).json()
            assert done["data"]["outputs"] == {"out": said}
        assert done["data"]["workflow_id"] == second
        for wrong, status, code in (
            (draft, 400, "bad_request"), (new_id(), 404, "not_found"), ("one", 400, "invalid_param"),
        ):  # fmt: skip
            refused = await service.post(f"/v1/workflows/{wrong}/run", json=body)
            assert (refused.status_code, refused.json()["code"]) == (status, code)

    export = f"/apps/{app_id}/export"
    old = (await owner.get(export, params={"workflow_id": first})).json()["data"]
    assert "template: one" in old and SECRET not in old
    assert "template: three" in (await owner.get(export)).json()["data"]
    whole = (await owner.get(export, params={"workflow_id": first, "include_secret": "true"})).json()["data"]
    assert SECRET in whole
    assert (await owner.get(export, params={"workflow_id": new_id()})).status_code == 404

    listed = (await owner.get(versions, params={"limit": 1})).json()
    assert (listed["items"][0]["marked_name"], listed["has_more"]) == ("second", True)
    assert SECRET not in json.dumps(listed)
    named = await owner.patch(f"{versions}/{first}", json={"marked_name": "older"})
    assert (named.json()["marked_name"], named.json()["marked_comment"]) == ("older", "about first")
    assert (await owner.patch(f"{versions}/{first}", json={"marked_name": "x" * 21})).status_code == 400

    restored = (await owner.post(f"{versions}/{first}/restore")).json()
    shown = (await owner.get(f"{versions}/draft")).json()
    assert (shown["hash"], shown["version"]) == (restored["hash"], "draft")
    assert "template: one" in (await owner.get(export)).json()["data"]
    assert SECRET in (await owner.get(export, params={"include_secret": "true"})).json()["data"]

    for kept, why in ((draft, "draft"), (second, "in use")):
        refused = await owner.delete(f"{versions}/{kept}")
        assert (refused.status_code, why in refused.json()["message"]) == (400, True)
    assert (await owner.delete(f"{versions}/{first}")).status_code == 204
    assert (await owner.delete(f"{versions}/{first}")).status_code == 404
