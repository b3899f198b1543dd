"""Publishing workflows as tools (product.md 6.11): one app, one tool, pinned to the version that was published with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.store import find_app
from orrery.apps.catalog.tables import App
from orrery.apps.tools.tables import WorkflowToolProvider
from orrery.apps.tools.workflow_entity import ParameterChoice, check_version, entity_of
from orrery.apps.workflows.tables import Workflow
from orrery.database import Database
from orrery.database.ids import is_id, new_id
from orrery.tools.entity import ToolEntity, english
from orrery.tools.protocol import ToolRef
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.tools.errors import ToolProviderTaken, ToolRefused
from orrery.workspaces.tools.labels import known
from orrery.workspaces.tools.view import ProviderView

_NAME: Final = re.compile(r"[a-zA-Z0-9_]+")
_LONGEST: Final = 191


class WorkflowToolForm(msgspec.Struct, frozen=True, kw_only=True):
    """A filled-in form."""

    name: str
    label: str
    description: str
    icon: Mapping[str, object]
    parameters: Sequence[ParameterChoice]
    privacy_policy: str = ""
    labels: Sequence[str] = ()


class WorkflowToolDetail(msgspec.Struct, frozen=True):
    """A published tool. ``is_synced``: the app still runs the version that the tool runs."""

    row: WorkflowToolProvider
    entity: ToolEntity
    is_synced: bool


class WorkflowTools:
    """Publishes, changes, shows and takes back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, actor: Actor, app_id: str, form: WorkflowToolForm) -> str:
        """Makes the app's version in use a tool; gives the tool's id.

        Raises `ToolRefused`, `ToolProviderTaken`, `WorkflowToolUnsynced`, `WorkflowToolWaits`.
        """
        _check_form(form)
        row = WorkflowToolProvider(id=new_id(), tenant_id=actor.workspace_id, app_id=app_id, user_id=actor.account_id)
        try:
            async with self._database.write() as session:
                version = await _version_in_use(session, actor.workspace_id, app_id)
                await _require_free(session, actor.workspace_id, form.name, app_id)
                check_version(version, form.parameters)
                _fill(row, form, version)
                session.add(row)
                record(session, actor, "tool.workflow.add", row.id, name=row.name, app_id=app_id)
        except IntegrityError as error:
            raise _taken(form.name, app_id) from error
        return row.id

    async def change(self, actor: Actor, tool_id: str, form: WorkflowToolForm) -> None:
        """Changes a tool, which then runs the version that is in use now. Raises as `publish`."""
        _check_form(form)
        try:
            async with self._database.write() as session:
                row = await _row(session, actor.workspace_id, tool_id)
                version = await _version_in_use(session, actor.workspace_id, row.app_id)
                await _require_free(session, actor.workspace_id, form.name, row.app_id, but=row.id)
                check_version(version, form.parameters)
                _fill(row, form, version)
                record(session, actor, "tool.workflow.change", row.id, name=row.name)
        except IntegrityError as error:
            raise _taken(form.name, "") from error

    async def remove(self, actor: Actor, tool_id: str) -> None:
        """Takes a tool back; apps that use it fail there. Raises `ToolRefused` where there is none."""
        async with self._database.write() as session:
            row = await _row(session, actor.workspace_id, tool_id)
            await session.delete(row)
            record(session, actor, "tool.workflow.remove", row.id, name=row.name)

    async def show(self, workspace_id: str, *, tool_id: str = "", app_id: str = "") -> WorkflowToolDetail:
        """A tool by its own id or its app's. Raises `ToolRefused` where there is none."""
        async with self._database.read() as session:
            row = await _row(session, workspace_id, tool_id, app_id=app_id)
            version = await version_of(session, row)
            app = await find_app(session, workspace_id, row.app_id)
            current = await session.get(Workflow, app.workflow_id) if app is not None and app.workflow_id else None
        if version is None:
            raise ToolRefused("Tool not found", params="workflow_tool_id")
        synced = current is not None and current.version == row.version
        return WorkflowToolDetail(row, entity_of(row, version), synced)

    async def list(self, workspace_id: str) -> list[ProviderView]:
        """All tools whose version is still there, oldest first."""
        query = (
            select(WorkflowToolProvider, Workflow)
            .join(
                Workflow,
                (Workflow.app_id == WorkflowToolProvider.app_id) & (Workflow.version == WorkflowToolProvider.version),
            )
            .where(WorkflowToolProvider.tenant_id == workspace_id, Workflow.tenant_id == workspace_id)
            .order_by(WorkflowToolProvider.id)
        )
        async with self._database.read() as session:
            found = (await session.execute(query)).all()
        return [_view(row, version) for row, version in found]


