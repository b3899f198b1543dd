"""Asking for runs: a log row and the job that starts the run, in one transaction with whatever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.runs.spec import RunUser, TriggerKind
from orrery.apps.triggers.tables import TriggerLog
from orrery.database.ids import new_id
from orrery.jobs.outbox import JobOutbox

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

    def __init__(self, outbox: JobOutbox) -> None:
        self._outbox = outbox

    async def ask(self, session: AsyncSession, wanted: Wanted, now: datetime) -> str:
        """The id that the run will have."""
        log = TriggerLog(
            id=new_id(),
            tenant_id=wanted.workspace_id,
            app_id=wanted.app_id,
            workflow_id=wanted.workflow_id,
            workflow_run_id=new_id(),
            root_node_id=wanted.node_id,
            trigger_metadata=dict(wanted.metadata),
            trigger_type=wanted.kind,
            trigger_data=_encode({"inputs": wanted.inputs, "user": wanted.user}).decode(),
            status="queued",
            queue_name=QUEUES[wanted.kind],
            created_by_role=wanted.user.role,
            created_by=wanted.user.id,
            created_at=now,
            triggered_at=now,
        )
        session.add(log)
        await session.flush()
        await self._outbox.enqueue(session, StartTriggered(log.id), queue=log.queue_name)
        return log.workflow_run_id
