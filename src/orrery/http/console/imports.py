"""Console routes that bring apps in from files, and say what of them won't run here (workflow.md 1.3)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from orrery.apps.dsl.examination import Examination
from orrery.apps.dsl.service import DslService, ImportRequest, ImportResult
from orrery.errors import OrreryError
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.apps import DSL_LIMIT, actor, import_response
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission
from orrery.workflow.check import Finding

_log = logging.getLogger(__name__)


class ImportRoutes(RouteGroup):
    """Imports, confirmations, and what an imported app still lacks."""

    def __init__(self, dsl: DslService, examination: Examination) -> None:
        self._dsl = dsl
        self._examination = examination

    @route("POST", "/apps/imports", auth="console", scope="workspace", permission=Permission.APP_IMPORT,
           body=ImportRequest, body_limit=DSL_LIMIT)  # fmt: skip
    async def import_app(self, call: Call, body: ImportRequest) -> Response:
        """Makes an app from a file, or overwrites one."""
        return await self._answer(call, await self._dsl.import_app(actor(call), body))

    @route("POST", "/apps/imports/{import_id}/confirm", auth="console", scope="workspace",
           permission=Permission.APP_IMPORT)  # fmt: skip
    async def confirm_import(self, call: Call) -> Response:
        """Carries out an import that waited for a word."""
        return await self._answer(call, await self._dsl.confirm(actor(call), call.path["import_id"]))

    @route("GET", "/apps/imports/{app_id}/check-dependencies", auth="console", scope="workspace",
           permission=Permission.APP_VIEW)  # fmt: skip
    async def check_dependencies(self, call: Call) -> JsonObject:
        """Names the plugins that an imported app still needs."""
        return {"leaked_dependencies": await self._dsl.missing_dependencies(actor(call), call.id("app_id"))}

    async def _answer(self, call: Call, result: ImportResult) -> Response:
        findings = await self._findings(call, result)
        if result.status == "completed" and any(finding.level == "error" for finding in findings):
            result.status = "completed-with-warnings"
        return import_response(result, {"findings": msgspec.to_builtins(findings)})

    async def _findings(self, call: Call, result: ImportResult) -> Sequence[Finding]:
        """What is wrong with the app that was just written. The import is done: an examination that fails says so to
        the operator only.
        """
        if result.app_id is None or result.status in {"failed", "pending"}:
            return ()
        try:
            return await self._examination.of(actor(call), result.app_id)
        except OrreryError as error:
            _log.warning("app %s was imported, but could not be examined: %s", result.app_id, error)
            return ()
