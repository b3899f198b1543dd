"""Run specs with what a test names; the rest is of no account."""

from __future__ import annotations

from typing import Any

from orrery.apps.runs.spec import RunSpec, RunUser, Turn
from orrery.database.ids import NIL_ID, new_id
from orrery.inference.types import Usage
from orrery.workflow.events import RunFailed, RunPaused, RunStopped, RunSucceeded


def turn(**given: Any) -> Turn:
    known: dict[str, Any] = {
        "message_id": new_id(), "conversation_id": new_id(), "query": "hello", "dialogue_count": 1,
        "parent_message_id": NIL_ID, "created_at": 1_700_000_000,
    }  # fmt: skip
    return Turn(**{**known, **given})


def spec(**given: Any) -> RunSpec:
    known: dict[str, Any] = {
        "run_id": new_id(), "task_id": new_id(), "kind": "workflow", "workspace_id": new_id(), "app_id": new_id(),
        "app_mode": "workflow", "workflow_id": new_id(), "version": "1", "is_draft": False,
        "invoke_from": "service-api", "user": RunUser("end_user", new_id(), "ann"), "inputs": {},
        "created_at": 1_700_000_000.5, "watched": "full",
    }  # fmt: skip
    return RunSpec(**{**known, **given})


def ended(kind: type = RunSucceeded, **given: Any) -> RunSucceeded | RunFailed | RunStopped | RunPaused:
    known: dict[str, Any] = {
        "status": {RunSucceeded: "succeeded", RunFailed: "failed", RunStopped: "stopped", RunPaused: "paused"}[kind],
        "outputs": {}, "error": None, "exceptions_count": 0, "total_tokens": 0, "total_steps": 1, "elapsed": 0.5,
        "started_at": 1_700_000_000.0, "finished_at": 1_700_000_000.5, "usage": Usage(),
    }  # fmt: skip
    return kind(**{**known, **given})
