"""What of a document is not in the index yet, read in batches and noted when it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal, or_, select, update
from sqlalchemy import Table as CoreTable
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.knowledge.documents import states
from orrery.knowledge.documents.tables import ChildChunk, DocumentSegment
from orrery.knowledge.indexing.progress import Task

_segments = cast("CoreTable", DocumentSegment.__table__)
_children = cast("CoreTable", ChildChunk.__table__)


def _finished(now: object) -> dict[str, object]:
    return {
        "status": states.COMPLETED,
        "completed_at": now,
        "updated_at": now,
        "error": None,
        # Who switched a segment off meant it, also for the time after the document is indexed anew.
        "enabled": _segments.c.disabled_at.is_(None),
    }


_FINISH_SEGMENT = (
    update(_segments)
    .where(_segments.c.id == bindparam("b_id"))
    .values(
        tokens=bindparam("b_tokens"),
        keywords=bindparam("b_keywords", type_=_segments.c.keywords.type),
        **_finished(bindparam("b_now", type_=_segments.c.completed_at.type)),
    )
)
_FINISH_CHILD = (
    update(_children)
    .where(_children.c.id == bindparam("b_id"))
    .values(
        completed_at=bindparam("b_now", type_=_children.c.completed_at.type),
        updated_at=bindparam("b_now", type_=_children.c.completed_at.type),
    )
)


class Item(msgspec.Struct, frozen=True):
    """A text to be put into the index: of a segment, or of one of its child chunks (``child_id``)."""

    node_id: str
    segment_id: str
    child_id: str | None
    text: str


class Indexed(msgspec.Struct, frozen=True):
    """What became of an item: the keywords that it is found by, and its tokens."""

    item: Item
    keywords: tuple[str, ...] = ()
    tokens: int = 0


Place = tuple[int, int]
"""Positions of segment and child: how far a document was read."""
START: Place = (0, 0)


class Batch(msgspec.Struct, frozen=True):
    """``last`` is where the next one begins."""

    items: Sequence[Item]
    last: Place


async def read_batch(session: AsyncSession, task: Task, after: Place, size: int) -> Batch | None:
    """The next texts that are not in the index, None when there is none after that place."""
    query = _children_after(task, after) if task.hierarchical else _segments_after(task, after)
    rows = (await session.execute(query.limit(size))).all()
    if not rows:
        return None
    items = [Item(row[2], row[3], row[4], row[5]) for row in rows]
    return Batch(items, (rows[-1][0], rows[-1][1]))


async def count(session: AsyncSession, task: Task) -> int:
    """Segments that are not in the index."""
    query = select(func.count()).select_from(_segments).where(*_unfinished(task))
    return (await session.execute(query)).scalar_one()


async def note_indexed(session: AsyncSession, task: Task, done: Sequence[Indexed], now: datetime) -> None:
    """Says of items whose entries are in the index that they are, and of segments all of whose items are."""
    if task.hierarchical:
        await _note_children(session, task, done, now)
        return
    rows = [
        {
            "b_id": one.item.segment_id,
            "b_tokens": one.tokens,
            "b_keywords": list(one.keywords),
            "b_now": now,
        }
        for one in done
    ]
    await session.execute(_FINISH_SEGMENT, rows)


async def _note_children(session: AsyncSession, task: Task, done: Sequence[Indexed], now: datetime) -> None:
    await session.execute(_FINISH_CHILD, [{"b_id": one.item.child_id, "b_now": now} for one in done])
    open_child = select(_children.c.id).where(
        _children.c.segment_id == _segments.c.id, _children.c.completed_at.is_(None)
    )
    touched = {one.item.segment_id for one in done}
    await session.execute(
        update(_segments)
        .where(*_unfinished(task), _segments.c.id.in_(touched), ~exists(open_child))
        .values(**_finished(literal(now, _segments.c.completed_at.type)))
    )


async def total_tokens(session: AsyncSession, task: Task) -> int:
    """Of all segments of the document."""
    query = select(func.sum(_segments.c.tokens)).where(_segments.c.document_id == task.document_id)
    return int((await session.execute(query)).scalar() or 0)


def _segments_after(task: Task, after: Place) -> Select[int, int, str, str, str | None, str]:
    return (
        select(
            _segments.c.position,
            _segments.c.position,
            _segments.c.index_node_id,
            _segments.c.id,
            literal(None, _segments.c.id.type),
            _segments.c.content,
        )
        .where(*_unfinished(task), _segments.c.position > after[0])
        .order_by(_segments.c.position)
    )


def _children_after(task: Task, after: Place) -> Select[int, int, str, str, str | None, str]:
    columns = (
        _segments.c.position,
        _children.c.position,
        _children.c.index_node_id,
        _segments.c.id,
        _children.c.id,
        _children.c.content,
    )
    return (
        select(*columns)
        .join(_children, _children.c.segment_id == _segments.c.id)
        .where(
            *_unfinished(task),
            _children.c.completed_at.is_(None),
            or_(
                _segments.c.position > after[0],
                (_segments.c.position == after[0]) & (_children.c.position > after[1]),
            ),
        )
        .order_by(_segments.c.position, _children.c.position)
    )


def _unfinished(task: Task) -> tuple[ColumnElement[bool], ...]:
    return (_segments.c.document_id == task.document_id, _segments.c.status == states.INDEXING)
