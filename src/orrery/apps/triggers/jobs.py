"""Background work of triggers: starting the runs that were asked for, and looking which schedules are due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import msgspec
from sqlalchemy import select, update

from orrery.apps.catalog.tables import App
from orrery.apps.runs.errors import NotRecorded, Overloaded, TooManyRuns
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.service import AppRef, RunRequest, RunService
from orrery.apps.runs.spec import RunUser, TriggerKind
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.triggers.ending import begin_row
from orrery.apps.triggers.schedules import Schedules
from orrery.apps.triggers.starting import StartTriggered
from orrery.apps.triggers.tables import TriggerLog
from orrery.database.engine import Database
from orrery.errors import OrreryError
from orrery.jobs.attempt import Attempt
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.errors import TryAgain
from orrery.workflow.graph_errors import GraphError

_COME_BACK_SECONDS = 5.0


class _Asked(msgspec.Struct, frozen=True):
    """``trigger_data`` of a log."""

    inputs: Mapping[str, object]
    user: RunUser


class TriggerJobs:
    """The jobs; their declarations are the catalog's."""

    def __init__(
        self, database: Database, runs: RunService, published: PublishedVersions, schedules: Schedules
    ) -> None:
        self._database = database
        self._runs = runs
        self._published = published
        self._schedules = schedules

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.start, self.poll)

    @job("start_triggered_run", queue="triggered_workflow_dispatcher", retries=10, retry_delay=2.0, timeout=120.0)
    async def start(self, wanted: StartTriggered, attempt: Attempt) -> None:
        """Starts the run of a log, once. What is full tries again; a run that can't begin is a failed one."""
        async with self._database.read() as session:
            found = (
                await session.execute(
                    select(TriggerLog, App, WorkflowRun.id)
                    .outerjoin(
                        App,
                        (App.id == TriggerLog.app_id)
                        & (App.tenant_id == TriggerLog.tenant_id)
                        & (App.status == "normal"),
                    )
                    .outerjoin(WorkflowRun, WorkflowRun.id == TriggerLog.workflow_run_id)
                    .where(TriggerLog.id == wanted.log_id)
                )
            ).first()
        if found is None:
            return
        log, app, run_id = cast("tuple[TriggerLog, App | None, str | None]", found)
        if run_id is not None:
            return
        try:
            if app is None:
                raise _AppGone
            await self._begin(log, app)
        except (TooManyRuns, Overloaded, NotRecorded) as error:
            if await self._exists(log.workflow_run_id):
                return
            status = "rate_limited" if isinstance(error, TooManyRuns) else "failed" if attempt.last else "retrying"
            await self._mark(log.id, status, error.message, attempt.number)
            if not attempt.last:
                raise TryAgain(
                    error.message, after=(error.retry_after or _COME_BACK_SECONDS) * attempt.number
                ) from error
        except (OrreryError, GraphError) as error:
            await self._mark(log.id, "failed", str(error), attempt.number)

    async def _begin(self, log: TriggerLog, app: App) -> None:
        asked = msgspec.json.decode(log.trigger_data, type=_Asked)
        version = await self._published.chosen(log.tenant_id, log.app_id, log.workflow_id)
        request = RunRequest(
            app=AppRef(
                workspace_id=app.tenant_id,
                app_id=app.id,
                mode=app.mode,
                max_active_requests=app.max_active_requests,
            ),
            version=version,
            user=asked.user,
            invoke_from="trigger",
            inputs=asked.inputs,
            streaming=False,
            run_id=log.workflow_run_id,
            extra_rows=(begin_row(log.id),),
            trigger=msgspec.convert(log.trigger_type, TriggerKind),
            root_node_id=log.root_node_id,
        )
        await self._runs.start(request)

    async def _exists(self, run_id: str) -> bool:
        async with self._database.read() as session:
            return await session.scalar(select(WorkflowRun.id).where(WorkflowRun.id == run_id)) is not None

    async def _mark(self, log_id: str, status: str, error: str, tries: int) -> None:
        finished = None if status == "retrying" else datetime.now(UTC)
        async with self._database.write() as session:
            await session.execute(
                update(TriggerLog)
                .where(TriggerLog.id == log_id)
                .values(status=status, error=error, retry_count=tries, finished_at=finished)
            )

    @scheduled(
        cron="*/{WORKFLOW_SCHEDULE_POLLER_INTERVAL} * * * *",
        zone="UTC",
        switch="ENABLE_WORKFLOW_SCHEDULE_POLLER_TASK",
        grace=60.0,
    )
    @job("poll_workflow_schedules", queue="schedule_poller", retries=1, timeout=300.0)
    async def poll(self, due: Due) -> None:
        """Asks for the runs of schedules that came due; times that passed while nobody looked are not made up for."""
        await self._schedules.fire()


class _AppGone(OrreryError):
    status = 404
    code = "not_found"
    default_message = "The app was deleted before its run began."
