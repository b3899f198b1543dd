"""Who may answer a form: its page, the console, and people by mail (workflow.md 3.19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, cast

import msgspec

from orrery.apps.runs.spec import InvokeFrom, RunUser
from orrery.workflow.fields import as_list, as_mapping, as_text

RecipientType: TypeAlias = Literal["standalone_web_app", "console", "backstage", "email_member", "email_external"]
_LONGEST_METHOD = 64
_LONGEST_ADDRESS = 320
_IN_CONSOLE: frozenset[InvokeFrom] = frozenset({"debugger", "explore"})


class Member(msgspec.Struct, frozen=True):
    """Somebody of the workspace who can get mail."""

    account_id: str
    email: str


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One who gets a token. ``mail`` is {subject, body} for those who get it by mail."""

    type: RecipientType
    method_id: str | None = None
    account_id: str | None = None
    email: str | None = None
    mail: Mapping[str, str] | None = None


class Audience(msgspec.Struct, frozen=True):
    """``shown`` is the recipient whose token watchers of the run are told, if any."""

    recipients: Sequence[Recipient]
    shown: int | None
    display_in_ui: bool


def asks_members(methods: Sequence[Mapping[str, object]]) -> bool:
    """Whether the workspace's members must be known to say who is asked."""
    return any(method.get("type") == "email" and method.get("enabled") for method in methods)


def audience(
    methods: Sequence[Mapping[str, object]], invoke_from: InvokeFrom, user: RunUser, members: Sequence[Member]
) -> Audience:
    """Everybody who is asked.

    Runs from the console show their form there. A run that a trigger started has nobody at a page, so its page is
    not told. Mails of a method in debug mode go to the person who debugs, and to nobody else.
    """
    enabled = [method for method in methods if method.get("enabled")]
    by_page = any(method.get("type") == "webapp" for method in enabled)
    found: list[Recipient] = []
    shown: int | None = None
    if invoke_from in _IN_CONSOLE:
        shown = 0
        found.append(Recipient(type="console", account_id=user.id if user.role == "account" else None))
    elif by_page and invoke_from != "trigger":
        shown = 0
        found.append(Recipient(type="standalone_web_app"))
    found.append(Recipient(type="backstage"))
    for method in enabled:
        if method.get("type") == "email":
            found += _by_mail(method, invoke_from, user, members)
    in_ui = invoke_from == "debugger" or (by_page and invoke_from != "trigger")
    return Audience(found, shown, in_ui)


def _by_mail(
    method: Mapping[str, object], invoke_from: InvokeFrom, user: RunUser, members: Sequence[Member]
) -> list[Recipient]:
    config = as_mapping(method.get("config"))
    mail = {"subject": as_text(config.get("subject")), "body": as_text(config.get("body"))}
    method_id = as_text(method.get("id"))[:_LONGEST_METHOD] or None
    by_id = {member.account_id: member for member in members}
    asked = as_mapping(config.get("recipients"))
    chosen: list[Member | str] = []
    if invoke_from == "debugger" and config.get("debug_mode"):
        chosen = [by_id[user.id]] if user.id in by_id else []
    else:
        chosen = list(members) if asked.get("whole_workspace") or asked.get("include_bound_group") else []
        for item in as_list(asked.get("items")):
            one = as_mapping(item)
            if one.get("type") == "member" and as_text(one.get("user_id")) in by_id:
                chosen.append(by_id[as_text(one.get("user_id"))])
            elif one.get("type") == "external" and "@" in as_text(one.get("email")):
                chosen.append(as_text(one.get("email")).strip())
    found: dict[str, Recipient] = {}
    for person in chosen:
        address = person if isinstance(person, str) else person.email
        if len(address) > _LONGEST_ADDRESS or any(c in address for c in "\r\n\0"):
            continue
        kind: RecipientType = "email_external" if isinstance(person, str) else "email_member"
        account_id = None if isinstance(person, str) else person.account_id
        recipient = Recipient(type=kind, method_id=method_id, account_id=account_id, email=address, mail=mail)
        found.setdefault(address.lower(), recipient)
    return list(found.values())


def mail_of(value: object) -> Mapping[str, str]:
    """A recipient's stored mail."""
    return cast("Mapping[str, str]", as_mapping(value))
