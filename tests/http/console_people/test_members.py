from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from tests.support.people import OWNER, PASSWORD, Choices, People, encoded, people, token_of

from orrery.settings.groups.urls import Urls
from orrery.workspaces.members.tables import Invitation

MEMBERS = "/workspaces/current/members"


async def member_id(client: httpx.AsyncClient, email: str) -> str:
    accounts = (await client.get(MEMBERS)).json()["accounts"]
    return next(account["id"] for account in accounts if account["email"] == email)


async def invite(client: httpx.AsyncClient, email: str, role: str = "normal") -> str:
    answer = await client.post(f"{MEMBERS}/invite-email", json={"emails": [email], "role": role})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["invitation_results"][0]["url"])


async def test_lists_members(site: People) -> None:
    owner = await site.signed_in()
    await site.invited(owner, "bob@example.com", "dataset_operator")
    accounts = (await owner.get(MEMBERS)).json()["accounts"]
    assert [(a["email"], a["role"], a["status"]) for a in accounts] == [
        (OWNER, "owner", "active"),
        ("bob@example.com", "dataset_operator", "active"),
    ]
    operators = (await owner.get("/workspaces/current/dataset-operators")).json()["accounts"]
    assert [a["email"] for a in operators] == ["bob@example.com"]
    assert "password" not in accounts[0]


