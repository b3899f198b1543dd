"""Taking away what was kept of runs only for a while: event logs and idempotency keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists, or_

from orrery.apps.runs.tables import IdempotencyKey, RunEvents, WorkflowRun
from orrery.database.engine import Database

EVENTS_KEPT = timedelta(minutes=10)
"""How long watchers may come back to a run that has ended (reliability.md 3.1, G5)."""
KEYS_KEPT = timedelta(hours=24)
"""How long a repeated request is the same run (G4)."""


async def forget_old(database: Database) -> None:
    """Deletes event logs of runs that ended long enough ago, and old keys. Safe in many processes at once."""
    now = datetime.now(UTC)
    # A long run's first frames are old when it ends: its whole log is kept from then on.
    wanted = exists().where(
        WorkflowRun.id == RunEvents.run_id,
        or_(WorkflowRun.status.in_(("running", "paused")), WorkflowRun.finished_at >= now - EVENTS_KEPT),
    )
    async with database.write() as session:
        await session.execute(delete(RunEvents).where(RunEvents.created_at < now - EVENTS_KEPT, ~wanted))
        await session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEYS_KEPT))
