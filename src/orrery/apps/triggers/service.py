"""What the console sees and does of an app's triggers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from orrery.apps.catalog.errors import AppNotFound
from orrery.apps.catalog.store import find_app
from orrery.apps.triggers.errors import TriggerNotFound, TriggerRefused, WebhookNotSaved
from orrery.apps.triggers.nodes import PLUGIN, TriggerNode, stored_trigger_nodes
from orrery.apps.triggers.sync import next_time
from orrery.apps.triggers.tables import AppTrigger, SchedulePlan, WebhookTrigger
from orrery.apps.workflows.errors import DraftNotFound
from orrery.apps.workflows.service import find_draft
from orrery.database.engine import Database
from orrery.database.orm import utc_now


class TriggerService:
    """Use cases on one app's triggers; each is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, workspace_id: str, app_id: str) -> Sequence[AppTrigger]:
        """The triggers of the version in use, newest first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(AppTrigger)
                .where(AppTrigger.tenant_id == workspace_id, AppTrigger.app_id == app_id)
                .order_by(AppTrigger.created_at.desc(), AppTrigger.id.desc())
            )
            return list(rows)

    async def switch(self, workspace_id: str, app_id: str, trigger_id: str, *, on: bool) -> AppTrigger:
        """Lets a trigger start runs, or no more. Raises `TriggerNotFound`, and `TriggerRefused` for a plugin's."""
        async with self._database.write() as session:
            row = await session.scalar(
                select(AppTrigger).where(
                    AppTrigger.id == trigger_id, AppTrigger.tenant_id == workspace_id, AppTrigger.app_id == app_id
                )
            )
            if row is None:
                raise TriggerNotFound
            if row.trigger_type == PLUGIN:
                raise TriggerRefused("This version runs no trigger plugins, so this trigger can't be switched on.")
            row.status, row.updated_at = "enabled" if on else "disabled", utc_now()
            plan = await session.scalar(
                select(SchedulePlan).where(SchedulePlan.app_id == app_id, SchedulePlan.node_id == row.node_id)
            )
            if on and plan is not None:
                # What was due while it was off is over.
                plan.next_run_at = next_time(plan.cron_expression, plan.timezone, utc_now())
        return row

    async def webhook(self, workspace_id: str, app_id: str, node_id: str) -> WebhookTrigger:
        """The address of a webhook node. Raises `AppNotFound`, `WebhookNotSaved`."""
        async with self._database.read() as session:
            if await find_app(session, workspace_id, app_id) is None:
                raise AppNotFound
            row = await session.scalar(
                select(WebhookTrigger).where(WebhookTrigger.app_id == app_id, WebhookTrigger.node_id == node_id)
            )
        if row is None:
            raise WebhookNotSaved
        return row

    async def draft_nodes(self, workspace_id: str, app_id: str, node_ids: Sequence[str]) -> list[TriggerNode]:
        """Trigger nodes of the draft. Raises `DraftNotFound`, and `TriggerRefused` for a node that is none."""
        async with self._database.read() as session:
            draft = await find_draft(session, workspace_id, app_id)
        if draft is None:
            raise DraftNotFound
        known = stored_trigger_nodes(draft.graph)
        wrong = [node_id for node_id in node_ids if node_id not in known]
        if wrong or not node_ids:
            raise TriggerRefused(f"node_id: the draft has no trigger node {wrong[0] if wrong else ''}".rstrip())
        return [known[node_id] for node_id in node_ids]
