"""Ends of runs that no engine told: of turns that were settled, replaced or refused around it."""

from __future__ import annotations

import time
from typing import Final

import msgspec

from orrery.apps.runs.spec import RunSpec
from orrery.inference.types import Usage
from orrery.workflow.events import End, RunFailed, RunSucceeded

OUTPUT_MODERATION: Final = "Stopped by output moderation."
"""Why a run was stopped whose answer may not be shown."""


def settled_end(spec: RunSpec, answer: str) -> End:
    """A turn that was answered without its graph."""
    now = time.time()
    return RunSucceeded(
        status="succeeded", outputs={"answer": answer}, error=None, exceptions_count=0, total_tokens=0,
        total_steps=0, elapsed=now - spec.created_at, started_at=spec.created_at, finished_at=now, usage=Usage(),
    )  # fmt: skip


def replaced_end(end: End, answer: str) -> End:
    """The end of a run whose answer was taken back."""
    if "answer" not in end.outputs:
        return end
    return msgspec.structs.replace(end, outputs={**end.outputs, "answer": answer})


def failed_end(spec: RunSpec, end: End | None, error: str) -> End:
    """A failure; what the engine counted up to ``end`` is kept."""
    now = time.time()
    return RunFailed(
        status="failed",
        outputs={},
        error=error,
        exceptions_count=1 if end is None else end.exceptions_count,
        total_tokens=0 if end is None else end.total_tokens,
        total_steps=0 if end is None else end.total_steps,
        elapsed=now - spec.created_at,
        started_at=spec.created_at,
        finished_at=now,
        usage=Usage() if end is None else end.usage,
    )
