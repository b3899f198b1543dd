"""Keeping the rows of triggers true to the graphs: addresses follow drafts, triggers and schedules what is published.

Each function works inside the transaction that changes the graph.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.triggers.nodes import PLUGIN, SCHEDULE, WEBHOOK, TriggerNode, check_counts, trigger_nodes
from orrery.apps.triggers.tables import AppTrigger, SchedulePlan, WebhookTrigger
from orrery.jobs.due_times import Cron

_ID_BYTES = 18
"""24 characters that nobody guesses: the address is the only secret of a webhook."""


async def follow_draft(
    session: AsyncSession, workspace_id: str, app_id: str, account_id: str, graph: Mapping[str, object]
) -> None:
    """Gives webhook nodes of a draft their addresses. Raises `TriggerRefused` for too many triggers."""
    nodes = trigger_nodes(graph)
    check_counts(nodes)
    wanted = {node.id for node in nodes.values() if node.kind == WEBHOOK}
    known = set(await session.scalars(select(WebhookTrigger.node_id).where(WebhookTrigger.app_id == app_id)))
    for node_id in wanted - known:
        session.add(
            WebhookTrigger(
                tenant_id=workspace_id,
                app_id=app_id,
                node_id=node_id,
                webhook_id=secrets.token_urlsafe(_ID_BYTES),
                created_by=account_id,
            )
        )
    gone = known - wanted
    if gone:
        # An address that the published version still answers at stays until that version is replaced.
        published = set(await session.scalars(select(AppTrigger.node_id).where(AppTrigger.app_id == app_id)))
        await _forget_webhooks(session, app_id, gone - published)


async def follow_publish(
    session: AsyncSession,
    workspace_id: str,
    app_id: str,
    account_id: str,
    graph: Mapping[str, object],
    now: datetime,
) -> None:
    """Makes the triggers of a newly published graph the app's own. Raises `TriggerRefused`."""
    nodes = trigger_nodes(graph)
    for node in nodes.values():
        if node.kind == WEBHOOK:
            node.webhook()
    await follow_draft(session, workspace_id, app_id, account_id, graph)
    await _follow_triggers(session, workspace_id, app_id, nodes)
    await _follow_schedules(session, workspace_id, app_id, nodes, now)
    webhooks = set(await session.scalars(select(WebhookTrigger.node_id).where(WebhookTrigger.app_id == app_id)))
    await _forget_webhooks(session, app_id, webhooks - nodes.keys())


async def _follow_triggers(
    session: AsyncSession, workspace_id: str, app_id: str, nodes: Mapping[str, TriggerNode]
) -> None:
    known = {row.node_id: row for row in await session.scalars(select(AppTrigger).where(AppTrigger.app_id == app_id))}
    for node in nodes.values():
        row = known.pop(node.id, None)
        if row is None:
            row = AppTrigger(tenant_id=workspace_id, app_id=app_id, node_id=node.id, status=_first_status(node))
            session.add(row)
        row.trigger_type, row.title, row.provider_name = node.kind, node.title, node.provider
    for row in known.values():
        await session.delete(row)
    await session.flush()


def _first_status(node: TriggerNode) -> str:
    """Nobody listens to a plugin's events here, so its triggers never start anything."""
    return "unauthorized" if node.kind == PLUGIN else "enabled"


async def _follow_schedules(
    session: AsyncSession, workspace_id: str, app_id: str, nodes: Mapping[str, TriggerNode], now: datetime
) -> None:
    known = {
        row.node_id: row for row in await session.scalars(select(SchedulePlan).where(SchedulePlan.app_id == app_id))
    }
    for node in nodes.values():
        if node.kind != SCHEDULE:
            continue
        expression, zone = node.schedule()
        row = known.pop(node.id, None)
        if row is not None and (row.cron_expression, row.timezone) == (expression, zone):
            continue
        if row is None:
            row = SchedulePlan(tenant_id=workspace_id, app_id=app_id, node_id=node.id)
            session.add(row)
        row.cron_expression, row.timezone, row.next_run_at = expression, zone, next_time(expression, zone, now)
    for row in known.values():
        await session.delete(row)
    await session.flush()


async def _forget_webhooks(session: AsyncSession, app_id: str, node_ids: set[str]) -> None:
    if node_ids:
        await session.execute(
            delete(WebhookTrigger).where(WebhookTrigger.app_id == app_id, WebhookTrigger.node_id.in_(node_ids))
        )


def next_time(expression: str, zone: str, after: datetime) -> datetime | None:
    """The first due time after a moment; None when there never is one. Raises `JobsConfigurationError`."""
    return next(iter(Cron(expression, zone).after(after)), None)
