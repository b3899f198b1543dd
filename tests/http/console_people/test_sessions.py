from __future__ import annotations

import asyncio
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, select, update
from tests.support.people import OWNER, PASSWORD, SECRET_KEY, Choices, People, encoded, people

from orrery.security.passwords import legacy_hash
from orrery.settings.groups.accounts import Accounts
from orrery.settings.groups.security import Security
from orrery.settings.groups.urls import Urls
from orrery.workspaces.accounts.tables import Account, AccountSession
from orrery.workspaces.members.tables import Membership

WRONG = encoded("wrong password 1")


def cookies_of(answer: httpx.Response) -> SimpleCookie:
    jar = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        jar.load(line)
    return jar


async def login(site: People, password: str, email: str = OWNER, ip: str = "192.0.2.1") -> httpx.Response:
    return await site.browser(ip).post("/login", json={"email": email, "password": password, "remember_me": True})


async def test_sets_three_cookies_with_the_contracts_flags(site: People) -> None:
    answer = await login(site, encoded(PASSWORD))
    assert (answer.status_code, answer.json()) == (200, {"result": "success"})
    jar = cookies_of(answer)
    shown = {
        name: (c["max-age"], bool(c["httponly"]), c["samesite"], c["path"], c["secure"], c["domain"])
        for name, c in jar.items()
    }
    assert shown == {
        "access_token": ("3600", True, "lax", "/", "", ""),
        "refresh_token": ("2592000", True, "lax", "/", "", ""),
        "csrf_token": ("3600", False, "lax", "/", "", ""),
    }
    assert len(jar["refresh_token"].value) == 128


@pytest.mark.parametrize(
    ("console_api", "domain", "name", "secure", "shown_domain"),
    [
        ("https://api.example.com", "", "__Host-access_token", True, ""),
        ("https://api.example.com", ".example.com", "access_token", True, "example.com"),
        ("http://api.example.com", "", "access_token", False, ""),
    ],
)
async def test_cookie_names_follow_the_addresses(
    tmp_path: Path, console_api: str, domain: str, name: str, secure: bool, shown_domain: str
) -> None:
    choices = Choices(
        security=Security(secret_key=SECRET_KEY, cookie_domain=domain),
        urls=Urls(console_api=console_api, console_web="https://example.com"),
    )
    async with people(tmp_path, choices) as site:
        await site.set_up()
        jar = cookies_of(await login(site, encoded(PASSWORD)))
        assert (bool(jar[name]["secure"]), jar[name]["domain"]) == (secure, shown_domain)


@pytest.mark.parametrize("password", [WRONG, "not base64!", encoded("")])
async def test_never_says_what_was_wrong(site: People, password: str) -> None:
    for email in (OWNER, "nobody@example.com"):
        answer = await login(site, password, email)
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
        assert answer.json()["message"] == "Invalid email or password."


async def test_takes_the_mail_in_any_case(site: People) -> None:
    assert (await login(site, encoded(PASSWORD), "ADA@example.com")).status_code == 200


async def test_locks_after_more_than_five_failures_from_one_address(site: People) -> None:
    codes = [(await login(site, WRONG)).status_code for _ in range(7)]
    assert codes == [401] * 6 + [429]
    locked = await login(site, encoded(PASSWORD))
    assert (locked.status_code, locked.json()["code"]) == (429, "email_code_login_limit")
    assert locked.headers["retry-after"] == "60"
    assert (await login(site, encoded(PASSWORD), ip="192.0.2.77")).status_code == 200, "others are not locked out"


async def test_each_further_failure_waits_twice_as_long_and_success_forgets(site: People) -> None:
    for _ in range(6):
        await login(site, WRONG)
    site.clock.advance(seconds=61)
    assert (await login(site, WRONG)).status_code == 401
    site.clock.advance(seconds=61)
    assert (await login(site, WRONG)).status_code == 429
    site.clock.advance(seconds=60)
    assert (await login(site, encoded(PASSWORD))).status_code == 200
    assert [(await login(site, WRONG)).status_code for _ in range(6)] == [401] * 6


