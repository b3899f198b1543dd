from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import func, select
from tests.support.people import PASSWORD, SECRET_KEY, Choices, People, people

from orrery.settings.groups.security import Security
from orrery.workspaces.accounts.tables import Account, Setup
from orrery.workspaces.members.tables import Membership, Workspace

OWNER = {"email": "Ada@Example.com", "name": "Ada", "password": PASSWORD, "language": "zh-Hans"}


async def test_makes_owner_workspace_and_record_once(empty: People) -> None:
    browser = empty.browser()
    assert (await browser.get("/setup")).json() == {"step": "not_started"}
    assert (await browser.get("/init")).json() == {"status": "finished"}

    made = await browser.post("/setup", json=OWNER)
    assert (made.status_code, made.json()) == (201, {"result": "success"})

    step = (await browser.get("/setup")).json()
    assert step["step"] == "finished"
    assert step["setup_at"].startswith("2026-03-01T12:00:00")
    again = await browser.post("/setup", json=OWNER)
    assert (again.status_code, again.json()["code"]) == (403, "already_setup")

    client = await empty.signed_in("ada@example.com")
    current = (await client.post("/workspaces/current")).json()
    assert (current["name"], current["role"], current["status"]) == ("Ada's Workspace", "owner", "normal")
    profile = (await client.get("/account/profile")).json()
    assert (profile["email"], profile["interface_language"]) == ("ada@example.com", "zh-Hans")


async def test_a_race_makes_one_owner(empty: People) -> None:
    answers = await asyncio.gather(
        *(empty.browser().post("/setup", json={**OWNER, "email": f"p{n}@example.com"}) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 403, 403, 403]
    async with empty.database.read() as session:
        for table in (Account, Workspace, Membership, Setup):
            assert await session.scalar(select(func.count()).select_from(table)) == 1, table


async def test_refused_setups_leave_nothing_behind(empty: People) -> None:
    for wrong, field in (
        ({"email": "not an address"}, "email"),
        ({"password": "short1"}, "password"),
        ({"password": "onlyletters"}, "password"),
        ({"name": "x" * 31}, "name"),
        ({"name": "  "}, "name"),
    ):
        answer = await empty.browser().post("/setup", json={**OWNER, **wrong})
        assert (answer.status_code, answer.json()["code"], answer.json()["params"]) == (400, "invalid_param", field)
    async with empty.database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 0


async def test_every_guarded_route_waits_for_the_owner(empty: People) -> None:
    waiting = 0
    browser = empty.browser()
    for endpoint in empty.app.router.endpoints:
        declaration = endpoint.declaration
        if declaration.before_setup:
            continue
        path = declaration.path.replace("{member_id}", "0190f6d6-0000-7000-8000-000000000000")
        answer = await browser.request(declaration.method, path, json={"email": "a", "password": "b"})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_setup"), endpoint.full_path
        waiting += 1
    assert waiting > 20


async def test_asks_the_installation_password_first(tmp_path: Path) -> None:
    security = Security(secret_key=SECRET_KEY, init_password="open sesame")
    async with people(tmp_path, Choices(security=security)) as site:
        browser = site.browser()
        assert (await browser.get("/init")).json() == {"status": "not_started"}
        assert (await browser.get("/account/profile")).json()["code"] == "not_init_validated"
        refused = await browser.post("/setup", json=OWNER)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_init_validated")
        wrong = await browser.post("/init", json={"password": "open barley"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "init_validate_failed")

        right = await browser.post("/init", json={"password": "open sesame"})
        assert (right.status_code, right.json()) == (201, {"result": "success"})
        assert (await browser.get("/init")).json() == {"status": "finished"}
        assert (await site.browser().post("/setup", json=OWNER)).status_code == 401, "the ticket is this browser's"
        assert (await browser.post("/setup", json=OWNER)).status_code == 201
        late = await browser.post("/init", json={"password": "open sesame"})
        assert (late.status_code, late.json()["code"]) == (403, "already_setup")


async def test_a_forged_or_old_ticket_is_nothing(tmp_path: Path) -> None:
    security = Security(secret_key=SECRET_KEY, init_password="open sesame")
    async with people(tmp_path, Choices(security=security)) as site:
        browser = site.browser()
        await browser.post("/init", json={"password": "open sesame"})
        site.clock.advance(minutes=61)
        assert (await browser.post("/setup", json=OWNER)).status_code == 401
        forger = site.browser()
        forger.cookies.set("init_ticket", "e30.e30.e30")
        assert (await forger.post("/setup", json=OWNER)).status_code == 401


async def test_guessing_the_installation_password_is_slow(tmp_path: Path) -> None:
    security = Security(secret_key=SECRET_KEY, init_password="open sesame")
    async with people(tmp_path, Choices(security=security)) as site:
        browser = site.browser()
        codes = [(await browser.post("/init", json={"password": f"{n}"})).status_code for n in range(11)]
        assert codes == [401] * 10 + [429]
        assert (await site.browser("192.0.2.9").post("/init", json={"password": "open sesame"})).status_code == 201


async def test_flags_need_no_owner(empty: People) -> None:
    flags = (await empty.browser().get("/system-features")).json()
    assert flags["enable_email_password_login"] is True
    assert flags["license"]["status"] == "none"
    assert (await empty.browser().get("/ping")).json() == {"result": "pong"}
    version = (await empty.browser().get("/version", params={"current_version": "1.0.0"})).json()
    assert (version["version"], version["can_auto_update"]) == ("1.2.3", False)
