"""Which apps search which datasets: a row for each pair (knowledge.md 1.5, app_dataset_joins)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.knowledge.datasets.tables import AppDatasetJoin
from orrery.knowledge.searching.documents import datasets_named


class AppJoins:
    """Writes in the transaction that changes the app."""

    async def keep(self, session: AsyncSession, workspace_id: str, app_id: str, dataset_ids: Sequence[str]) -> None:
        """From now on the app searches these; ids of no dataset of the workspace are left out."""
        wanted = {row.id for row in await datasets_named(session, workspace_id, dataset_ids)}
        joins = select(AppDatasetJoin.dataset_id).where(AppDatasetJoin.app_id == app_id)
        known = set(await session.scalars(joins))
        gone = known - wanted
        if gone:
            await session.execute(
                delete(AppDatasetJoin).where(AppDatasetJoin.app_id == app_id, AppDatasetJoin.dataset_id.in_(gone))
            )
        session.add_all([AppDatasetJoin(app_id=app_id, dataset_id=one) for one in sorted(wanted - known)])