async def test_guesses_at_once_are_counted_before_they_are_looked_at(site: People) -> None:
    answers = await asyncio.gather(*(login(site, WRONG) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [401] * 6 + [429] * 14


async def test_guesses_from_everywhere_slow_the_mail_for_a_quarter_of_an_hour_at_most(site: People) -> None:
    for n in range(101):
        await login(site, WRONG, ip=f"198.51.100.{n}")
    assert (await login(site, encoded(PASSWORD), ip="192.0.2.200")).status_code == 429
    site.clock.advance(minutes=15, seconds=1)
    assert (await login(site, encoded(PASSWORD), ip="192.0.2.200")).status_code == 200


async def test_banned_accounts_are_told_so_and_shut_out_at_once(site: People) -> None:
    client = await site.signed_in()
    async with site.database.write() as session:
        await session.execute(update(Account).values(status="banned"))
    answer = await login(site, encoded(PASSWORD))
    assert (answer.status_code, answer.json()["code"]) == (400, "account_banned")
    assert (await client.get("/account/profile")).json() == {
        "code": "unauthorized",
        "message": "Account is banned.",
        "status": 401,
    }
    assert (await client.post("/refresh-token")).status_code == 401


async def test_without_a_workspace_there_is_no_session(site: People) -> None:
    async with site.database.write() as session:
        await session.delete((await session.scalars(select(Membership))).one())
    answer = await login(site, encoded(PASSWORD))
    assert answer.status_code == 200
    assert answer.json()["result"] == "fail"
    assert answer.json()["data"].startswith("workspace not found")
    assert not cookies_of(answer)


async def test_password_sign_in_can_be_switched_off(tmp_path: Path) -> None:
    async with people(tmp_path, Choices(accounts=Accounts(password_login=False))) as site:
        await site.set_up()
        assert (await login(site, encoded(PASSWORD))).status_code == 403


async def test_an_imported_hash_is_taken_and_replaced(site: People) -> None:
    async with site.database.write() as session:
        await session.execute(
            update(Account).values(
                password=legacy_hash("imported 1", b"0" * 16), password_salt="MDAwMDAwMDAwMDAwMDAwMA=="
            )
        )
    assert (await login(site, WRONG)).status_code == 401
    assert (await login(site, encoded("imported 1"))).status_code == 200
    async with site.database.read() as session:
        account = (await session.scalars(select(Account))).one()
    assert account.password is not None
    assert account.password.startswith("$argon2id$")
    assert account.password_salt is None
    assert (await login(site, encoded("imported 1"))).status_code == 200


async def test_csrf_is_asked_of_cookies_on_every_method(site: People) -> None:
    client = await site.signed_in()
    token = client.headers.pop("X-CSRF-Token")
    for method, path in (
        ("GET", "/account/profile"),
        ("POST", "/workspaces/current"),
        ("DELETE", "/workspaces/current/members/x"),
    ):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.json()["message"]) == (401, "CSRF token is missing or invalid."), path
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'
    for wrong in ("", "x", token[:-2] + "AA"):
        assert (await client.get("/account/profile", headers={"X-CSRF-Token": wrong})).status_code == 401
    assert (await client.get("/account/profile", headers={"X-CSRF-Token": token})).status_code == 200


async def test_another_accounts_csrf_token_does_not_help(site: People) -> None:
    owner = await site.signed_in()
    other = await site.invited(owner, "bob@example.com")
    owner.cookies.set("csrf_token", other.cookies["csrf_token"], domain="orrery.test", path="/")
    owner.headers["X-CSRF-Token"] = other.cookies["csrf_token"]
    assert (await owner.get("/account/profile")).status_code == 401


async def test_a_bearer_without_cookies_needs_no_csrf(site: People) -> None:
    client = await site.signed_in()
    bearer = {"Authorization": f"Bearer {client.cookies['access_token']}"}
    assert (await site.browser().get("/account/profile", headers=bearer)).status_code == 200
    both = site.browser()
    both.cookies.set("access_token", client.cookies["access_token"])
    assert (await both.get("/account/profile", headers=bearer)).status_code == 401, "a cookie always needs the header"
    for wrong in ("Bearer nonsense", "Basic x", "Bearer"):
        assert (await site.browser().get("/account/profile", headers={"Authorization": wrong})).status_code == 401


async def test_access_ends_after_an_hour_and_refresh_brings_it_back(site: People) -> None:
    client = await site.signed_in()
    site.clock.advance(minutes=61)
    expired = await client.get("/account/profile")
    assert (expired.status_code, expired.json()["message"]) == (401, "Token has expired.")
    before = client.cookies["refresh_token"]
    fresh = await client.post("/refresh-token")
    assert (fresh.status_code, fresh.json()) == (200, {"result": "success"})
    assert set(cookies_of(fresh)) == {"access_token", "refresh_token", "csrf_token"}
    assert client.cookies["refresh_token"] != before
    client.headers["X-CSRF-Token"] = client.cookies["csrf_token"]
    assert (await client.get("/account/profile")).status_code == 200


async def test_a_replaced_refresh_token_that_comes_back_ends_the_session(site: People) -> None:
    client = await site.signed_in()
    stolen = client.cookies["refresh_token"]
    assert (await client.post("/refresh-token")).status_code == 200
    site.clock.advance(minutes=2)
    thief = site.browser()
    thief.cookies.set("refresh_token", stolen)
    answer = await thief.post("/refresh-token")
    assert (answer.status_code, answer.json()) == (401, {"result": "fail", "message": "Invalid refresh token"})
    assert (await client.post("/refresh-token")).status_code == 401, "the rightful one must sign in again"
    owner = await site.signed_in()
    actions = [row["action"] for row in (await owner.get("/workspaces/current/audit-log")).json()["data"]]
    assert "account.session.stolen" in actions


async def test_two_tabs_refreshing_at_once_both_stay_signed_in(site: People) -> None:
    client = await site.signed_in()
    tab = site.browser()
    tab.cookies.set("refresh_token", client.cookies["refresh_token"])
    first, second = await asyncio.gather(client.post("/refresh-token"), tab.post("/refresh-token"))
    assert (first.status_code, second.status_code) == (200, 200)
    rotated = [answer for answer in (first, second) if "refresh_token" in cookies_of(answer)]
    assert len(rotated) == 1, "one of the two replaces the token, the other leaves it"


async def test_refresh_without_or_with_an_unknown_or_old_token(site: People) -> None:
    assert (await site.browser().post("/refresh-token")).json()["result"] == "fail"
    stranger = site.browser()
    stranger.cookies.set("refresh_token", "0" * 128)
    assert (await stranger.post("/refresh-token")).status_code == 401
    client = await site.signed_in()
    site.clock.advance(days=30, seconds=1)
    assert (await client.post("/refresh-token")).status_code == 401


async def test_signing_out_ends_this_session_only(site: People) -> None:
    here, there = await site.signed_in(), await site.signed_in()
    token = here.cookies["refresh_token"]
    answer = await here.post("/logout")
    assert answer.json() == {"result": "success"}
    assert {name: c["max-age"] for name, c in cookies_of(answer).items()} == {
        "access_token": "0",
        "refresh_token": "0",
        "csrf_token": "0",
    }
    again = site.browser()
    again.cookies.set("refresh_token", token)
    assert (await again.post("/refresh-token")).status_code == 401
    assert (await there.post("/refresh-token")).status_code == 200
    there.headers["X-CSRF-Token"] = there.cookies["csrf_token"]
    newest = (await there.get("/workspaces/current/audit-log", params={"limit": 1})).json()["data"][0]
    assert newest["action"] == "account.logout"


async def test_last_active_moves_every_ten_minutes(site: People) -> None:
    client = await site.signed_in()
    seen: list[int] = []
    for minutes in (0, 9, 2):
        site.clock.advance(minutes=minutes)
        seen.append((await client.get("/workspaces/current/members")).json()["accounts"][0]["last_active_at"])
        await client.get("/account/profile")
    # The list is read after the caller was looked up, so it shows the move of its own request.
    assert [at - seen[0] for at in seen] == [0, 0, 11 * 60]


async def test_the_administrators_key_acts_as_owner(tmp_path: Path) -> None:
    security = Security(secret_key=SECRET_KEY, admin_key_enabled=True, admin_key="the administrator's key")
    async with people(tmp_path, Choices(security=security)) as site:
        await site.set_up()
        workspace = (await (await site.signed_in()).post("/workspaces/current")).json()["id"]
        headers = {"Authorization": "Bearer the administrator's key", "X-WORKSPACE-ID": workspace}
        answer = await site.browser().post("/workspaces/current", headers=headers)
        assert (answer.status_code, answer.json()["role"]) == (200, "owner")
        for wrong in ({"X-WORKSPACE-ID": "elsewhere"}, {"Authorization": "Bearer another key"}):
            assert (await site.browser().post("/workspaces/current", headers={**headers, **wrong})).status_code == 401


async def test_refresh_tokens_are_not_kept_in_the_clear(site: People) -> None:
    client = await site.signed_in()
    async with site.database.read() as session:
        kept = (await session.scalars(select(AccountSession))).one()
    assert client.cookies["refresh_token"] not in {kept.token_hash, kept.previous_hash}
    assert len(kept.token_hash) == 64


async def test_a_request_is_let_in_with_one_query(site: People) -> None:
    client = await site.signed_in()
    await client.get("/features")
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    for engine in {site.database.reader, site.database.writer}:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    assert (await client.get("/features")).status_code == 200
    (asked,) = [statement for statement in statements if statement != "BEGIN"]
    assert asked.startswith("SELECT accounts.id")


async def test_unknown_mails_cost_as_much_as_wrong_passwords(site: People, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    verify = PasswordHasher.verify

    def counting(hasher: PasswordHasher, stored: str, password: str) -> bool:
        looked_at.append(stored)
        return verify(hasher, stored, password)

    # The hasher is watched, not replaced: what counts is that its work is done once in each case.
    monkeypatch.setattr(PasswordHasher, "verify", counting)
    for email in (OWNER, "nobody@example.com", "nobody@example.com"):
        looked_at.clear()
        assert (await login(site, WRONG, email)).status_code == 401
        assert len(looked_at) == 1, email
