"""Visitors of a page as the rooms below know them."""

from __future__ import annotations

from orrery.apps.catalog.modes import CHAT_MODES
from orrery.apps.conversations.party import Party
from orrery.apps.runs.spec import RunUser
from orrery.http.call import Call
from orrery.http.service.runs import NotChatApp, NotCompletionApp

INVOKE_FROM = "web-app"


def visitor(call: Call) -> Party:
    """The passport's holder as a reader of conversations."""
    return Party(
        workspace_id=call.app.workspace_id,
        app_id=call.app.app_id,
        role="end_user",
        user_id=call.end_user.end_user_id,
        invoke_from=INVOKE_FROM,
    )


def run_user(call: Call) -> RunUser:
    """The passport's holder as one who runs the app."""
    return RunUser("end_user", call.end_user.end_user_id, call.end_user.session_id)


def check_chat(call: Call) -> None:
    """Raises `NotChatApp`."""
    if call.app.mode not in CHAT_MODES:
        raise NotChatApp


def check_completion(call: Call) -> None:
    """Raises `NotCompletionApp`."""
    if call.app.mode != "completion":
        raise NotCompletionApp
