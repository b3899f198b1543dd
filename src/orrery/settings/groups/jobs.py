"""Background jobs and schedules: in the process, or Celery."""

from __future__ import annotations

from typing import Annotated, Literal

from orrery.settings.declare import Env, Group


class Jobs(Group, frozen=True, kw_only=True):
    """Background jobs and schedules: in the process, or Celery."""

    backend: Annotated[
        Literal["process", "celery"], Env("ORRERY_JOBS", "process (jobs table, no broker) or celery")
    ] = "celery"
    broker_url: Annotated[str, Env("CELERY_BROKER_URL", "broker address, with its password", secret=True)] = ""
    queues: Annotated[
        tuple[str, ...], Env("CELERY_QUEUES", "queues a worker serves, comma separated; empty serves all")
    ] = ()
    workers: Annotated[int | None, Env("CELERY_WORKER_AMOUNT", "jobs a worker runs at a time", at_least=1)] = None
    cleanup_days: Annotated[
        int, Env("CELERY_BEAT_SCHEDULER_TIME", "days between two runs of the daily clean-ups", at_least=1)
    ] = 1
    schedule_poller: Annotated[bool, Env("ENABLE_WORKFLOW_SCHEDULE_POLLER_TASK", "start scheduled workflows")] = True
    log_cleanup: Annotated[bool, Env("WORKFLOW_LOG_CLEANUP_ENABLED", "delete old runs every night")] = False
    log_retention_days: Annotated[
        int, Env("WORKFLOW_LOG_RETENTION_DAYS", "age of the runs to delete, days", at_least=0)
    ] = 30
