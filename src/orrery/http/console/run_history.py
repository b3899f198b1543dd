"""Console routes of an app's run history: lists, counts, details, node executions (product.md 6.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.files.links import FileLinks
from orrery.apps.runs.archive import NoArchive
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.runs.truncation import DisplayLimits
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.run_history_shapes import node_execution, run_detail, run_row
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs
from orrery.http.files.run_archives import link_of
from orrery.security.permissions import Permission
from orrery.workspaces.members.names import AccountNames

RunStatus = Literal["running", "succeeded", "failed", "stopped", "partial-succeeded", "paused"]
Source = Literal["debugging", "app-run", "webhook", "schedule", "plugin"]
_CHATFLOW = frozenset({"advanced-chat"})
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class RunsQuery(msgspec.Struct):
    last_id: str | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    status: RunStatus | None = None
    triggered_from: Source = "debugging"


class CountQuery(msgspec.Struct):
    """``time_range``: a number of days, hours, minutes or seconds, as in ``7d``."""

    status: RunStatus | None = None
    time_range: Annotated[str, Meta(pattern=r"^[0-9]{1,6}[dhms]$")] | None = None
    triggered_from: Source = "debugging"


class RunHistoryRoutes(RouteGroup):
    """What an app's runs were."""

    def __init__(
        self,
        apps: AppService,
        records: RunRecords,
        names: AccountNames,
        links: FileLinks,
        display: DisplayLimits,
    ) -> None:
        self._apps = apps
        self._records = records
        self._names = names
        self._links = links
        self._display = display

    @route("GET", "/apps/{app_id}/workflow-runs", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=RunsQuery)  # fmt: skip
    async def list_runs(self, call: Call, query: RunsQuery) -> JsonObject:
        """Lists runs, newest first."""
        _, rows, more = await self._page(call, query, GRAPH_MODES)
        people = await self._names.people(row.created_by for row in rows)
        return {"limit": query.limit, "has_more": more, "data": [run_row(row, people) for row in rows]}

    @route("GET", "/apps/{app_id}/advanced-chat/workflow-runs", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=RunsQuery)  # fmt: skip
    async def list_chat_runs(self, call: Call, query: RunsQuery) -> JsonObject:
        """Lists runs of a chatflow with their messages, newest first."""
        app_id, rows, more = await self._page(call, query, _CHATFLOW)
        people = await self._names.people(row.created_by for row in rows)
        messages = await self._records.messages_of(app_id, [row.id for row in rows])
        data: list[JsonObject] = []
        for row in rows:
            message = messages.get(row.id)
            place = {
                "conversation_id": None if message is None else message.conversation_id,
                "message_id": None if message is None else message.id,
            }
            data.append({**run_row(row, people), **place})
        return {"limit": query.limit, "has_more": more, "data": data}

    @route("GET", "/apps/{app_id}/workflow-runs/count", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=CountQuery)  # fmt: skip
    @route("GET", "/apps/{app_id}/advanced-chat/workflow-runs/count", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW, query=CountQuery)  # fmt: skip
    async def count_runs(self, call: Call, query: CountQuery) -> JsonObject:
        """Counts runs by status."""
        app_id = await self._app_id(call, GRAPH_MODES)
        since = None if query.time_range is None else datetime.now(UTC) - _span(query.time_range)
        counts = await self._records.counts(app_id, triggered_from=query.triggered_from, since=since)
        if query.status is not None:
            counts = {query.status: counts.get(query.status, 0)}
        return {
            "total": sum(counts.values()),
            "running": counts.get("running", 0),
            "succeeded": counts.get("succeeded", 0),
            "failed": counts.get("failed", 0),
            "stopped": counts.get("stopped", 0),
            "partial_succeeded": counts.get("partial-succeeded", 0),
        }

    @route("GET", "/apps/{app_id}/workflow-runs/{run_id}", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def show_run(self, call: Call) -> JsonObject:
        """Shows a run with its graph, inputs and outputs."""
        row = await self._run(call)
        graph = row.graph or await self._records.graph_of(row.app_id, row.workflow_id)
        people = await self._names.people([row.created_by])
        end_users = await self._records.end_users(row.app_id, [row.created_by])
        return run_detail(row, graph, people, end_users, self._links.of_value)

    @route("GET", "/apps/{app_id}/workflow-runs/{run_id}/export", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def export_run(self, call: Call) -> JsonObject:
        """Gives a link, good for a while, to a file with a run that is over and its node executions."""
        run = await self._run(call)
        if run.finished_at is None:
            raise NoArchive
        until = datetime.fromtimestamp(int(self._links.clock()) + self._links.lifetime, UTC)
        return {
            "status": "success",
            "presigned_url": link_of(links_for_programs(call, self._links), run.app_id, run.id),
            "presigned_url_expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    @route("GET", "/apps/{app_id}/workflow-runs/{run_id}/node-executions", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def list_node_executions(self, call: Call) -> JsonObject:
        """Lists the node executions of a run, in the order in which they started."""
        run = await self._run(call)
        rows = await self._records.nodes(run.app_id, run.id)
        people = await self._names.people([run.created_by])
        end_users = await self._records.end_users(run.app_id, [run.created_by])
        sign = self._links.of_value
        return {"data": [node_execution(row, people, end_users, sign, self._display) for row in rows]}

    async def _page(self, call: Call, query: RunsQuery, modes: frozenset[str]) -> tuple[str, list[WorkflowRun], bool]:
        app_id = await self._app_id(call, modes)
        rows, more = await self._records.page(
            app_id,
            last_id=query.last_id,
            limit=query.limit,
            status=query.status,
            triggered_from=query.triggered_from,
        )
        return app_id, rows, more

    async def _run(self, call: Call) -> WorkflowRun:
        row = await self._records.find(await self._app_id(call, GRAPH_MODES), call.id("run_id"))
        if row is None:
            raise NotFound("Workflow run not found")
        return row

    async def _app_id(self, call: Call, modes: frozenset[str]) -> str:
        return (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=modes)).app.id


def _span(text: str) -> timedelta:
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
