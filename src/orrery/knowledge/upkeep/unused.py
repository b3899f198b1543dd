"""Datasets that nobody asked or changed for a while: their documents are switched off, and one by one kept note of.

Only the state changes: passages of a document that is off are not found, and switching it on again costs nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, insert, not_, select, update

from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.knowledge.datasets.tables import Dataset, DatasetQuery
from orrery.knowledge.documents.tables import Document
from orrery.knowledge.upkeep.tables import AutoDisableLog


async def switch_off_unused(database: Database, before: datetime, now: datetime) -> int:
    """Switches off the documents of every dataset that was neither asked nor changed since ``before``; how many.

    One transaction for each dataset, so that it may be broken off and done again.
    """
    done = 0
    async with database.read() as session:
        unused = list(await session.scalars(select(Dataset.id).where(_unused(before)).order_by(Dataset.id)))
    for dataset_id in unused:
        done += await _switch_off(database, dataset_id, before, now)
    return done


async def _switch_off(database: Database, dataset_id: str, before: datetime, now: datetime) -> int:
    async with database.write() as session:
        wanted = select(Document.id, Document.tenant_id).where(
            Document.dataset_id == dataset_id, _in_use(), exists().where(Dataset.id == dataset_id, _unused(before))
        )
        found = list(await session.execute(wanted.with_for_update()))
        if found:
            ids = [row.id for row in found]
            off = {"enabled": False, "disabled_at": now, "updated_at": now}
            await session.execute(update(Document).where(Document.id.in_(ids)).values(**off))
            rows = [
                {
                    "id": new_id(), "tenant_id": row.tenant_id, "dataset_id": dataset_id, "document_id": row.id,
                    "notified": False, "created_at": now,
                }
                for row in found
            ]  # fmt: skip
            await session.execute(insert(AutoDisableLog), rows)
    return len(found)


def _in_use() -> ColumnElement[bool]:
    return and_(Document.indexing_status == "completed", Document.enabled.is_(True), Document.archived.is_(False))


def _unused(before: datetime) -> ColumnElement[bool]:
    """Old enough, with something to switch off, and nothing in it or about it is younger."""
    of_it = Document.dataset_id == Dataset.id
    return and_(
        Dataset.deleted_at.is_(None),
        Dataset.created_at < before,
        exists().where(of_it, _in_use()),
        not_(exists().where(of_it, Document.updated_at >= before)),
        not_(exists().where(DatasetQuery.dataset_id == Dataset.id, DatasetQuery.created_at >= before)),
    )
