"""Changes of the index inside the caller's transaction, so that a passage and its entry are there together or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar, cast

from sqlalchemy import Table as CoreTable
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.insert_missing import InsertMissing
from orrery.database.upsert import Upsert
from orrery.knowledge.index.tables import KnowledgeIndex, KnowledgeTerms, KnowledgeVector
from orrery.retrieval.search_text import terms
from orrery.retrieval.stores.protocol import Entry, WrongDimension

T = TypeVar("T")

AT_ONCE = 500
"""Keys in one statement: every engine takes so many parameters."""
_NUMBER_BYTES = 4
_index = cast("CoreTable", KnowledgeIndex.__table__)
_vectors = cast("CoreTable", KnowledgeVector.__table__)
_terms = cast("CoreTable", KnowledgeTerms.__table__)
_ENTRY_TABLES = (_vectors, _terms)


async def put_in(session: AsyncSession, dataset_id: str, entries: Sequence[Entry]) -> None:
    """Puts entries in, in the place of those with the same node id. Raises `WrongDimension`."""
    if not entries:
        return
    generation = await _next_generation(session, dataset_id)
    vectors = [(entry, entry.vector) for entry in entries if entry.vector is not None]
    if vectors:
        await _require_dimension(session, dataset_id, {len(vector) // _NUMBER_BYTES for _, vector in vectors})
        rows = [{**_place(entry, dataset_id, generation), "vector": vector} for entry, vector in vectors]
        await session.execute(Upsert(_vectors), rows)
    await _remove_vectors(session, dataset_id, [one.node_id for one in entries if one.vector is None], generation)
    texts = [{**_place(one, dataset_id, generation), "terms": "\n".join(_words(one))} for one in entries]
    await session.execute(Upsert(_terms), texts)


async def remove_in(session: AsyncSession, dataset_id: str, node_ids: Iterable[str]) -> None:
    """Takes entries out; unknown ids are fine, and so is a dataset without an index."""
    await _remove(session, dataset_id, "node_id", node_ids)


async def remove_documents_in(session: AsyncSession, dataset_id: str, document_ids: Iterable[str]) -> None:
    """Takes every entry of these documents out."""
    await _remove(session, dataset_id, "document_id", document_ids)


async def drop_in(session: AsyncSession, dataset_id: str) -> None:
    """Takes the whole index of a dataset away; vectors of any length may follow."""
    if not await _lock(session, dataset_id):
        return
    for table in _ENTRY_TABLES:
        await session.execute(delete(table).where(table.c.dataset_id == dataset_id))
    await _note_removal(session, dataset_id)
    await session.execute(update(_index).where(_index.c.dataset_id == dataset_id).values(dimension=None))


async def forget_in(session: AsyncSession, dataset_id: str) -> None:
    """Like `drop_in`, for a dataset that will not be again."""
    await drop_in(session, dataset_id)
    await session.execute(delete(_index).where(_index.c.dataset_id == dataset_id))


def slices(some: Iterable[T], size: int) -> Iterator[list[T]]:
    """In lists of at most ``size``."""
    left = iter(some)
    while found := list(islice(left, size)):
        yield found


async def _remove_vectors(session: AsyncSession, dataset_id: str, node_ids: Sequence[str], generation: int) -> None:
    """Of entries that come back without a vector; a dataset that has none is not searched for them."""
    mine = _index.c.dataset_id == dataset_id
    if not node_ids or (await session.execute(select(_index.c.dimension).where(mine))).scalar_one() is None:
        return
    connection = await session.connection()
    gone = 0
    for some in slices(node_ids, AT_ONCE):
        found = (_vectors.c.node_id.in_(some), _vectors.c.dataset_id == dataset_id)
        gone += (await connection.execute(delete(_vectors).where(*found))).rowcount
    if gone:
        await connection.execute(update(_index).where(mine).values(removed_at=generation))


def _words(entry: Entry) -> Iterable[str]:
    return terms(entry.text) if entry.terms is None else entry.terms


def _place(entry: Entry, dataset_id: str, generation: int) -> dict[str, object]:
    return {
        "node_id": entry.node_id,
        "dataset_id": dataset_id,
        "document_id": entry.document_id,
        "segment_id": entry.segment_id,
        "generation": generation,
    }


async def _next_generation(session: AsyncSession, dataset_id: str) -> int:
    """The number of this change. Its row stays locked until the caller's transaction ends."""
    step = update(_index).where(_index.c.dataset_id == dataset_id).values(generation=_index.c.generation + 1)
    connection = await session.connection()
    if (await connection.execute(step)).rowcount == 0:
        await connection.execute(
            InsertMissing(_index), {"dataset_id": dataset_id, "generation": 0, "removed_at": 0, "dimension": None}
        )
        await connection.execute(step)
    found = await connection.execute(select(_index.c.generation).where(_index.c.dataset_id == dataset_id))
    return found.scalar_one()


async def _lock(session: AsyncSession, dataset_id: str) -> bool:
    """Whether the dataset has an index. Whoever changes it waits for others here, before anything else is locked."""
    mine = select(_index.c.dataset_id).where(_index.c.dataset_id == dataset_id).with_for_update()
    return (await session.execute(mine)).scalar_one_or_none() is not None


async def _remove(session: AsyncSession, dataset_id: str, key: str, values: Iterable[str]) -> None:
    if not await _lock(session, dataset_id):
        return
    connection = await session.connection()
    gone = 0
    for some in slices(values, AT_ONCE):
        for table in _ENTRY_TABLES:
            mine = (table.c[key].in_(some), table.c.dataset_id == dataset_id)
            gone += (await connection.execute(delete(table).where(*mine))).rowcount
    if gone:
        await _note_removal(session, dataset_id)


async def _note_removal(session: AsyncSession, dataset_id: str) -> None:
    generation = await _next_generation(session, dataset_id)
    await session.execute(update(_index).where(_index.c.dataset_id == dataset_id).values(removed_at=generation))


async def _require_dimension(session: AsyncSession, dataset_id: str, found: set[int]) -> None:
    mine = _index.c.dataset_id == dataset_id
    known = (await session.execute(select(_index.c.dimension).where(mine))).scalar_one()
    if known is None:
        known = min(found)
        await session.execute(update(_index).where(mine).values(dimension=known))
    wrong = found - {known}
    if wrong:
        raise WrongDimension(has=wrong.pop(), wants=known)


__all__ = [
    "AT_ONCE",
    "drop_in",
    "forget_in",
    "put_in",
    "remove_documents_in",
    "remove_in",
    "slices",
]