async def test_a_link_makes_an_account_usable(site: People) -> None:
    owner = await site.signed_in()
    url = await invite(owner, "Bob@Example.com", "editor")
    assert url.startswith("http://orrery.test/activate?email=bob%40example.com&token=")
    guest, token = site.browser(), token_of(url)
    workspace = (await owner.post("/workspaces/current")).json()
    checked = (await guest.get("/activate/check", params={"token": token, "email": "bob@example.com"})).json()
    assert checked == {
        "is_valid": True,
        "data": {"workspace_name": workspace["name"], "workspace_id": workspace["id"], "email": "bob@example.com"},
    }
    chosen = {"token": token, "name": "Bob", "interface_language": "de-DE", "timezone": "Europe/Berlin"}
    answer = await guest.post("/activate", json={**chosen, "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (200, {"result": "success"})

    bob = await site.signed_in("bob@example.com")
    profile = (await bob.get("/account/profile")).json()
    assert (profile["name"], profile["interface_language"], profile["timezone"]) == ("Bob", "de-DE", "Europe/Berlin")
    assert (await bob.post("/workspaces/current")).json()["role"] == "editor"

    again = await guest.post("/activate", json={**chosen, "password": "a third password 3"})
    assert (again.status_code, again.json()["code"]) == (403, "already_activate")
    assert (await guest.get("/activate/check", params={"token": token})).json() == {"is_valid": False}


@pytest.mark.parametrize("first", ["sign in", "activate"])
async def test_the_first_sign_in_with_the_link_sets_the_password(site: People, first: str) -> None:
    token = token_of(await invite(await site.signed_in(), "bob@example.com"))
    guest = site.browser()
    sign_in = {"email": "bob@example.com", "password": encoded(PASSWORD), "invite_token": token}
    activate = {"token": token, "name": "Bob", "interface_language": "en-US", "timezone": "UTC"}
    steps = [("/login", sign_in), ("/activate", activate)]
    for path, body in steps if first == "sign in" else reversed(steps):
        answer = await guest.post(path, json=body)
        assert (answer.status_code, answer.json()) == (200, {"result": "success"}), path
    await site.signed_in("bob@example.com")
    other = {**sign_in, "password": encoded("a third password 3")}
    assert (await guest.post("/login", json=other)).status_code in {401, 403}, "the link sets a password only once"


async def test_the_link_is_for_the_invited_mail_only(site: People) -> None:
    owner = await site.signed_in()
    token = token_of(await invite(owner, "bob@example.com"))
    await invite(owner, "carol@example.com")
    body = {"email": "carol@example.com", "password": encoded(PASSWORD), "invite_token": token}
    answer = await site.browser().post("/login", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_email")
    without = await site.browser().post("/login", json={"email": "bob@example.com", "password": encoded(PASSWORD)})
    assert without.status_code == 401, "no password has been set yet"


async def test_links_run_out(site: People) -> None:
    token = token_of(await invite(await site.signed_in(), "bob@example.com"))
    site.clock.advance(hours=72)
    assert (await site.browser().get("/activate/check", params={"token": token})).json() == {"is_valid": False}
    body = {"token": token, "name": "Bob", "interface_language": "en-US", "timezone": "UTC"}
    assert (await site.browser().post("/activate", json=body)).json()["code"] == "already_activate"
    body = {"email": "bob@example.com", "password": encoded(PASSWORD), "invite_token": token}
    assert (await site.browser().post("/login", json=body)).json()["code"] == "already_activate"


async def test_an_active_account_joins_at_once(tmp_path: Path) -> None:
    async with people(tmp_path, Choices(urls=Urls(console_web="https://console.example.com/"))) as site:
        await site.set_up()
        owner = await site.signed_in()
        await site.second_workspace(owner)
        assert await invite(owner, "eve@example.org") == "https://console.example.com/signin"
        eve = await site.signed_in("eve@example.org")
        rows = (await eve.get("/workspaces")).json()["workspaces"]
        assert [(row["name"], row["current"], row["role"]) for row in rows] == [
            ("Elsewhere", True, "owner"),
            ("Ada's Workspace", False, "normal"),
        ]


async def test_one_wrong_address_fails_alone(site: People) -> None:
    owner = await site.signed_in()
    body = {"emails": ["nonsense", "bob@example.com", "bob@example.com"], "role": "normal"}
    results = (await owner.post(f"{MEMBERS}/invite-email", json=body)).json()["invitation_results"]
    assert results[0] == {"status": "failed", "email": "nonsense", "message": "nonsense is not a valid email."}
    assert [result["status"] for result in results] == ["failed", "success"]


async def test_tokens_of_links_are_not_kept_in_the_clear(site: People) -> None:
    token = token_of(await invite(await site.signed_in(), "bob@example.com"))
    async with site.database.read() as session:
        kept = (await session.scalars(select(Invitation))).one()
    assert token not in kept.token_hash


@pytest.mark.parametrize("role", ["owner", "king", ""])
async def test_only_the_four_roles_can_be_given(site: People, role: str) -> None:
    owner = await site.signed_in()
    answer = await owner.post(f"{MEMBERS}/invite-email", json={"emails": ["bob@example.com"], "role": role})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-role")
    await site.invited(owner, "bob@example.com")
    bob = await member_id(owner, "bob@example.com")
    answer = await owner.put(f"{MEMBERS}/{bob}/update-role", json={"role": role})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-role")


async def test_a_changed_role_counts_at_once(site: People) -> None:
    owner = await site.signed_in()
    bob = await site.invited(owner, "bob@example.com")
    assert (await bob.get("/workspaces/current/audit-log")).status_code == 403
    path = f"{MEMBERS}/{await member_id(owner, 'bob@example.com')}/update-role"
    assert (await owner.put(path, json={"role": "admin"})).json() == {"result": "success"}
    assert (await bob.get("/workspaces/current/audit-log")).status_code == 200


async def test_a_removed_member_is_out_at_once(site: People) -> None:
    owner = await site.signed_in()
    bob = await site.invited(owner, "bob@example.com")
    workspace = (await owner.post("/workspaces/current")).json()["id"]
    answer = await owner.delete(f"{MEMBERS}/{await member_id(owner, 'bob@example.com')}")
    assert answer.json() == {"result": "success", "tenant_id": workspace}
    shut = await bob.post("/workspaces/current")
    assert (shut.status_code, shut.json()["code"]) == (403, "account_not_link_tenant")
    assert (await bob.get("/account/profile")).status_code == 200, "the account itself is still his"


async def test_removing_a_member_voids_his_link(site: People) -> None:
    owner = await site.signed_in()
    token = token_of(await invite(owner, "bob@example.com"))
    await owner.delete(f"{MEMBERS}/{await member_id(owner, 'bob@example.com')}")
    assert (await site.browser().get("/activate/check", params={"token": token})).json() == {"is_valid": False}


async def test_whom_the_rules_protect(site: People) -> None:
    owner = await site.signed_in()
    admin = await site.invited(owner, "bob@example.com", "admin")
    ada, bob = await member_id(owner, OWNER), await member_id(owner, "bob@example.com")
    for client, target, code in (
        (owner, ada, "cannot-operate-self"),
        (admin, bob, "cannot-operate-self"),
        (admin, ada, "forbidden"),
    ):
        role = await client.put(f"{MEMBERS}/{target}/update-role", json={"role": "normal"})
        gone = await client.delete(f"{MEMBERS}/{target}")
        assert (role.json()["code"], gone.json()["code"]) == (code, code)
    nobody = "0190f6d6-0000-7000-8000-000000000000"
    missing = await owner.delete(f"{MEMBERS}/{nobody}")
    assert (missing.status_code, missing.json()["code"]) == (404, "member-not-found")


async def test_ownership_moves_with_the_owners_password(site: People) -> None:
    owner = await site.signed_in()
    bob = await site.invited(owner, "bob@example.com", "editor")
    ada_id, bob_id = await member_id(owner, OWNER), await member_id(owner, "bob@example.com")
    await invite(owner, "pending@example.com")
    pending = await member_id(owner, "pending@example.com")

    for target, password, code in (
        (bob_id, "wrong password 1", "current_password_incorrect"),
        (ada_id, PASSWORD, "cannot_transfer_owner_to_self"),
        (pending, PASSWORD, "member_not_in_tenant"),
        ("0190f6d6-0000-7000-8000-000000000000", PASSWORD, "member_not_in_tenant"),
    ):
        answer = await owner.post(f"{MEMBERS}/{target}/owner-transfer", json={"password": password})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (await bob.post(f"{MEMBERS}/{ada_id}/owner-transfer", json={"password": PASSWORD})).status_code == 403

    answer = await owner.post(f"{MEMBERS}/{bob_id}/owner-transfer", json={"password": PASSWORD})
    assert answer.json() == {"result": "success"}
    roles = {a["email"]: a["role"] for a in (await owner.get(MEMBERS)).json()["accounts"]}
    assert (roles[OWNER], roles["bob@example.com"]) == ("admin", "owner")


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("admin", {"members", "invite", "change", "rename", "audit"}),
        ("editor", {"members"}),
        ("normal", {"members"}),
        ("dataset_operator", {"members"}),
    ],
)
async def test_what_each_role_may(site: People, role: str, may: set[str]) -> None:
    owner = await site.signed_in()
    client = await site.invited(owner, "bob@example.com", role)
    await site.invited(owner, "carol@example.com")
    carol = await member_id(owner, "carol@example.com")
    calls = {
        "members": client.get(MEMBERS),
        "invite": client.post(f"{MEMBERS}/invite-email", json={"emails": ["dan@example.com"], "role": "normal"}),
        "change": client.put(f"{MEMBERS}/{carol}/update-role", json={"role": "editor"}),
        "transfer": client.post(f"{MEMBERS}/{carol}/owner-transfer", json={"password": PASSWORD}),
        "rename": client.post("/workspaces/info", json={"name": "Ours"}),
        "audit": client.get("/workspaces/current/audit-log"),
    }
    allowed: set[str] = set()
    for name, call in calls.items():
        answer = await call
        if answer.status_code != 403:
            assert answer.status_code in {200, 201}, answer.text
            allowed.add(name)
    assert allowed == may


async def test_an_older_link_is_nothing_once_a_newer_one_was_used(site: People) -> None:
    owner = await site.signed_in()
    older, newer = [token_of(await invite(owner, "bob@example.com")) for _ in range(2)]
    chosen = {"name": "Bob", "interface_language": "en-US", "timezone": "UTC"}
    first = await site.browser().post("/activate", json={**chosen, "token": newer, "password": PASSWORD})
    assert first.status_code == 200
    late = {**chosen, "token": older, "name": "Mallory", "password": "a third password 3"}
    assert (await site.browser().post("/activate", json=late)).json()["code"] == "already_activate"
    bob = await site.signed_in("bob@example.com")
    assert (await bob.get("/account/profile")).json()["name"] == "Bob"


async def test_of_two_first_sign_ins_at_once_one_sets_the_password(site: People) -> None:
    token = token_of(await invite(await site.signed_in(), "bob@example.com"))
    passwords = ["first password 1", "second password 2"]
    answers = await asyncio.gather(
        *(
            site.browser(f"192.0.2.{n}").post(
                "/login", json={"email": "bob@example.com", "password": encoded(password), "invite_token": token}
            )
            for n, password in enumerate(passwords)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    winner = passwords[[answer.status_code for answer in answers].index(200)]
    await site.signed_in("bob@example.com", winner)
