"""Who looks after the installation: the owner and the admins of its first workspace, and nobody of a later one."""

from __future__ import annotations

from sqlalchemy import select

from orrery.database import Database
from orrery.errors import Forbidden
from orrery.workspaces.members.tables import Workspace


class NotTheFirstWorkspace(Forbidden):
    """The caller may manage a workspace, but not the one that the installation began with."""

    code = "not_first_workspace"
    default_message = "Only the installation's first workspace shows this. Switch to it, or ask one of its admins."


class Installation:
    """Knows the first workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._first: str | None = None

    async def check(self, workspace_id: str) -> None:
        """Raises `NotTheFirstWorkspace` for any other one."""
        if self._first is None:
            self._first = await self._find()
        if workspace_id != self._first:
            raise NotTheFirstWorkspace

    async def _find(self) -> str | None:
        query = select(Workspace.id).order_by(Workspace.created_at, Workspace.id).limit(1)
        async with self._database.read() as session:
            return await session.scalar(query)
