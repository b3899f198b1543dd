"""Schedules that came due become runs: each due time once, with any number of processes that look (workflow.md 6.4)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import msgspec
from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.tables import App
from orrery.apps.runs.spec import RunUser
from orrery.apps.triggers.starting import Starts, Wanted
from orrery.apps.triggers.sync import next_time
from orrery.apps.triggers.tables import AppTrigger, SchedulePlan
from orrery.database.engine import Database
from orrery.jobs.errors import JobsConfigurationError
from orrery.workspaces.accounts.tables import Account
from orrery.workspaces.members.tables import Membership

_log = logging.getLogger(__name__)


class PollLimits(msgspec.Struct, frozen=True):
    """``batch``: schedules of one transaction; ``most``: runs of one look, 0 for no bound."""

    batch: int = 100
    most: int = 0


class Schedules:
    """Looks for due schedules. ``now`` is the clock, aware UTC."""

    def __init__(
        self,
        database: Database,
        starts: Starts,
        limits: PollLimits,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._starts = starts
        self._limits = limits
        self._now = now

    async def fire(self) -> int:
        """Asks for the runs of everything that is due by now; how many."""
        fired, most = 0, self._limits.most
        moment = self._now()
        while not most or fired < most:
            batch = min(self._limits.batch, most - fired) if most else self._limits.batch
            async with self._database.write() as session:
                plans = list(
                    await session.scalars(
                        select(SchedulePlan)
                        .where(SchedulePlan.next_run_at <= moment)
                        .order_by(SchedulePlan.next_run_at, SchedulePlan.id)
                        .limit(batch)
                        # Servers only: on SQLite the writer is alone from its BEGIN on.
                        .with_for_update(skip_locked=True)
                    )
                )
                fired += sum([await self._fire_one(session, plan, moment) for plan in plans])
            if len(plans) < batch:
                break
        return fired

    async def _fire_one(self, session: AsyncSession, plan: SchedulePlan, moment: datetime) -> bool:
        due = plan.next_run_at
        assert due is not None
        try:
            following = next_time(plan.cron_expression, plan.timezone, moment)
        except JobsConfigurationError as error:
            # A zone that this machine no longer knows: one plan must not hold up all others.
            _log.warning("the schedule of node %s in app %s is left out: %s", plan.node_id, plan.app_id, error)
            following = None
        moved = await session.execute(
            update(SchedulePlan)
            .where(SchedulePlan.id == plan.id, SchedulePlan.next_run_at == due)
            .values(next_run_at=following)
        )
        if cast("int", getattr(moved, "rowcount", 0)) != 1:
            return False
        wanted = await self._wanted(session, plan, due)
        if wanted is None:
            return False
        await self._starts.ask(session, wanted, moment)
        return True

    async def _wanted(self, session: AsyncSession, plan: SchedulePlan, due: datetime) -> Wanted | None:
        """None for a schedule that is switched off, or whose app can't run."""
        app = await session.scalar(
            select(App)
            .join(AppTrigger, (AppTrigger.app_id == App.id) & (AppTrigger.node_id == plan.node_id))
            .where(App.id == plan.app_id, App.status == "normal", AppTrigger.status == "enabled")
        )
        user = await _runner(session, plan.tenant_id)
        if app is None or app.workflow_id is None or user is None:
            return None
        return Wanted(
            workspace_id=plan.tenant_id,
            app_id=plan.app_id,
            workflow_id=app.workflow_id,
            node_id=plan.node_id,
            kind="schedule",
            user=user,
            inputs={},
            metadata={"type": "trigger-schedule", "due_at": due.isoformat()},
        )


async def _runner(session: AsyncSession, workspace_id: str) -> RunUser | None:
    """The workspace's owner, or else an admin: scheduled runs are nobody else's."""
    rank = case((Membership.role == "owner", 0), else_=1)
    account = await session.scalar(
        select(Account)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.tenant_id == workspace_id, Membership.role.in_(("owner", "admin")))
        .order_by(rank, Membership.id)
        .limit(1)
    )
    return None if account is None else RunUser("account", account.id, account.id, account.name, account.email)