async def version_of(session: AsyncSession, row: WorkflowToolProvider) -> Workflow | None:
    """The version that a tool runs."""
    return await session.scalar(
        select(Workflow).where(
            Workflow.tenant_id == row.tenant_id, Workflow.app_id == row.app_id, Workflow.version == row.version
        )
    )


async def referred(session: AsyncSession, workspace_id: str, ref: ToolRef) -> WorkflowToolProvider | None:
    """The tool that an app means: by its id or, in a file from elsewhere, by its name."""
    names = sorted({name for name in (ref.provider_id, ref.provider_name, ref.tool_name) if name})
    by_name = WorkflowToolProvider.name.in_(names)
    wanted = or_(WorkflowToolProvider.id == ref.provider_id, by_name) if is_id(ref.provider_id) else by_name
    query = select(WorkflowToolProvider).where(WorkflowToolProvider.tenant_id == workspace_id, wanted)
    rows = list(await session.scalars(query.order_by(WorkflowToolProvider.id)))
    return next((row for row in rows if row.id == ref.provider_id), rows[0] if rows else None)


async def _row(session: AsyncSession, workspace_id: str, tool_id: str, *, app_id: str = "") -> WorkflowToolProvider:
    mine = select(WorkflowToolProvider).where(WorkflowToolProvider.tenant_id == workspace_id)
    row: WorkflowToolProvider | None = None
    if is_id(tool_id):
        row = await session.scalar(mine.where(WorkflowToolProvider.id == tool_id))
    elif is_id(app_id):
        row = await session.scalar(mine.where(WorkflowToolProvider.app_id == app_id))
    if row is None:
        raise ToolRefused("Tool not found", params="workflow_tool_id" if tool_id else "workflow_app_id")
    return row


async def _version_in_use(session: AsyncSession, workspace_id: str, app_id: str) -> Workflow:
    app: App | None = await find_app(session, workspace_id, app_id) if is_id(app_id) else None
    if app is None or app.mode != "workflow":
        raise ToolRefused(f"App {app_id} not found", params="workflow_app_id")
    version = await session.get(Workflow, app.workflow_id) if app.workflow_id else None
    if version is None:
        raise ToolRefused(f"Workflow not found for app {app_id}: publish it first.", params="workflow_app_id")
    return version


async def _require_free(
    session: AsyncSession, workspace_id: str, name: str, app_id: str, but: str | None = None
) -> None:
    others = await session.scalars(
        select(WorkflowToolProvider.id).where(
            WorkflowToolProvider.tenant_id == workspace_id,
            or_(WorkflowToolProvider.name == name, WorkflowToolProvider.app_id == app_id),
        )
    )
    if any(other != but for other in others):
        raise _taken(name, app_id)


def _check_form(form: WorkflowToolForm) -> None:
    if not _NAME.fullmatch(form.name) or len(form.name) > _LONGEST:
        raise ToolRefused(f"{form.name} is not a valid alphanumeric value", params="name")
    if not 0 < len(form.label.strip()) <= 255:
        raise ToolRefused("label must have 1 to 255 characters", params="label")


def _fill(row: WorkflowToolProvider, form: WorkflowToolForm, version: Workflow) -> None:
    row.name, row.label, row.description = form.name, form.label.strip(), form.description
    row.icon = dict(form.icon)
    row.version = version.version
    row.parameters = cast("list[object]", msgspec.to_builtins(form.parameters))
    row.privacy_policy = form.privacy_policy
    row.labels = known(form.labels)


def _view(row: WorkflowToolProvider, version: Workflow) -> ProviderView:
    return ProviderView(
        kind="workflow",
        id=row.id,
        name=row.name,
        author="",
        label=english(row.label),
        description=english(row.description),
        icon=row.icon,
        tools=[entity_of(row, version)],
        is_authorized=True,
        labels=known(cast("list[str]", row.labels or [])),
        created_at=row.created_at,
        more={"workflow_app_id": row.app_id},
    )


def _taken(name: str, app_id: str) -> ToolProviderTaken:
    return ToolProviderTaken(f"Tool with name {name} or app_id {app_id} already exists", params="name")
