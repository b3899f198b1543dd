from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.people import OWNER, PASSWORD, Choices, People, encoded, people

from orrery.workspaces.accounts.errors import AccountNotFound, EmailInUse, WeakPassword

NEW = "another horse 2"


class OnePicture:
    """Uploads of one workspace, as the files' room would know them."""

    def __init__(self) -> None:
        self.owner = ""

    async def may_use(self, file_id: str, *, account_id: str, workspace_id: str) -> bool:
        return (file_id, workspace_id) == ("picture", self.owner)

    def link(self, file_id: str) -> str:
        return f"https://files.test/{file_id}?sign=x"


async def test_shows_the_account(site: People) -> None:
    client = await site.signed_in()
    account = (await client.get("/account/profile")).json()
    assert list(account) == [
        "id",
        "name",
        "avatar",
        "avatar_url",
        "email",
        "is_password_set",
        "interface_language",
        "interface_theme",
        "timezone",
        "last_login_at",
        "last_login_ip",
        "created_at",
    ]
    assert (account["email"], account["name"], account["is_password_set"]) == (OWNER, "Ada", True)
    assert (account["last_login_ip"], account["last_login_at"]) == ("192.0.2.1", int(site.clock.seconds()))
    assert "password" not in account


@pytest.mark.parametrize(
    ("path", "field", "good", "bad"),
    [
        ("name", "name", "Ada Lovelace", "ab"),
        ("name", "name", "x" * 30, "x" * 31),
        ("interface-language", "interface_language", "fr-FR", "xx-XX"),
        ("interface-theme", "interface_theme", "dark", "purple"),
        ("timezone", "timezone", "Asia/Shanghai", "Mars/Olympus"),
        ("timezone", "timezone", "UTC", "../../etc/passwd"),
    ],
)
async def test_changes_one_thing(site: People, path: str, field: str, good: str, bad: str) -> None:
    client = await site.signed_in()
    answer = await client.post(f"/account/{path}", json={field: good})
    assert (answer.status_code, answer.json()[field]) == (200, good)
    refused = await client.post(f"/account/{path}", json={field: bad})
    assert (refused.status_code, refused.json()["code"], refused.json()["params"]) == (400, "invalid_param", field)
    assert (await client.get("/account/profile")).json()[field] == good


async def test_only_own_uploads_become_avatars(tmp_path: Path) -> None:
    pictures = OnePicture()
    async with people(tmp_path, Choices(pictures=pictures)) as site:
        await site.set_up()
        client = await site.signed_in()
        refused = await client.post("/account/avatar", json={"avatar": "picture"})
        assert (refused.status_code, refused.json()["params"]) == (400, "avatar")
        pictures.owner = (await client.post("/workspaces/current")).json()["id"]
        answer = await client.post("/account/avatar", json={"avatar": "picture"})
        assert answer.json()["avatar"] == "picture"
        assert answer.json()["avatar_url"] == "https://files.test/picture?sign=x"
        member = (await client.get("/workspaces/current/members")).json()["accounts"][0]
        assert member["avatar_url"] == "https://files.test/picture?sign=x"


async def test_a_new_password_ends_the_other_sessions(site: People) -> None:
    here, there = await site.signed_in(), await site.signed_in()
    site.clock.advance(seconds=5)
    body = {"password": PASSWORD, "new_password": NEW, "repeat_new_password": NEW}
    assert (await here.post("/account/password", json=body)).status_code == 200
    assert (await there.get("/account/profile")).status_code == 401, "access tokens from before stop counting"
    here.headers["X-CSRF-Token"] = here.cookies["csrf_token"]
    assert (await here.get("/account/profile")).status_code == 200
    assert (await there.post("/refresh-token")).status_code == 401
    assert (await here.post("/refresh-token")).status_code == 200
    assert (
        await site.browser().post("/login", json={"email": OWNER, "password": encoded(PASSWORD)})
    ).status_code == 401
    await site.signed_in(password=NEW)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"repeat_new_password": "something else 3"}, "repeat_password_not_match"),
        ({"password": "not my password 1"}, "current_password_incorrect"),
        ({"password": None}, "current_password_incorrect"),
        ({"new_password": "short1", "repeat_new_password": "short1"}, "invalid_param"),
    ],
)
async def test_refuses_a_new_password(site: People, wrong: dict[str, str | None], code: str) -> None:
    client = await site.signed_in()
    body = {"password": PASSWORD, "new_password": NEW, "repeat_new_password": NEW, **wrong}
    answer = await client.post("/account/password", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    await site.signed_in()


async def test_a_bearer_is_given_no_cookies_with_its_new_password(site: People) -> None:
    bearer = {"Authorization": f"Bearer {(await site.signed_in()).cookies['access_token']}"}
    client = site.browser()
    body = {"password": PASSWORD, "new_password": NEW, "repeat_new_password": NEW}
    answer = await client.post("/account/password", json=body, headers=bearer)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)


async def test_an_administrator_helps_who_can_not_sign_in(site: People) -> None:
    client = await site.signed_in()
    site.clock.advance(seconds=5)
    recovery = site.workspaces.recovery
    await recovery.set_password(OWNER.upper(), NEW)
    assert (await client.get("/account/profile")).status_code == 401
    assert (await client.post("/refresh-token")).status_code == 401
    owner = await site.signed_in(password=NEW)
    await site.invited(owner, "bob@example.com")
    with pytest.raises(EmailInUse):
        await recovery.change_email(OWNER, "bob@example.com")
    await recovery.change_email(OWNER, "countess@example.com")
    await site.signed_in("countess@example.com", NEW)
    with pytest.raises(AccountNotFound):
        await recovery.set_password(OWNER, NEW)
    with pytest.raises(WeakPassword):
        await recovery.set_password("countess@example.com", "weak")
