"""Service API routes of runs by their ids, whatever kind of app they belong to: for callers that did not wait."""

from __future__ import annotations

from starlette.responses import Response

from orrery.apps.runs.records import RunRecords
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.callers import ServiceUsers, UserWord
from orrery.http.watching import RunWatching, WatchQuery

JsonObject = dict[str, object]


class RunEventsQuery(WatchQuery, frozen=True):
    user: UserWord = ""


class ServiceRunStateRoutes(RouteGroup):
    """Runs of the key's app, whatever its kind, by their ids."""

    def __init__(self, records: RunRecords, watching: RunWatching, users: ServiceUsers) -> None:
        self._records = records
        self._watching = watching
        self._users = users

    @route("GET", "/runs/{run_id}", auth="service", scope="app")
    async def state(self, call: Call) -> JsonObject:
        """Where a run stands, and what it came to."""
        row = await self._records.find(call.app.app_id, call.id("run_id"))
        if row is None:
            raise NotFound("Workflow run not found")
        return await self._watching.results.state(row)

    @route("GET", "/runs/{run_id}/events", auth="service", scope="app", query=RunEventsQuery)
    async def events(self, call: Call, query: RunEventsQuery) -> Response:
        """Watches a run of any app from where the client left it."""
        party = await self._users.named(call, query.user)
        return await self._watching.events(
            call, call.app.app_id, call.id("run_id"), created_by=party.user_id, wanted=query.wanted()
        )
