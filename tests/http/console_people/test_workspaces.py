from __future__ import annotations

from pathlib import Path

import httpx
from tests.support.people import PREFIX, Choices, People, people

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.settings.groups.accounts import Accounts

MEMBERS = "/workspaces/current/members"


async def ids(client: httpx.AsyncClient) -> dict[str, str]:
    return {row["name"]: row["id"] for row in (await client.get("/workspaces")).json()["workspaces"]}


async def test_makes_switches_and_renames(site: People) -> None:
    client = await site.signed_in()
    made = await client.post("/workspaces", json={"name": " Research "})
    assert (made.status_code, made.json()["tenant"]["name"], made.json()["tenant"]["role"]) == (
        201,
        "Research",
        "owner",
    )
    assert (await client.post("/workspaces/current")).json()["name"] == "Research"
    known = await ids(client)
    assert set(known) == {"Ada's Workspace", "Research"}

    back = await client.post("/workspaces/switch", json={"tenant_id": known["Ada's Workspace"]})
    assert back.json()["new_tenant"]["id"] == known["Ada's Workspace"]
    assert (await client.post("/info")).json()["name"] == "Ada's Workspace"

    renamed = await client.post("/workspaces/info", json={"name": "Home"})
    assert renamed.json()["tenant"]["name"] == "Home"
    assert set(await ids(client)) == {"Home", "Research"}
    assert (await client.post("/workspaces/info", json={"name": "  "})).status_code == 400


async def test_who_may_make_one(site: People, tmp_path: Path) -> None:
    normal = await site.invited(await site.signed_in(), "bob@example.com")
    refused = await normal.post("/workspaces", json={"name": "Mine"})
    assert (refused.status_code, refused.json()["code"]) == (400, "not_allowed_create_workspace")
    (tmp_path / "open").mkdir()
    async with people(tmp_path / "open", Choices(accounts=Accounts(create_workspaces=True))) as open_site:
        await open_site.set_up()
        normal = await open_site.invited(await open_site.signed_in(), "bob@example.com")
        assert (await normal.post("/workspaces", json={"name": "Mine"})).status_code == 201


async def test_everything_is_unlocked(site: People) -> None:
    flags = (await (await site.signed_in()).get("/features")).json()
    assert flags["billing"]["enabled"] is False
    unlocked = (
        "can_replace_logo",
        "model_load_balancing_enabled",
        "dataset_operator_enabled",
        "webapp_copyright_enabled",
    )
    assert [flags[name] for name in unlocked] == [True] * 4
    assert flags["knowledge_pipeline"] == {"publish_enabled": True}


async def test_two_workspaces_know_nothing_of_each_other(site: People) -> None:
    owner = await site.signed_in()
    eve = await site.second_workspace(owner)
    mine, bob = await site.invited(owner, "bob@example.com"), ""
    for account in (await owner.get(MEMBERS)).json()["accounts"]:
        bob = account["id"] if account["email"] == "bob@example.com" else bob
    here = (await ids(owner))["Ada's Workspace"]

    switched = await eve.post("/workspaces/switch", json={"tenant_id": here})
    assert (switched.status_code, switched.json()["code"]) == (403, "account_not_link_tenant")
    role = await eve.put(f"{MEMBERS}/{bob}/update-role", json={"role": "admin"})
    gone = await eve.delete(f"{MEMBERS}/{bob}")
    assert (role.status_code, gone.status_code) == (404, 404)
    transfer = await eve.post(f"{MEMBERS}/{bob}/owner-transfer", json={"password": "correct horse 1"})
    assert (transfer.status_code, transfer.json()["code"]) == (400, "member_not_in_tenant")

    assert [a["email"] for a in (await eve.get(MEMBERS)).json()["accounts"]] == ["eve@example.org"]
    assert list(await ids(eve)) == ["Elsewhere"]
    seen = (await eve.get("/workspaces/current/audit-log")).json()["data"]
    assert {row["action"] for row in seen} == {"workspace.create"}
    assert (await mine.post("/workspaces/current")).json()["role"] == "normal", "nothing changed"


async def test_the_audit_log_tells_who_did_what(site: People) -> None:
    owner = await site.signed_in()
    await site.invited(owner, "bob@example.com", "editor")
    await owner.post("/workspaces/info", json={"name": "Home"})
    page = (await owner.get("/workspaces/current/audit-log", params={"limit": 2})).json()
    assert (page["page"], page["limit"], page["total"], page["has_more"]) == (1, 2, 6, True)
    newest = page["data"][0]
    assert (newest["action"], newest["content"]) == ("workspace.rename", {"before": "Ada's Workspace", "after": "Home"})
    assert (newest["account"]["name"], newest["ip"]) == ("Ada", "192.0.2.1")
    every = (await owner.get("/workspaces/current/audit-log", params={"limit": 100})).json()
    assert [row["action"] for row in every["data"]] == [
        "workspace.rename",
        "account.login",
        "member.join",
        "member.invite",
        "account.login",
        "workspace.setup",
    ]
    members = (await owner.get("/workspaces/current/audit-log", params={"action": "member."})).json()
    assert [row["action"] for row in members["data"]] == ["member.join", "member.invite"]
    last = (await owner.get("/workspaces/current/audit-log", params={"limit": 2, "page": 3})).json()
    assert (len(last["data"]), last["has_more"]) == (2, False)
    assert (await owner.get("/workspaces/current/audit-log", params={"limit": 101})).status_code == 400


class Drafts(RouteGroup):
    """Stands where the workflow routes will be mounted."""

    @route("POST", "/apps/{app_id}/workflows/draft", auth="console", scope="workspace")
    @route("GET", "/apps/{app_id}/workflows/draft", auth="console", scope="workspace")
    @route("POST", "/apps/{app_id}/workflows/draft/run", auth="console", scope="workspace")
    async def answer(self, call: Call) -> dict[str, str]:
        """Says who came in."""
        return {"email": call.account.email}


async def test_only_the_leaving_pages_beacon_needs_no_csrf(tmp_path: Path) -> None:
    async with people(tmp_path, more_groups=[(PREFIX, Drafts())]) as site:
        await site.set_up()
        client = await site.signed_in()
        del client.headers["X-CSRF-Token"]
        draft = "/apps/0190f6d6-0000-7000-8000-000000000000/workflows/draft"
        assert (await client.post(draft)).json() == {"email": "ada@example.com"}
        assert (await client.get(draft)).status_code == 401
        assert (await client.post(f"{draft}/run")).status_code == 401
        assert (await client.post("/apps/..%2F..%2Fx/workflows/draft")).status_code == 401
        assert (await site.browser().post(draft)).status_code == 401, "the session itself is still asked for"
