"""Requests to webhooks: found by their address, checked against their node, turned into runs (workflow.md 6.4)."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from typing import cast

import msgspec
from sqlalchemy import select

from orrery.apps.catalog.tables import App
from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.files.tool_files import FileKeeper, ToolFileOwner
from orrery.apps.runs.spec import RunUser
from orrery.apps.triggers.debugging import TriggerDebugging
from orrery.apps.triggers.errors import WebhookNotFound
from orrery.apps.triggers.nodes import WEBHOOK, TriggerNode, stored_trigger_nodes
from orrery.apps.triggers.starting import Starts, Wanted
from orrery.apps.triggers.tables import AppTrigger, WebhookTrigger
from orrery.apps.workflows.service import find_draft
from orrery.apps.workflows.tables import Workflow
from orrery.database.engine import Database
from orrery.workflow.nodes.trigger_webhook_data import WebhookData
from orrery.workflow.nodes.trigger_webhook_request import WebhookRefused, WebhookRequest, reply_of, run_inputs

_DEEPEST = 200
"""Levels of a body, its envelope included: what comes in must be readable again wherever it is written."""


_MOST_KEPT = 1000


class OpenWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that a request may be made to, as one version of its workflow has it."""

    workspace_id: str
    app_id: str
    workflow_id: str
    node_id: str
    title: str
    data: WebhookData
    user: RunUser


class _Kept(msgspec.Struct, frozen=True):
    """What a version's node says."""

    title: str
    data: WebhookData


class Reply(msgspec.Struct, frozen=True):
    """What the caller of a webhook is told at once: status and JSON body."""

    status: int
    body: object


class Webhooks:
    """The doors of published webhooks and of those under test."""

    def __init__(
        self, database: Database, end_users: EndUsers, starts: Starts, debugging: TriggerDebugging, files: FileKeeper
    ) -> None:
        self._database = database
        self._end_users = end_users
        self._starts = starts
        self._debugging = debugging
        self._files = files
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def find(self, webhook_id: str) -> OpenWebhook:
        """The webhook of the version in use. Raises `WebhookNotFound`, `TriggerRefused`."""
        async with self._database.read() as session:
            found = (
                await session.execute(
                    select(WebhookTrigger, AppTrigger.status, App.workflow_id)
                    .outerjoin(
                        AppTrigger,
                        (AppTrigger.app_id == WebhookTrigger.app_id) & (AppTrigger.node_id == WebhookTrigger.node_id),
                    )
                    .outerjoin(App, (App.id == WebhookTrigger.app_id) & (App.status == "normal"))
                    .where(WebhookTrigger.webhook_id == webhook_id)
                )
            ).first()
            if found is None:
                raise WebhookNotFound(f"Webhook not found: {webhook_id}")
            row, status, workflow_id = found[0], found[1], found[2]
            _check(status, webhook_id)
            kept = self._kept.get((str(workflow_id), row.node_id))
            version = await session.get(Workflow, workflow_id) if kept is None and workflow_id else None
        if kept is None:
            if version is None:
                raise WebhookNotFound(f"Workflow not found for app {row.app_id}")
            kept = self._keep(version.id, row.node_id, _node_of(version, row.node_id))
        return await self._open(row, str(workflow_id), kept)

    def _keep(self, workflow_id: str, node_id: str, node: TriggerNode) -> _Kept:
        """A version never changes, so what its node says is read once."""
        kept = self._kept[workflow_id, node_id] = _Kept(node.title, node.webhook())
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return kept

    async def find_draft(self, webhook_id: str) -> OpenWebhook:
        """The webhook as its draft has it. Raises `WebhookNotFound`, `TriggerRefused`."""
        async with self._database.read() as session:
            row = await session.scalar(select(WebhookTrigger).where(WebhookTrigger.webhook_id == webhook_id))
            if row is None:
                raise WebhookNotFound(f"Webhook not found: {webhook_id}")
            draft = await find_draft(session, row.tenant_id, row.app_id)
        if draft is None:
            raise WebhookNotFound(f"Workflow not found for app {row.app_id}")
        node = _node_of(draft, row.node_id)
        return await self._open(row, draft.id, _Kept(node.title, node.webhook()))

    async def _open(self, row: WebhookTrigger, workflow_id: str, kept: _Kept) -> OpenWebhook:
        user = await self._end_users.resolve(row.tenant_id, row.app_id, None, "trigger")
        return OpenWebhook(
            workspace_id=row.tenant_id,
            app_id=row.app_id,
            workflow_id=workflow_id,
            node_id=row.node_id,
            title=kept.title,
            data=kept.data,
            user=RunUser("end_user", user.id, user.session_id),
        )

    async def keep_file(self, at: OpenWebhook, content: bytes, *, filename: str, mime_type: str) -> object:
        """A file that a request brought, as the value that the run gets."""
        owner = ToolFileOwner(workspace_id=at.workspace_id, user_id=at.user.id)
        return await self._files.keep(owner, content, filename=filename, mime_type=mime_type)

    async def accept(self, at: OpenWebhook, request: WebhookRequest) -> Reply:
        """Asks for the run; the reply does not wait for it. Raises `WebhookRefused`."""
        wanted = Wanted(
            workspace_id=at.workspace_id,
            app_id=at.app_id,
            workflow_id=at.workflow_id,
            node_id=at.node_id,
            kind="webhook",
            user=at.user,
            inputs=_inputs(at, request),
            metadata={"type": WEBHOOK, "node_title": at.title},
        )
        await self._starts.ask_at_once(wanted, datetime.now(UTC))
        return Reply(*reply_of(at.data))

    async def show(self, at: OpenWebhook, request: WebhookRequest) -> Reply:
        """Hands the request to whoever tries the draft out right now. Raises `WebhookRefused`."""
        await self._debugging.deliver(at.app_id, at.node_id, _inputs(at, request))
        return Reply(*reply_of(at.data))


def _inputs(at: OpenWebhook, request: WebhookRequest) -> dict[str, object]:
    """Raises `WebhookRefused`."""
    inputs = run_inputs(at.data, request)
    if _is_deeper(inputs, _DEEPEST):
        raise WebhookRefused("Invalid JSON body: its values are nested too deeply.")
    return inputs


def _is_deeper(value: object, most: int) -> bool:
    level: list[object] = [value]
    for _ in range(most):
        inside: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inside.extend(cast("dict[str, object]", item).values())
            elif isinstance(item, list):
                inside.extend(cast("list[object]", item))
        if not inside:
            return False
        level = inside
    return True


def _node_of(version: Workflow, node_id: str) -> TriggerNode:
    node = stored_trigger_nodes(version.graph).get(node_id)
    if node is None or node.kind != WEBHOOK:
        raise WebhookNotFound(f"Workflow not found: it has no webhook node {node_id}")
    return node


def _check(status: str | None, webhook_id: str) -> None:
    if status is None:
        raise WebhookNotFound(f"App trigger not found for webhook {webhook_id}. Publish the workflow first.")
    if status == "rate_limited":
        raise WebhookNotFound(f"Webhook trigger is rate limited for webhook {webhook_id}")
    if status != "enabled":
        raise WebhookNotFound(f"Webhook trigger is disabled for webhook {webhook_id}")
