"""The log of a triggered run follows it: written with its beginning and its end, in the run's own commits."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import bindparam, insert, update

from orrery.apps.runs import entries
from orrery.apps.runs.aftermath import Ending
from orrery.apps.runs.spec import RunSpec
from orrery.apps.triggers.tables import TriggerLog
from orrery.database.group_commit import Entry
from orrery.workflow.events import RunEnded

INSERT_LOG = insert(TriggerLog)
BEGIN_LOG = update(TriggerLog).where(TriggerLog.id == bindparam("b_id")).values(status="running")
END_LOG = (
    update(TriggerLog)
    .where(TriggerLog.workflow_run_id == bindparam("b_run"))
    .values(
        status=bindparam("b_status"),
        outputs=bindparam("b_outputs"),
        error=bindparam("b_error"),
        elapsed_time=bindparam("b_elapsed"),
        total_tokens=bindparam("b_tokens"),
        finished_at=bindparam("b_finished"),
    )
)
ORDER = (INSERT_LOG, BEGIN_LOG, END_LOG)
"""After the run's own statements in a shared commit."""


def begin_row(log_id: str) -> Entry:
    """Says that the wanted run exists."""
    return BEGIN_LOG, {"b_id": log_id}


class TriggerLogEnding:
    """Implements `Aftermath`."""

    def add(self, ending: Ending, spec: RunSpec, end: RunEnded) -> None:
        if spec.trigger is None:
            return
        row = {
            "b_run": spec.run_id,
            "b_status": end.status,
            "b_outputs": entries.text(end.outputs),
            "b_error": end.error,
            "b_elapsed": end.elapsed,
            "b_tokens": end.total_tokens,
            "b_finished": None if end.status == "paused" else datetime.fromtimestamp(end.finished_at, UTC),
        }
        ending.entries.append((END_LOG, row))
