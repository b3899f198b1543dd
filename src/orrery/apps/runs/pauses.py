"""Pauses of runs: the row that tells of one, and waking a paused run.

Whoever wakes a run only marks it: under way, with a lease that is over. Recovery goes on with it, in any process, as
it does with runs whose process died, so a run that was woken is never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.forms.tables import HumanInputForm
from orrery.apps.runs import statements
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.tables import NodeExecution, WorkflowPause, WorkflowRun
from orrery.database.batch_writer import Entry
from orrery.database.ids import new_id
from orrery.workflow.events import RunPaused


def pause_row(spec: RunSpec, end: RunPaused) -> Entry:
    """The pause as its run tells it; goes into the commit that makes the run paused."""
    return statements.INSERT_PAUSE, {
        "id": new_id(),
        "tenant_id": spec.workspace_id,
        "app_id": spec.app_id,
        "workflow_id": spec.workflow_id,
        "workflow_run_id": spec.run_id,
        "paused_nodes": list(end.paused_nodes),
        "reasons": shown_reasons(end.reasons),
        "elapsed_time": end.elapsed,
        "paused_at": datetime.fromtimestamp(end.finished_at, UTC),
        "resumed_at": None,
    }


def shown_reasons(reasons: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Reasons as the wire has them: the kind under ``TYPE``, times in whole seconds."""
    shown: list[dict[str, object]] = []
    for reason in reasons:
        told = {"TYPE" if name == "type" else name: value for name, value in reason.items()}
        moment = told.get("expiration_time")
        if isinstance(moment, float):
            told["expiration_time"] = int(moment)
        shown.append(told)
    return shown


async def hold(session: AsyncSession, run_id: str) -> None:
    """Locks the run's row, where the engine can. Whoever changes a run's forms holds the run first: in any other
    order, two people who answer at once would wait for each other.
    """
    await session.execute(select(WorkflowRun.id).where(WorkflowRun.id == run_id).with_for_update())


async def wake(session: AsyncSession, run_id: str, *, stop: str | None = None) -> bool:
    """Marks a paused run as one to go on with, or to end with the reason ``stop``; False if it is not paused.

    Forms of a run that is to end wait no longer.
    """
    now = datetime.now(UTC)
    values: dict[str, object] = {
        "status": "running",
        "lease_owner": None,
        "lease_expires_at": now,
        "finished_at": None,
    }
    if stop is not None:
        values |= {"stop_requested": True, "error": stop}
    woken = await session.execute(
        update(WorkflowRun).where(WorkflowRun.id == run_id, WorkflowRun.status == "paused").values(**values)
    )
    if cast("int", getattr(woken, "rowcount", 0)) != 1:
        return False
    await session.execute(
        update(WorkflowPause)
        .where(WorkflowPause.workflow_run_id == run_id, WorkflowPause.resumed_at.is_(None))
        .values(resumed_at=now)
    )
    if stop is not None:
        waiting = (NodeExecution.workflow_run_id == run_id, NodeExecution.status == "paused")
        await session.execute(update(NodeExecution).where(*waiting).values(status="stopped", finished_at=now))
        forms = (HumanInputForm.workflow_run_id == run_id, HumanInputForm.status == "waiting")
        await session.execute(update(HumanInputForm).where(*forms).values(status="expired", ended_at=now, woken_at=now))
    return True


async def latest(session: AsyncSession, run_id: str) -> WorkflowPause | None:
    """The run's last pause, if it ever paused."""
    return await session.scalar(
        select(WorkflowPause)
        .where(WorkflowPause.workflow_run_id == run_id)
        .order_by(WorkflowPause.paused_at.desc(), WorkflowPause.id.desc())
        .limit(1)
    )


async def count(session: AsyncSession, run_id: str) -> int:
    """How often the run paused so far."""
    query = select(func.count()).select_from(WorkflowPause).where(WorkflowPause.workflow_run_id == run_id)
    return await session.scalar(query) or 0


def worked_seconds(created_at: float, pause: WorkflowPause | None, executions: Sequence[NodeExecution]) -> float:
    """How long a run had worked when it was left, its waits not counted."""
    begun, before = created_at, 0.0
    if pause is not None:
        begun, before = (pause.resumed_at or pause.paused_at).timestamp(), pause.elapsed_time
    last = max(((e.finished_at or e.created_at).timestamp() for e in executions), default=begun)
    return before + max(last - begun, 0.0)
