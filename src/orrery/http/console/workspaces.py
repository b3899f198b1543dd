"""The caller's workspaces, and the audit log of the current one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from orrery.http.call import Call
from orrery.http.console.people_shapes import WorkspaceView, acting, seconds, workspace_view
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission
from orrery.workspaces.audit.service import AuditLog
from orrery.workspaces.members.workspaces import WorkspaceDirectory


class WorkspaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace in the list."""

    id: str
    name: str
    plan: str
    status: str
    created_at: int
    current: bool
    role: str


class WorkspaceRows(msgspec.Struct, frozen=True):
    """The caller's workspaces."""

    workspaces: list[WorkspaceRow]


class SwitchBody(msgspec.Struct, frozen=True):
    """The workspace to go to."""

    tenant_id: str


class Switched(msgspec.Struct, frozen=True):
    """Where the caller is now."""

    new_tenant: WorkspaceView
    result: str = "success"


class WorkspaceNameBody(msgspec.Struct, frozen=True):
    """1 to 60 characters."""

    name: str


class ChangedWorkspace(msgspec.Struct, frozen=True):
    """The workspace after the change."""

    tenant: WorkspaceView
    result: str = "success"


class WorkspaceRules(msgspec.Struct, frozen=True):
    """What members may do here beside their roles."""

    workspace_id: str
    allow_member_invite: bool = True
    allow_owner_transfer: bool = True


class AuditQuery(msgspec.Struct, frozen=True):
    """Which page; ``action`` filters by one action, or by a prefix that ends with a dot."""

    page: Annotated[int, msgspec.Meta(ge=1, le=99999)] = 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    action: str | None = None


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One act."""

    id: str
    action: str
    target: str | None
    content: object
    ip: str | None
    created_at: int | None
    account: dict[str, str | None] | None


class AuditRows(msgspec.Struct, frozen=True):
    """A page of acts, newest first."""

    page: int
    limit: int
    total: int
    has_more: bool
    data: list[AuditRow]


class WorkspaceRoutes(RouteGroup):
    """Lists, shows, switches, makes and renames workspaces."""

    def __init__(self, directory: WorkspaceDirectory, audit: AuditLog) -> None:
        self._directory = directory
        self._audit = audit

    @route("GET", "/workspaces", auth="console", scope="account")
    async def list(self, call: Call) -> WorkspaceRows:
        """Lists the workspaces that the caller belongs to."""
        rows = await self._directory.of(call.account.account_id)
        return WorkspaceRows(
            [
                WorkspaceRow(
                    id=workspace.id,
                    name=workspace.name,
                    plan=workspace.plan,
                    status=workspace.status,
                    created_at=int(workspace.created_at.timestamp()),
                    current=workspace.id == call.account.workspace_id,
                    role=membership.role,
                )
                for workspace, membership in rows
            ]
        )

    @route("POST", "/workspaces", auth="console", scope="account", body=WorkspaceNameBody, status=201)
    async def create(self, call: Call, body: WorkspaceNameBody) -> ChangedWorkspace:
        """Makes a workspace, owned by the caller, and switches to it."""
        made = await self._directory.create(acting(call), body.name, role=call.account.role)
        return ChangedWorkspace(workspace_view(made, "owner"))

    @route("POST", "/workspaces/current", auth="console", scope="workspace")
    @route("POST", "/info", auth="console", scope="workspace")
    async def current(self, call: Call) -> WorkspaceView:
        """Shows the current workspace (the contract reads it by POST)."""
        return workspace_view(await self._directory.get(call.account.workspace_id), call.account.role)

    @route("POST", "/workspaces/switch", auth="console", scope="account", body=SwitchBody)
    async def switch(self, call: Call, body: SwitchBody) -> Switched:
        """Makes another of the caller's workspaces the current one."""
        workspace, role = await self._directory.switch(acting(call), body.tenant_id)
        return Switched(workspace_view(workspace, role))

    @route(
        "POST",
        "/workspaces/info",
        auth="console",
        scope="workspace",
        permission=Permission.WORKSPACE_MANAGE,
        body=WorkspaceNameBody,
    )
    async def rename(self, call: Call, body: WorkspaceNameBody) -> ChangedWorkspace:
        """Renames the current workspace."""
        renamed = await self._directory.rename(acting(call), body.name)
        return ChangedWorkspace(workspace_view(renamed, call.account.role))

    @route("GET", "/workspaces/current/permission", auth="console", scope="workspace")
    async def rules(self, call: Call) -> WorkspaceRules:
        """Says what the workspace allows its members."""
        return WorkspaceRules(call.account.workspace_id)

    @route(
        "GET",
        "/workspaces/current/audit-log",
        auth="console",
        scope="workspace",
        permission=Permission.AUDIT_VIEW,
        query=AuditQuery,
    )
    async def audit_log(self, call: Call, query: AuditQuery) -> AuditRows:
        """Shows who did what, newest first."""
        found = await self._audit.page(
            call.account.workspace_id, page=query.page, limit=query.limit, action=query.action
        )
        rows = [
            AuditRow(
                id=line.id,
                action=line.action,
                target=line.target,
                content=line.content,
                ip=line.ip,
                created_at=seconds(line.created_at),
                account={"id": line.account_id, "name": line.account_name} if line.account_id else None,
            )
            for line in found.lines
        ]
        return AuditRows(query.page, query.limit, found.total, query.page * query.limit < found.total, rows)
