"""A person's workspaces: list, look at, switch, make, rename."""

from __future__ import annotations

from orrery.database import Database
from orrery.database.ids import new_id
from orrery.security.permissions import Permission, Role, allows
from orrery.settings.groups.accounts import Accounts as AccountSettings
from orrery.workspaces.accounts.words import checked_name
from orrery.workspaces.audit.service import Actor, record
from orrery.workspaces.members import store
from orrery.workspaces.members.errors import MayNotCreateWorkspace, NotInWorkspace
from orrery.workspaces.members.tables import Membership, Workspace

LONGEST_NAME = 60


class WorkspaceDirectory:
    """The workspaces of accounts."""

    def __init__(self, database: Database, *, settings: AccountSettings) -> None:
        self._database = database
        self._settings = settings

    async def of(self, account_id: str) -> list[tuple[Workspace, Membership]]:
        """The workspaces that the account belongs to, the first joined first."""
        async with self._database.read() as session:
            return await store.workspaces_of(session, account_id)

    async def get(self, workspace_id: str) -> Workspace:
        """The workspace. Raises `NotInWorkspace` when there is none with this id."""
        async with self._database.read() as session:
            found = await store.workspace(session, workspace_id)
        if found is None:
            raise NotInWorkspace
        return found

    async def switch(self, actor: Actor, workspace_id: str) -> tuple[Workspace, str]:
        """Makes a workspace of the account its current one; gives it and the role there. Raises `NotInWorkspace`."""
        async with self._database.write() as session:
            membership = await store.membership(session, workspace_id, actor.account_id)
            found = await store.workspace(session, workspace_id)
            if membership is None or found is None:
                raise NotInWorkspace
            await store.make_current(session, actor.account_id, workspace_id)
        return found, membership.role

    async def create(self, actor: Actor, name: str, *, role: str) -> Workspace:
        """Makes a workspace that the account owns, and switches to it.

        ``role`` is the caller's in its current workspace: owners and admins may always make one, others when
        ALLOW_CREATE_WORKSPACE is on. Raises `MayNotCreateWorkspace`, `InvalidParam`.
        """
        may_manage = role in set(Role) and allows(Role(role), Permission.WORKSPACE_MANAGE)
        if not (may_manage or self._settings.create_workspaces):
            raise MayNotCreateWorkspace
        made = Workspace(id=new_id(), name=checked_name(name, "name", least=1, most=LONGEST_NAME))
        async with self._database.write() as session:
            session.add(made)
            await session.flush()
            session.add(Membership(tenant_id=made.id, account_id=actor.account_id, role="owner"))
            await session.flush()
            await store.make_current(session, actor.account_id, made.id)
            here = Actor(workspace_id=made.id, account_id=actor.account_id, ip=actor.ip)
            record(session, here, "workspace.create", made.id, name=made.name)
        return made

    async def rename(self, actor: Actor, name: str) -> Workspace:
        """Renames the caller's current workspace. Raises `InvalidParam`."""
        name = checked_name(name, "name", least=1, most=LONGEST_NAME)
        async with self._database.write() as session:
            found = await store.workspace(session, actor.workspace_id)
            if found is None:
                raise NotInWorkspace
            record(session, actor, "workspace.rename", found.id, before=found.name, after=name)
            found.name = name
        return found
