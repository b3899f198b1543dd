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
    worker_queues: Annotated[
        tuple[str, ...], Env("CELERY_WORKER_QUEUES", "queues of this worker, instead of CELERY_QUEUES")
    ] = ()
    workers: Annotated[int | None, Env("CELERY_WORKER_AMOUNT", "jobs a worker runs at a time", at_least=1)] = None
    concurrency: Annotated[
        int | None, Env("CELERY_WORKER_CONCURRENCY", "jobs at a time, instead of CELERY_WORKER_AMOUNT", at_least=1)
    ] = None
    autoscale: Annotated[
        bool, Env("CELERY_AUTO_SCALE", "take CELERY_MAX_WORKERS as concurrency: an idle place costs nothing here")
    ] = False
    max_workers: Annotated[
        int | None, Env("CELERY_MAX_WORKERS", "the upper bound of CELERY_AUTO_SCALE; default: processors", at_least=1)
    ] = None
    prefetch: Annotated[
        int, Env("CELERY_PREFETCH_MULTIPLIER", "messages a worker takes ahead for each place", at_least=1)
    ] = 1
    tenant_places: Annotated[
        int,
        Env(
            "TENANT_ISOLATED_TASK_CONCURRENCY",
            "long jobs of a workspace and queue that workers see at a time",
            at_least=1,
        ),
    ] = 1
    lease_seconds: Annotated[
        float,
        Env(
            "ORRERY_JOB_LEASE_SECONDS",
            "silence after which another process takes a process's jobs over, seconds",
            above=1,
        ),
    ] = 30
    sentinel_master: Annotated[
        str, Env("CELERY_SENTINEL_MASTER_NAME", "name of the broker's master, where CELERY_BROKER_URL is sentinel://")
    ] = ""
    sentinel_password: Annotated[
        str, Env("CELERY_SENTINEL_PASSWORD", "password of the sentinels themselves", secret=True)
    ] = ""
    sentinel_timeout: Annotated[
        float, Env("CELERY_SENTINEL_SOCKET_TIMEOUT", "seconds to wait for an answer of a sentinel", above=0)
    ] = 0.1
    cleanup_days: Annotated[
        int, Env("CELERY_BEAT_SCHEDULER_TIME", "days between two runs of the daily clean-ups", at_least=1)
    ] = 1
    schedule_poller: Annotated[bool, Env("ENABLE_WORKFLOW_SCHEDULE_POLLER_TASK", "start scheduled workflows")] = True
    schedule_poll_minutes: Annotated[
        int,
        Env("WORKFLOW_SCHEDULE_POLLER_INTERVAL", "minutes between two looks for due schedules", at_least=1, at_most=59),
    ] = 1
    schedule_poll_batch: Annotated[
        int, Env("WORKFLOW_SCHEDULE_POLLER_BATCH_SIZE", "schedules of one transaction", at_least=1)
    ] = 100
    schedule_poll_most: Annotated[
        int, Env("WORKFLOW_SCHEDULE_MAX_DISPATCH_PER_TICK", "most runs of one look; 0 sets no limit", at_least=0)
    ] = 0
    log_cleanup: Annotated[bool, Env("WORKFLOW_LOG_CLEANUP_ENABLED", "delete old runs every night")] = False
    log_retention_days: Annotated[
        int, Env("WORKFLOW_LOG_RETENTION_DAYS", "age of the runs to delete, days", at_least=0)
    ] = 30
    log_batch: Annotated[int, Env("WORKFLOW_LOG_CLEANUP_BATCH_SIZE", "runs deleted at a time", at_least=1)] = 100
    run_cleanup: Annotated[
        bool, Env("ENABLE_WORKFLOW_RUN_CLEANUP_TASK", "delete runs after SANDBOX_EXPIRED_RECORDS_RETENTION_DAYS")
    ] = False
    message_cleanup: Annotated[
        bool, Env("ENABLE_CLEAN_MESSAGES", "delete messages after SANDBOX_EXPIRED_RECORDS_RETENTION_DAYS")
    ] = False
    records_days: Annotated[
        int, Env("SANDBOX_EXPIRED_RECORDS_RETENTION_DAYS", "age of runs and messages to delete, days", at_least=1)
    ] = 30
    records_batch: Annotated[
        int, Env("SANDBOX_EXPIRED_RECORDS_CLEAN_BATCH_SIZE", "records deleted at a time", at_least=1)
    ] = 1000
    queue_monitor: Annotated[
        bool, Env("ENABLE_DATASETS_QUEUE_MONITOR", "look how many documents wait to be indexed, and tell by mail")
    ] = False
    queue_monitor_minutes: Annotated[
        int, Env("QUEUE_MONITOR_INTERVAL", "minutes between two looks at the queue", at_least=1, at_most=59)
    ] = 30
    queue_monitor_threshold: Annotated[
        int, Env("QUEUE_MONITOR_THRESHOLD", "waiting jobs from which on it is told", at_least=0)
    ] = 200
    queue_monitor_addresses: Annotated[
        tuple[str, ...], Env("QUEUE_MONITOR_ALERT_EMAILS", "who is told, comma separated")
    ] = ()
    embedding_cleanup: Annotated[
        bool, Env("ENABLE_CLEAN_EMBEDDING_CACHE_TASK", "forget remembered vectors after PLAN_SANDBOX_CLEAN_DAY_SETTING")
    ] = False
    unused_datasets: Annotated[
        bool,
        Env("ENABLE_CLEAN_UNUSED_DATASETS_TASK", "switch documents off that nobody used for as many days"),
    ] = False
    unused_notice: Annotated[
        bool, Env("ENABLE_MAIL_CLEAN_DOCUMENT_NOTIFY_TASK", "tell owners by mail, on Mondays, what was switched off")
    ] = False
    unused_days: Annotated[
        int, Env("PLAN_SANDBOX_CLEAN_DAY_SETTING", "days without use, for the two settings above", at_least=1)
    ] = 30
