"""Chunks become rows. Where a document is indexed anew, chunks that stay the same keep their rows and vectors."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import Table as CoreTable
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.ids import new_id
from orrery.inference.tokens import text_tokens
from orrery.knowledge.documents import states
from orrery.knowledge.documents.tables import ChildChunk, DocumentSegment
from orrery.knowledge.index.writing import AT_ONCE, remove_in, slices
from orrery.knowledge.indexing.progress import Task
from orrery.retrieval.chunking import Chunk, each_chunk
from orrery.retrieval.extraction.unit import Unit
from orrery.retrieval.hashing import text_hash

_segments = cast("CoreTable", DocumentSegment.__table__)
_children = cast("CoreTable", ChildChunk.__table__)
_KEEP = (
    update(_segments)
    .where(_segments.c.id == bindparam("b_id"))
    .values(position=bindparam("b_position"), status=bindparam("b_status"))
)


class _Known(msgspec.Struct, frozen=True):
    """A segment that is there. ``nodes`` are its keys in the index; ``done``: its entries are in it."""

    id: str
    nodes: tuple[str, ...]
    done: bool


class Planned(msgspec.Struct, frozen=True):
    """A chunk with what is derived from it: hashes of its text and of its children's, its tokens."""

    chunk: Chunk
    hash: str
    child_hashes: tuple[str, ...]
    tokens: int


def plan(units: Sequence[Unit], task: Task) -> list[Planned]:
    """Cleans and splits; takes a while for long documents, so it is for a thread. Raises `BadRule`."""
    return [
        Planned(
            chunk,
            text_hash(chunk.content),
            tuple(map(text_hash, chunk.children)),
            # Other segments' tokens are counted when they are put into the index; of these only children are.
            text_tokens(chunk.content) if task.hierarchical else 0,
        )
        for chunk in each_chunk(units, task.rule, task.form)
    ]


class Comparison(msgspec.Struct, frozen=True):
    """What the rows that are there say beside the chunks: rows to keep, chunks to insert, rows to remove."""

    kept: list[dict[str, object]]
    fresh: list[tuple[int, Planned]]
    gone: list[_Known]


async def compare(session: AsyncSession, task: Task, chunks: Sequence[Planned]) -> Comparison:
    """Finds the chunks whose rows are there already, from the document's last time or from a save that broke off."""
    known = await _known(session, task)
    kept: list[dict[str, object]] = []
    fresh: list[tuple[int, Planned]] = []
    for position, planned in enumerate(chunks, 1):
        same = known.get(_identity(planned.hash, planned.child_hashes))
        if same:
            found = same.popleft()
            status = states.COMPLETED if found.done else states.INDEXING
            kept.append({"b_id": found.id, "b_position": position, "b_status": status})
        else:
            fresh.append((position, planned))
    return Comparison(kept, fresh, [one for left in known.values() for one in left])


async def insert_chunks(session: AsyncSession, task: Task, fresh: Iterable[tuple[int, Planned]], now: datetime) -> None:
    """Chunks become rows that nobody counts on before `settle`."""
    for some in slices(fresh, AT_ONCE):
        await _insert(session, task, some, now)


async def settle(session: AsyncSession, task: Task, found: Comparison) -> None:
    """With all chunks inserted: the rows of the others go, with their entries, and what is left is to be indexed."""
    await _remove(session, task, found.gone)
    await session.execute(
        update(_segments)
        .where(_segments.c.document_id == task.document_id, _segments.c.status == states.WAITING)
        .values(status=states.INDEXING)
    )
    for some in slices(found.kept, AT_ONCE):
        await session.execute(_KEEP, some)


async def _known(session: AsyncSession, task: Task) -> dict[str, deque[_Known]]:
    """The segments that there are, by what they say, in the order of their positions."""
    nodes: dict[str, list[str]] = defaultdict(list)
    hashes: dict[str, list[str]] = defaultdict(list)
    of_document = _children.c.document_id == task.document_id
    query = select(_children.c.segment_id, _children.c.index_node_id, _children.c.index_node_hash).where(of_document)
    for segment_id, node_id, node_hash in await session.execute(query.order_by(_children.c.position, _children.c.id)):
        nodes[segment_id].append(node_id)
        hashes[segment_id].append(node_hash)
    found: dict[str, deque[_Known]] = defaultdict(deque)
    columns = (_segments.c.id, _segments.c.index_node_id, _segments.c.index_node_hash, _segments.c.completed_at)
    segments = select(*columns).where(_segments.c.document_id == task.document_id)
    for segment_id, node_id, node_hash, completed in await session.execute(
        segments.order_by(_segments.c.position, _segments.c.id)
    ):
        one = _Known(segment_id, (node_id, *nodes[segment_id]), completed is not None)
        found[_identity(node_hash, hashes[segment_id])].append(one)
    return found


def _identity(own: str | None, children: Iterable[str]) -> str:
    """Equal for segments that say the same and are parted in the same way."""
    return hashlib.sha256("/".join([own or "", *children]).encode()).hexdigest()


async def _remove(session: AsyncSession, task: Task, gone: Sequence[_Known]) -> None:
    await remove_in(session, task.dataset_id, [node for one in gone for node in one.nodes])
    for some in slices(gone, AT_ONCE):
        await session.execute(delete(_segments).where(_segments.c.id.in_([one.id for one in some])))


async def _insert(session: AsyncSession, task: Task, fresh: Sequence[tuple[int, Planned]], now: datetime) -> None:
    segments: list[dict[str, object]] = []
    children: list[dict[str, object]] = []
    for position, planned in fresh:
        row = _row(task, planned.chunk.content, planned.hash, position, now)
        segments.append(row | _NEW_SEGMENT | {"tokens": planned.tokens})
        texts = zip(planned.chunk.children, planned.child_hashes, strict=True)
        for place, (text, text_digest) in enumerate(texts, 1):
            child = _row(task, text, text_digest, place, now)
            children.append(child | {"segment_id": row["id"], "type": "automatic"})
    await session.execute(insert(_segments), segments)
    for some in slices(children, AT_ONCE):
        await session.execute(insert(_children), some)


_NEW_SEGMENT: dict[str, object] = {"status": states.WAITING, "enabled": False, "hit_count": 0, "keywords": []}


def _row(task: Task, content: str, digest: str, position: int, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "tenant_id": task.workspace_id,
        "dataset_id": task.dataset_id,
        "document_id": task.document_id,
        "position": position,
        "content": content,
        "word_count": len(content),
        "index_node_id": new_id(),
        "index_node_hash": digest,
        "created_by": task.created_by,
        "created_at": now,
        "updated_at": now,
        "indexing_at": now,
    }
