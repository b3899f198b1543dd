"""Limits of runs."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Workflow(Group, frozen=True, kw_only=True):
    """Limits of runs."""

    max_steps: Annotated[int, Env("WORKFLOW_MAX_EXECUTION_STEPS", "node executions of a run", at_least=1)] = 500
    max_seconds: Annotated[int, Env("WORKFLOW_MAX_EXECUTION_TIME", "time a run may take, seconds", at_least=1)] = 1200
    max_call_depth: Annotated[
        int, Env("WORKFLOW_CALL_MAX_DEPTH", "nesting of workflows called as tools", at_least=1)
    ] = 5
    max_variable_bytes: Annotated[int, Env("MAX_VARIABLE_SIZE", "size of a variable, bytes", at_least=1)] = 204800
    max_app_seconds: Annotated[
        int, Env("APP_MAX_EXECUTION_TIME", "time a run of an app may take, seconds", at_least=1)
    ] = 1200
    app_active_requests: Annotated[
        int,
        Env(
            "APP_DEFAULT_ACTIVE_REQUESTS",
            "runs of an app at a time unless the app says otherwise; 0 sets no limit",
            at_least=0,
        ),
    ] = 0
    app_max_active_requests: Annotated[
        int, Env("APP_MAX_ACTIVE_REQUESTS", "most runs of an app at a time; 0 sets no limit", at_least=0)
    ] = 0
    max_parallel: Annotated[
        int, Env("GRAPH_ENGINE_MAX_WORKERS", "nodes of a run that may work at a time", at_least=1)
    ] = 10
    lease_seconds: Annotated[
        float,
        Env(
            "ORRERY_RUN_LEASE_SECONDS",
            "silence after which another process goes on with a process's runs, seconds",
            above=1,
        ),
    ] = 30
    truncate_bytes: Annotated[
        int,
        Env(
            "WORKFLOW_VARIABLE_TRUNCATION_MAX_SIZE",
            "size above which a stored variable is shortened, bytes",
            at_least=1,
        ),
    ] = 1024000
    truncate_items: Annotated[
        int, Env("WORKFLOW_VARIABLE_TRUNCATION_ARRAY_LENGTH", "items kept of a shortened array", at_least=1)
    ] = 1000
    truncate_characters: Annotated[
        int, Env("WORKFLOW_VARIABLE_TRUNCATION_STRING_LENGTH", "characters kept of a shortened string", at_least=1)
    ] = 100000
    moderation_buffer: Annotated[
        int, Env("MODERATION_BUFFER_SIZE", "characters of an answer after which moderation looks again", at_least=1)
    ] = 300
    webhook_body_bytes: Annotated[
        int, Env("WEBHOOK_REQUEST_BODY_MAX_SIZE", "largest body of a webhook, bytes", at_least=1)
    ] = 10485760
    encrypt_dataset_ids: Annotated[
        bool,
        Env("DSL_EXPORT_ENCRYPT_DATASET_ID", "exported files hold ids of knowledge that only this workspace reads"),
    ] = True
