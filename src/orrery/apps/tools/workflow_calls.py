"""Calling a workflow that is a tool: a run of its own, with a record of its own, one call deeper (workflow.md 3.16)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, cast

from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.service import AppRef, RunRequest, RunService
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.versions import AppVersion, VersionCache
from orrery.apps.tools.workflow_entity import entity_of
from orrery.apps.tools.workflow_tools import referred, version_of
from orrery.database import Database
from orrery.errors import OrreryError
from orrery.inference.types import Usage
from orrery.tools.entity import ProviderIdentity, english
from orrery.tools.errors import ToolInvokeError, ToolProviderNotFoundError
from orrery.tools.protocol import ToolProvider, ToolRef
from orrery.tools.workflow_tool import WorkflowAnswer, WorkflowTool, WorkflowToolProvider
from orrery.workflow.engine import USER_STOP

_FILE_IDENTITY: Final = "__dify__file__"


class WorkflowCalls:
    """Finds workflow tools for runs. ``runs`` is asked for late: it is built from what this is part of."""

    def __init__(
        self, database: Database, versions: VersionCache, runs: Callable[[], RunService], *, max_depth: int
    ) -> None:
        self._database, self._versions, self._runs, self._max_depth = database, versions, runs, max_depth
        self._left: set[asyncio.Task[LiveRun]] = set()

    async def provider(self, spec: RunSpec, ref: ToolRef) -> ToolProvider | None:
        """The tool as the run may use it; None where there is none. Raises `ToolProviderNotFoundError`."""
        async with self._database.read() as session:
            row = await referred(session, spec.workspace_id, ref)
            workflow = None if row is None else await version_of(session, row)
        if row is None:
            return None
        if workflow is None:
            raise ToolProviderNotFoundError(f"the version of workflow tool {row.name} is gone, publish the tool again")
        try:
            version = self._versions.workflow(workflow)
        except AppUnavailable as error:
            raise ToolProviderNotFoundError(error.message) from error
        tool = WorkflowTool(
            entity_of(row, workflow),
            row.app_id,
            _Caller(self._runs(), spec, version, self._left),
            depth=spec.call_depth,
            max_depth=self._max_depth,
        )
        return WorkflowToolProvider(row.id, ProviderIdentity(name=row.name, label=english(row.label)), tool)


class _Caller:
    """Implements `WorkflowCaller` on behalf of one run, whose user is the user of the inner run too.

    ``left`` holds runs that were being started when their caller was stopped.
    """

    def __init__(self, runs: RunService, spec: RunSpec, version: AppVersion, left: set[asyncio.Task[LiveRun]]) -> None:
        self._runs, self._spec, self._version, self._left = runs, spec, version, left

    async def run(self, app_id: str, inputs: Mapping[str, object], *, depth: int) -> WorkflowAnswer:
        spec = self._spec
        request = RunRequest(
            app=AppRef(workspace_id=spec.workspace_id, app_id=app_id, mode="workflow"),
            version=self._version,
            user=spec.user,
            invoke_from=spec.invoke_from,
            inputs={name: _as_sent(value) for name, value in inputs.items()},
            streaming=False,
            trace_id=spec.trace_id,
            call_depth=depth,
        )
        try:
            live = await self._started(request)
        except OrreryError as error:
            raise ToolInvokeError(error.message) from error
        return await self._outcome(live)

    async def _started(self, request: RunRequest) -> LiveRun:
        """The inner run. A caller that is stopped meanwhile must not leave a half-started one to recovery."""
        starting = asyncio.create_task(self._runs.start(request))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._left.add(starting)
            starting.add_done_callback(self._stop_started)
            raise

    def _stop_started(self, starting: asyncio.Task[LiveRun]) -> None:
        self._left.discard(starting)
        if not starting.cancelled() and starting.exception() is None:
            starting.result().abort(USER_STOP)

    async def _outcome(self, live: LiveRun) -> WorkflowAnswer:
        try:
            outcome = await asyncio.shield(live.outcome)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if live.outcome.cancelled() and not (task is not None and task.cancelling()):
                raise ToolInvokeError(
                    "The workflow's run went on elsewhere, so its answer is not known here."
                ) from None
            # Whoever called is stopped: nobody waits for the answer any more.
            live.abort(USER_STOP)
            raise
        end = outcome.end
        usage = _usage(end.usage) if end.usage.total_tokens else None
        if end.status in {"succeeded", "partial-succeeded"}:
            return WorkflowAnswer(end.outputs, usage=usage)
        return WorkflowAnswer({}, error=end.error or f"The workflow's run ended as {end.status}.", usage=usage)


def _usage(usage: Usage) -> Mapping[str, object]:
    return {name: getattr(usage, name) for name in usage.__struct_fields__}


def _as_sent(value: object) -> object:
    """File values as callers of an app send files; everything else as it is."""
    if isinstance(value, list):
        return [_as_sent(item) for item in cast("list[object]", value)]
    if not isinstance(value, Mapping):
        return value
    file = cast("Mapping[str, object]", value)
    if file.get("dify_model_identity") != _FILE_IDENTITY:
        return file
    method = str(file.get("transfer_method"))
    sent: dict[str, object] = {"type": file.get("type"), "transfer_method": method}
    if method == "tool_file":
        return sent | {"tool_file_id": file.get("related_id")}
    if file.get("related_id"):
        return sent | {"transfer_method": "local_file", "upload_file_id": file["related_id"]}
    return sent | {"url": file.get("remote_url")}
