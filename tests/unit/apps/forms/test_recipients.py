"""Who is asked, and by which way."""

from __future__ import annotations

from typing import Any

from orrery.apps.forms.recipients import Audience, Member, audience
from orrery.apps.runs.spec import InvokeFrom, RunUser

ANN, BOB = Member("ann", "ann@example.com"), Member("bob", "bob@example.com")
VISITOR = RunUser("end_user", "u", "u")
EDITOR = RunUser("account", "ann", "ann")
PAGE: dict[str, Any] = {"id": "w", "type": "webapp", "enabled": True, "config": {}}


def mail(*items: dict[str, str], whole: bool = False, debug: bool = False, enabled: bool = True) -> dict[str, Any]:
    recipients = {"whole_workspace": whole, "items": list(items)}
    config = {"recipients": recipients, "subject": "Please", "body": "At {{#url#}}", "debug_mode": debug}
    return {"id": "m", "type": "email", "enabled": enabled, "config": config}


def asked(*methods: dict[str, Any], by: InvokeFrom = "service-api", user: RunUser = VISITOR) -> Audience:
    return audience(methods, by, user, [ANN, BOB])


def kinds(found: Audience) -> list[str]:
    return [one.type for one in found.recipients]


def addresses(found: Audience) -> list[str | None]:
    return [one.email for one in found.recipients if one.mail is not None]


def test_a_page_is_told_to_who_watches_the_run() -> None:
    found = asked(PAGE)
    assert kinds(found) == ["standalone_web_app", "backstage"]
    assert (found.shown, found.display_in_ui) == (0, True)


def test_without_a_page_nobody_who_watches_can_answer() -> None:
    cases: list[list[dict[str, Any]]] = [
        [],
        [{**PAGE, "enabled": False}],
        [mail({"type": "external", "email": "x@example.com"})],
    ]
    for methods in cases:
        found = asked(*methods)
        assert (found.shown, found.display_in_ui) == (None, False)


def test_runs_of_the_console_are_answered_there() -> None:
    found = asked(PAGE, by="debugger", user=EDITOR)
    assert kinds(found) == ["console", "backstage"]
    assert (found.shown, found.display_in_ui) == (0, True)
    assert kinds(asked(by="debugger", user=EDITOR)) == ["console", "backstage"]


def test_what_a_trigger_started_has_nobody_at_a_page() -> None:
    found = asked(PAGE, mail(whole=True), by="trigger")
    assert kinds(found) == ["backstage", "email_member", "email_member"]
    assert found.shown is None


def test_members_strangers_and_everybody() -> None:
    items = ({"type": "member", "user_id": "bob"}, {"type": "external", "email": " Eve@example.com "})
    found = asked(mail(*items))
    assert addresses(found) == ["bob@example.com", "Eve@example.com"]
    assert found.recipients[1].mail == {"subject": "Please", "body": "At {{#url#}}"}
    assert addresses(asked(mail(*items, whole=True))) == ["ann@example.com", "bob@example.com", "Eve@example.com"]
    assert addresses(asked(mail(*items, enabled=False))) == []


def test_nobody_is_asked_twice_and_nobody_of_elsewhere() -> None:
    items = (
        {"type": "member", "user_id": "ann"},
        {"type": "external", "email": "ANN@example.com"},
        {"type": "member", "user_id": "of-another-workspace"},
        {"type": "external", "email": "no address"},
        {"type": "external", "email": "a@b\r\nBcc: c@d"},
    )
    assert addresses(asked(mail(*items))) == ["ann@example.com"]


def test_in_debug_mode_only_who_debugs_gets_mail() -> None:
    everybody = mail({"type": "external", "email": "eve@example.com"}, whole=True, debug=True)
    assert addresses(asked(everybody, by="debugger", user=EDITOR)) == ["ann@example.com"]
    assert addresses(asked(everybody)) == ["ann@example.com", "bob@example.com", "eve@example.com"]
