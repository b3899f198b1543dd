"""The console route that finds the faults of an app without running it."""

from __future__ import annotations

from orrery.apps.dsl.examination import Examination
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.apps import actor
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission


class ExaminationRoutes(RouteGroup):
    """What is wrong with an app, and how to mend it."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination

    @route("GET", "/apps/{app_id}/findings", auth="console", scope="workspace", permission=Permission.APP_EDIT)
    async def findings(self, call: Call) -> JsonObject:
        """Lists ``{level, node_id, title, field, message, mend}`` of the draft, errors first."""
        return {"data": await self._examination.of(actor(call), call.id("app_id"))}
