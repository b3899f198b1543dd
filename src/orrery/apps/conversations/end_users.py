"""End users: found by the word their caller uses for them, made on first use (workflow.md 5.2)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.conversations.tables import EndUser
from orrery.database.engine import Database

EndUserKind = Literal["service-api", "browser", "trigger", "mcp"]
ANONYMOUS = "DEFAULT-USER"
_MOST = 20_000


class KnownEndUser(msgspec.Struct, frozen=True):
    """An end user's row as callers need it."""

    id: str
    session_id: str


class EndUsers:
    """Finds and makes end users. What is found is kept: ids and session ids never change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[tuple[str, str, str], KnownEndUser] = OrderedDict()

    async def resolve(self, workspace_id: str, app_id: str, session_id: str | None, kind: EndUserKind) -> KnownEndUser:
        """The end user of this app with this session id; without one, the app's shared anonymous user."""
        name = session_id or ANONYMOUS
        key = (app_id, name, kind)
        found = self._kept.get(key)
        if found is None:
            found = await self._find_or_add(workspace_id, app_id, name, kind)
            self._kept[key] = found
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found

    async def add_anonymous(self, workspace_id: str, app_id: str, session_id: str) -> KnownEndUser:
        """A new visitor of an app's page."""
        return await self.resolve(workspace_id, app_id, session_id, "browser")

    async def by_id(self, app_id: str, end_user_id: str) -> EndUser | None:
        """The row, if it belongs to the app."""
        async with self._database.read() as session:
            return await session.scalar(select(EndUser).where(EndUser.id == end_user_id, EndUser.app_id == app_id))

    async def _find_or_add(self, workspace_id: str, app_id: str, name: str, kind: EndUserKind) -> KnownEndUser:
        async with self._database.read() as session:
            row = await _find(session, workspace_id, app_id, name, kind)
            if row is not None and row.type == kind:
                return KnownEndUser(row.id, row.session_id)
        async with self._database.write() as session:
            row = await _find(session, workspace_id, app_id, name, kind)
            if row is None:
                row = EndUser(
                    tenant_id=workspace_id,
                    app_id=app_id,
                    type=kind,
                    is_anonymous=kind == "browser" or name == ANONYMOUS,
                    session_id=name,
                    external_user_id=name,
                )
                session.add(row)
                await session.flush()
            elif row.type != kind:
                row.type = kind
        return KnownEndUser(row.id, row.session_id)


async def _find(session: AsyncSession, workspace_id: str, app_id: str, name: str, kind: str) -> EndUser | None:
    rows = list(
        await session.scalars(
            select(EndUser).where(
                EndUser.tenant_id == workspace_id, EndUser.app_id == app_id, EndUser.session_id == name
            )
        )
    )
    same = next((row for row in rows if row.type == kind), None)
    # Visitors of a page name themselves: they must not become a user that the app's server knows by the same word.
    return same if same is not None or kind == "browser" else next(iter(rows), None)
