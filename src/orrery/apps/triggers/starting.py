"""Asking for runs: a log row and the job that starts the run, in one transaction with whatever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.runs.spec import RunUser, TriggerKind
from orrery.apps.triggers.ending import INSERT_LOG
from orrery.database.group_commit import GroupCommit
from orrery.database.ids import new_id
from orrery.jobs.outbox import INSERT_JOB, JobOutbox

QUEUES: Mapping[TriggerKind, str] = {
    "webhook": "triggered_workflow_dispatcher",
    "schedule": "schedule_executor",
    "plugin": "triggered_workflow_dispatcher",
}
_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode


class StartTriggered(msgspec.Struct, frozen=True):
    """The payload of the job that starts a run that a trigger asked for."""

    log_id: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A run that a trigger asks for. ``inputs`` are what its entry node gets; ``metadata`` says what asked."""

    workspace_id: str
    app_id: str
    workflow_id: str
    node_id: str
    kind: TriggerKind
    user: RunUser
    inputs: Mapping[str, object]
    metadata: Mapping[str, object]


class Starts:
    """Writes what is wanted down."""

    def __init__(self, outbox: JobOutbox, group: GroupCommit) -> None:
        self._outbox = outbox
        self._group = group

    async def ask(self, session: AsyncSession, wanted: Wanted, now: datetime) -> str:
        """The id that the run will have; for callers who change something else with it."""
        row = _log_row(wanted, now)
        connection = await session.connection()
        await connection.execute(INSERT_LOG, row)
        await self._outbox.enqueue(session, StartTriggered(str(row["id"])), queue=QUEUES[wanted.kind])
        return str(row["workflow_run_id"])

    async def ask_at_once(self, wanted: Wanted, now: datetime) -> str:
        """The id that the run will have, once the wish is durable; its commit is shared with whoever commits now."""
        row = _log_row(wanted, now)
        job = self._outbox.prepared(StartTriggered(str(row["id"])), queue=QUEUES[wanted.kind])
        await self._group.commit([(INSERT_LOG, row), (INSERT_JOB, job.row)])
        self._outbox.announce(job)
        return str(row["workflow_run_id"])


def _log_row(wanted: Wanted, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "tenant_id": wanted.workspace_id,
        "app_id": wanted.app_id,
        "workflow_id": wanted.workflow_id,
        "workflow_run_id": new_id(),
        "root_node_id": wanted.node_id,
        "trigger_metadata": dict(wanted.metadata),
        "trigger_type": wanted.kind,
        "trigger_data": _encode({"inputs": wanted.inputs, "user": wanted.user}).decode(),
        "outputs": None,
        "status": "queued",
        "error": None,
        "queue_name": QUEUES[wanted.kind],
        "created_by_role": wanted.user.role,
        "created_by": wanted.user.id,
        "retry_count": 0,
        "elapsed_time": None,
        "total_tokens": None,
        "created_at": now,
        "triggered_at": now,
        "finished_at": None,
    }
