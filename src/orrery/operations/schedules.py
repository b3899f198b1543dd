"""What is removed by itself, where an operator switched that on (deployment.md 3.5)."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import MetaData

from orrery.database.engine import Database
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.operations.retention import Window, clean_messages, clean_runs


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Days that finished runs and messages are kept, and how many are removed at a time."""

    runs_days: int
    runs_batch: int
    records_days: int
    records_batch: int


class RetentionJobs:
    """Every job may run again after it was interrupted: what is gone is gone."""

    def __init__(self, database: Database, metadata: MetaData, kept: Kept) -> None:
        self._database = database
        self._metadata = metadata
        self._kept = kept

    def declared(self) -> tuple[Handler, ...]:
        """For the catalog."""
        return (self.clean_run_logs, self.clean_old_runs, self.clean_old_messages)

    @scheduled(cron="0 2 * * *", switch="WORKFLOW_LOG_CLEANUP_ENABLED")
    @job("clean_workflow_runlogs_precise", queue="dataset", retries=3, retry_delay=300.0, timeout=6 * 3600.0)
    async def clean_run_logs(self, due: Due) -> None:
        """Finished runs older than WORKFLOW_LOG_RETENTION_DAYS."""
        await self._runs(due, self._kept.runs_days, self._kept.runs_batch)

    @scheduled(cron="0 0 */{CELERY_BEAT_SCHEDULER_TIME} * *", switch="ENABLE_WORKFLOW_RUN_CLEANUP_TASK")
    @job("clean_workflow_runs_task", queue="retention", retries=3, retry_delay=300.0, timeout=6 * 3600.0)
    async def clean_old_runs(self, due: Due) -> None:
        """Finished runs older than SANDBOX_EXPIRED_RECORDS_RETENTION_DAYS."""
        await self._runs(due, self._kept.records_days, self._kept.records_batch)

    @scheduled(cron="0 4 */{CELERY_BEAT_SCHEDULER_TIME} * *", switch="ENABLE_CLEAN_MESSAGES")
    @job("clean_messages", queue="retention", retries=3, retry_delay=300.0, timeout=6 * 3600.0)
    async def clean_old_messages(self, due: Due) -> None:
        """Messages older than SANDBOX_EXPIRED_RECORDS_RETENTION_DAYS."""
        window = Window(None, due.due_at - timedelta(days=self._kept.records_days))
        await clean_messages(self._database, self._metadata, window, batch=self._kept.records_batch)

    async def _runs(self, due: Due, days: int, batch: int) -> None:
        window = Window(None, due.due_at - timedelta(days=days))
        await clean_runs(self._database, self._metadata, window, batch=batch)
