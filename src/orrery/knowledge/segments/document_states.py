"""Documents switched on and off, archived and taken back (knowledge.md 8.2).

The index stays as it is: searches ask the rows. The flags of segments follow, as clients expect; those that somebody
switched off one by one stay off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.knowledge.documents.tables import Document, DocumentSegment
from orrery.knowledge.segments.errors import InvalidAction
from orrery.knowledge.segments.place import find_dataset

Action: TypeAlias = Literal["enable", "disable", "archive", "un_archive"]
_ACTIONS = ("enable", "disable", "archive", "un_archive")
_SETTLED = ("completed", "error")


class DocumentStates:
    """Changes the states of several documents in one transaction: all of them or none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set(
        self, workspace_id: str, dataset_id: str, document_ids: Sequence[str], action: str, account_id: str
    ) -> None:
        """Ids of no document are left out, and documents that are in the state already.

        Raises `DatasetNotFound`; `InvalidAction` for an unknown action, or a document that can't take it now.
        """
        if action not in _ACTIONS:
            raise InvalidAction(f"Invalid action: {action!r}. It is one of {', '.join(_ACTIONS)}.")
        async with self._database.write() as session:
            await find_dataset(session, workspace_id, dataset_id)
            rows = await session.scalars(
                select(Document)
                .where(
                    Document.tenant_id == workspace_id,
                    Document.dataset_id == dataset_id,
                    Document.id.in_(list(dict.fromkeys(document_ids))),
                )
                .order_by(Document.id)
                .with_for_update()
            )
            for document in rows:
                await _set(session, document, action, account_id)


async def _set(session: AsyncSession, document: Document, action: Action, account_id: str) -> None:
    if document.indexing_status not in _SETTLED:
        raise InvalidAction(f"Document:{document.name} is being indexed, please try again later")
    if action == "disable" and document.indexing_status != "completed":
        raise InvalidAction(f"Document:{document.name} is not completed.")
    if action in {"enable", "disable"}:
        enabled = action == "enable"
        if document.enabled == enabled:
            return
        document.enabled = enabled
        document.disabled_at = None if enabled else utc_now()
        document.disabled_by = None if enabled else account_id
    else:
        archived = action == "archive"
        if document.archived == archived:
            return
        document.archived = archived
        document.archived_at = utc_now() if archived else None
        document.archived_by = account_id if archived else None
    await session.execute(
        update(DocumentSegment)
        .where(
            DocumentSegment.tenant_id == document.tenant_id,
            DocumentSegment.document_id == document.id,
            DocumentSegment.status == "completed",
            DocumentSegment.disabled_at.is_(None),
        )
        .values(enabled=document.enabled and not document.archived)
    )
