"""Service API routes of what was run: results, logs, streams, and who the end users are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from starlette.responses import Response

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.files.links import FileLinks
from orrery.apps.runs.records import LogFilter, RunRecords
from orrery.database.ids import is_id
from orrery.errors import InvalidParam, NotFound
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs
from orrery.http.service.callers import ServiceUsers, UserWord
from orrery.http.service.runs import NotWorkflowApp
from orrery.http.service.shapes import JsonObject, end_user_object, log_object, run_object
from orrery.http.watching import RunWatching, WatchQuery


class EndUserNotFound(NotFound):
    """No such end user of the app."""

    code = "end_user_not_found"
    default_message = "End user not found."


LogStatus = Literal["", "running", "succeeded", "failed", "stopped", "partial-succeeded", "paused"]
"""The contract's three, and the others that a run of a log can have; empty stands for all."""


class LogsQuery(msgspec.Struct, frozen=True):
    keyword: str = ""
    status: LogStatus = ""
    page: Annotated[int, Meta(ge=1, le=99999)] = 1
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    created_at__before: str = ""
    created_at__after: str = ""
    created_by_end_user_session_id: str = ""
    created_by_account: str = ""


class EventsQuery(WatchQuery, frozen=True):
    user: UserWord = ""


class ServiceHistoryRoutes(RouteGroup):
    """Runs of the key's app."""

    def __init__(
        self, records: RunRecords, watching: RunWatching, end_users: EndUsers, users: ServiceUsers, links: FileLinks
    ) -> None:
        self._records = records
        self._watching = watching
        self._end_users = end_users
        self._users = users
        self._links = links

    @route("GET", "/workflows/run/{workflow_run_id}", auth="service", scope="app")
    async def run(self, call: Call) -> JsonObject:
        """A run's state and result."""
        _check_graph(call)
        run_id = call.path["workflow_run_id"].lower()
        row = await self._records.find(call.app.app_id, run_id) if is_id(run_id) else None
        if row is None or row.type == "basic":
            raise NotFound("Workflow run not found.")
        shown = run_object(row, links_for_programs(call, self._links))
        pause = await self._records.last_pause(row.id) if row.status == "paused" else None
        # What a client that lost the stream needs in order to answer; other runs have exactly the contract's fields.
        return shown if pause is None else {**shown, "paused_nodes": pause.paused_nodes, "reasons": pause.reasons}

    @route("GET", "/workflows/logs", auth="service", scope="app", query=LogsQuery)
    async def logs(self, call: Call, query: LogsQuery) -> JsonObject:
        """The log of a workflow app."""
        if call.app.mode != "workflow":
            raise NotWorkflowApp
        wanted = LogFilter(
            page=query.page,
            limit=query.limit,
            keyword=_plain(query.keyword),
            status=query.status,
            before=_moment("created_at__before", query.created_at__before),
            after=_moment("created_at__after", query.created_at__after),
            end_user_session=_plain(query.created_by_end_user_session_id),
            account_email=_plain(query.created_by_account),
        )
        lines, total = await self._records.logs(call.app.app_id, wanted)
        return {
            "page": query.page,
            "limit": query.limit,
            "total": total,
            "has_more": query.page * query.limit < total,
            "data": [log_object(line) for line in lines],
        }

    @route("GET", "/workflow/{workflow_run_id}/events", auth="service", scope="app", query=EventsQuery)
    async def events(self, call: Call, query: EventsQuery) -> Response:
        """Watches a run from where the client left it."""
        _check_graph(call)
        party = await self._users.named(call, query.user)
        run_id = call.id("workflow_run_id")
        return await self._watching.events(
            call,
            call.app.app_id,
            run_id,
            created_by=party.user_id,
            wanted=query.wanted(),
        )

    @route("GET", "/end-users/{end_user_id}", auth="service", scope="app")
    async def end_user(self, call: Call) -> JsonObject:
        """An end user of the app."""
        end_user_id = call.path["end_user_id"].lower()
        row = await self._end_users.by_id(call.app.app_id, end_user_id) if is_id(end_user_id) else None
        if row is None:
            raise EndUserNotFound
        return end_user_object(row)


def _check_graph(call: Call) -> None:
    if call.app.mode not in GRAPH_MODES:
        raise NotWorkflowApp


def _plain(text: str) -> str | None:
    """The text without NUL, which some databases refuse; None for an empty one."""
    return text.replace("\x00", "") or None


def _moment(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        # A plus that was not percent-encoded arrives as a blank.
        moment = datetime.fromisoformat(text.replace(" ", "+", 1) if "T" in text else text)
    except ValueError as error:
        raise InvalidParam(f"{name}: not an ISO 8601 time.", params=name) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
