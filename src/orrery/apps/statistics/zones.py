"""The time zone that an account lives in."""

from __future__ import annotations

from datetime import tzinfo

from sqlalchemy import select

from orrery.apps.statistics.periods import zone_of
from orrery.database.engine import Database
from orrery.workspaces.accounts.tables import Account


class AccountZones:
    """Looks time zones of accounts up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, account_id: str) -> tzinfo:
        """The account's own choice; UTC where it names no zone that this machine knows."""
        async with self._database.read() as session:
            return zone_of(await session.scalar(select(Account.timezone).where(Account.id == account_id)))
