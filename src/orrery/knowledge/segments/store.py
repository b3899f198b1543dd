"""SQL of segments and child chunks. Every query starts from one document of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.knowledge.datasets.tables import ProcessRuleRow
from orrery.knowledge.documents.tables import ChildChunk, Document, DocumentSegment
from orrery.knowledge.index.writing import AT_ONCE, slices
from orrery.knowledge.segments.place import Place
from orrery.retrieval.rules import AUTOMATIC, ProcessRule, read_rule

STALE = "re_segment"
"""The status of segments whose document is being split anew: nobody sees them."""


_LONGEST = 1 << 31
"""A rule that was good when it was made stays so, whatever the limit is now."""


def segments_of(place: Place) -> Select[DocumentSegment]:
    """The statement that every query of segments starts from."""
    return select(DocumentSegment).where(
        DocumentSegment.tenant_id == place.workspace_id,
        DocumentSegment.dataset_id == place.dataset_id,
        DocumentSegment.document_id == place.document_id,
    )


async def page_of_segments(
    session: AsyncSession, place: Place, *, page: int, limit: int, statuses: Sequence[str], keyword: str | None
) -> tuple[list[DocumentSegment], int]:
    """One page in the order of the text, and the total."""
    query = segments_of(place)
    query = query.where(DocumentSegment.status.in_(statuses) if statuses else DocumentSegment.status != STALE)
    if keyword:
        query = query.where(DocumentSegment.content.icontains(keyword, autoescape=True))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = await session.scalars(
        query.order_by(DocumentSegment.position, DocumentSegment.id).offset((page - 1) * limit).limit(limit)
    )
    return list(rows), total


async def some_segments(session: AsyncSession, place: Place, ids: Iterable[str]) -> list[DocumentSegment]:
    """Those that there are."""
    found: list[DocumentSegment] = []
    for some in slices(dict.fromkeys(ids), AT_ONCE):
        found.extend(await session.scalars(segments_of(place).where(DocumentSegment.id.in_(some))))
    return found


async def next_position(session: AsyncSession, place: Place) -> int:
    """The place after the document's last segment."""
    last = await session.scalar(
        select(func.max(DocumentSegment.position)).where(
            DocumentSegment.tenant_id == place.workspace_id, DocumentSegment.document_id == place.document_id
        )
    )
    return (last or 0) + 1


async def children_of(session: AsyncSession, segments: Sequence[DocumentSegment]) -> dict[str, list[ChildChunk]]:
    """Child chunks by segment, in their order."""
    found: dict[str, list[ChildChunk]] = {}
    for some in slices((segment.id for segment in segments), AT_ONCE):
        query = select(ChildChunk).where(ChildChunk.segment_id.in_(some))
        for child in await session.scalars(query.order_by(ChildChunk.position, ChildChunk.id)):
            found.setdefault(child.segment_id, []).append(child)
    return found


async def page_of_children(
    session: AsyncSession, segment: DocumentSegment, *, page: int, limit: int, keyword: str | None
) -> tuple[list[ChildChunk], int]:
    """One page in their order, and the total."""
    query = select(ChildChunk).where(ChildChunk.segment_id == segment.id)
    if keyword:
        query = query.where(ChildChunk.content.icontains(keyword, autoescape=True))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = await session.scalars(
        query.order_by(ChildChunk.position, ChildChunk.id).offset((page - 1) * limit).limit(limit)
    )
    return list(rows), total


async def find_child(session: AsyncSession, segment: DocumentSegment, child_id: str) -> ChildChunk | None:
    return await session.scalar(
        select(ChildChunk).where(ChildChunk.segment_id == segment.id, ChildChunk.id == child_id)
    )


async def last_child_position(session: AsyncSession, segment: DocumentSegment) -> int:
    return await session.scalar(select(func.max(ChildChunk.position)).where(ChildChunk.segment_id == segment.id)) or 0


async def rule_of(session: AsyncSession, document: Document) -> ProcessRule:
    """How the document was split."""
    row = None
    if document.dataset_process_rule_id:
        row = await session.scalar(
            select(ProcessRuleRow).where(
                ProcessRuleRow.id == document.dataset_process_rule_id,
                ProcessRuleRow.dataset_id == document.dataset_id,
            )
        )
    return AUTOMATIC if row is None else read_rule({"mode": row.mode, "rules": row.rules}, longest=_LONGEST)
