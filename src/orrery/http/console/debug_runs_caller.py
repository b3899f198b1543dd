"""What debug runs know of their caller and their app."""

from __future__ import annotations

from orrery.apps.catalog.tables import App
from orrery.apps.runs.service import AppRef
from orrery.apps.runs.spec import RunUser
from orrery.errors import InvalidParam
from orrery.http.call import Call

DEBUG_BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of a debug run's JSON body: room for a 10 MB prompt, as published runs have."""


def debugging_user(call: Call) -> RunUser:
    """The signed-in account as the user of a run; ``sys.user_id`` shows its id."""
    account = call.account
    return RunUser("account", account.account_id, account.account_id, account.account_name, account.email)


def debugged_app(app: App) -> AppRef:
    """The app as the runs room knows it."""
    return AppRef(workspace_id=app.tenant_id, app_id=app.id, mode=app.mode, max_active_requests=app.max_active_requests)


def required_query(text: str) -> str:
    """A chat's query. Raises `InvalidParam`."""
    query = text.replace("\x00", "")
    if not query:
        raise InvalidParam("query is required", params="query")
    return query
