"""Names of accounts, for lists that say who did something."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import select

from orrery.database.engine import Database
from orrery.workspaces.accounts.tables import Account


class Person(msgspec.Struct, frozen=True):
    """An account as others see it."""

    id: str
    name: str
    email: str


class AccountNames:
    """Looks accounts up by id, many at once. Ids come from rows of the caller's workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def people(self, ids: Iterable[str | None]) -> dict[str, Person]:
        """Those that exist, by id."""
        wanted = {i for i in ids if i}
        if not wanted:
            return {}
        async with self._database.read() as session:
            rows = await session.execute(select(Account.id, Account.name, Account.email).where(Account.id.in_(wanted)))
            return {row.id: Person(row.id, row.name, row.email) for row in rows}

    async def of(self, ids: Iterable[str | None]) -> dict[str, str]:
        """Just the names."""
        return {person.id: person.name for person in (await self.people(ids)).values()}
