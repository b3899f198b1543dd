"""Copies of datasets' entries in memory, each as new as the rows when a search begins.

A copy knows the generation that it was read at. One small query tells whether there is a newer one; then only rows
written since are read, and, where something was removed, the list of the keys that are left.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from typing import Generic, Protocol, TypeVar, cast

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy import Table as CoreTable

from orrery.database.engine import Database
from orrery.knowledge.index.tables import KnowledgeIndex

PAGE = 1000
"""Rows that are read at a time."""
PART = 4000
"""Rows of a part of a dataset that is too large for a copy."""
MOST_BYTES = 256 << 20
"""What the copies of one kind may take together; the one that was asked for longest ago goes first."""
_index = cast("CoreTable", KnowledgeIndex.__table__)


class Standing(msgspec.Struct, frozen=True):
    """How far a dataset's index is. Zeros for one that has none."""

    generation: int = 0
    removed_at: int = 0
    dimension: int | None = None


class Holder(Protocol):
    """What a copy is made of: entries by node id."""

    @property
    def nbytes(self) -> int: ...

    def __len__(self) -> int: ...

    def remove(self, node_ids: Collection[str]) -> None: ...


H = TypeVar("H", bound=Holder)


class _Copy(Generic[H]):
    def __init__(self, holder: H) -> None:
        self.holder = holder
        self.standing = Standing()
        self.nodes: set[str] = set()
        self.lock = asyncio.Lock()


class Copies(Generic[H]):
    """Copies of the rows of ``table``. ``put`` adds rows (node id, document id, ``content``) to a holder."""

    def __init__(
        self,
        database: Database,
        table: CoreTable,
        content: str,
        make: Callable[[], H],
        put: Callable[[H, Sequence[Row[str, str, object]]], None],
        *,
        most_bytes: int | None = None,
    ) -> None:
        self._database = database
        self._table = table
        self._content = table.columns[content]
        self._make = make
        self._put = put
        self._most_bytes = MOST_BYTES if most_bytes is None else most_bytes
        self._copies: OrderedDict[str, _Copy[H]] = OrderedDict()

    async def of(self, dataset_id: str) -> H:
        """The entries of a dataset, as they are now. Raises what the database says."""
        copy = self._copies.get(dataset_id)
        if copy is None:
            copy = self._copies[dataset_id] = _Copy(self._make())
        self._copies.move_to_end(dataset_id)
        async with copy.lock:
            standing = await self._standing(dataset_id)
            if standing.generation != copy.standing.generation:
                await self._refresh(dataset_id, copy, standing)
        self._shed()
        return copy.holder

    async def fits(self, dataset_id: str, entry_bytes: Callable[[int], int]) -> bool:
        """Whether a copy would take no more memory than there is for all; ``entry_bytes`` of a dimension."""
        known = self._copies.get(dataset_id)
        if known is not None and known.holder.nbytes <= self._most_bytes:
            return True
        self._copies.pop(dataset_id, None)
        standing = await self._standing(dataset_id)
        query = select(func.count()).select_from(self._table).where(self._table.c.dataset_id == dataset_id)
        async with self._database.reader.connect() as connection:
            rows = (await connection.execute(query)).scalar_one()
        return rows * entry_bytes(standing.dimension or 0) <= self._most_bytes

    async def pages(self, dataset_id: str) -> AsyncGenerator[H]:
        """The entries as they are now, in parts, none of which is kept."""
        async for rows in self._rows(dataset_id, 0, PART):
            part = self._make()
            await asyncio.to_thread(self._put, part, rows)
            yield part

    async def _standing(self, dataset_id: str) -> Standing:
        query = select(_index.c.generation, _index.c.removed_at, _index.c.dimension)
        async with self._database.reader.connect() as connection:
            row = (await connection.execute(query.where(_index.c.dataset_id == dataset_id))).one_or_none()
        return Standing() if row is None else Standing(*row)

    async def _refresh(self, dataset_id: str, copy: _Copy[H], standing: Standing) -> None:
        anew = standing.generation < copy.standing.generation or standing.dimension != copy.standing.dimension
        if anew and copy.nodes:
            # The index was dropped and made again: nothing of the old one may be compared with the new one.
            copy.holder, copy.nodes, copy.standing = self._make(), set(), Standing()
        since = copy.standing.generation
        if copy.nodes and standing.removed_at > since:
            gone = copy.nodes - await self._keys(dataset_id)
            copy.holder.remove(gone)
            copy.nodes -= gone
        await self._read(dataset_id, copy, since)
        # Only now: where reading breaks off, the next search begins again.
        copy.standing = standing

    async def _keys(self, dataset_id: str) -> set[str]:
        query = select(self._table.c.node_id).where(self._table.c.dataset_id == dataset_id)
        async with self._database.reader.connect() as connection:
            return set(await connection.scalars(query))

    async def _read(self, dataset_id: str, copy: _Copy[H], since: int) -> None:
        """Rows that were written after ``since``, page by page."""
        async for rows in self._rows(dataset_id, since, PAGE):
            await asyncio.to_thread(self._put, copy.holder, rows)
            copy.nodes.update(row[0] for row in rows)

    async def _rows(self, dataset_id: str, since: int, size: int) -> AsyncGenerator[Sequence[Row[str, str, object]]]:
        columns = (self._table.c.node_id, self._table.c.document_id, self._content)
        query = (
            select(*columns)
            .where(self._table.c.dataset_id == dataset_id, self._table.c.generation > since)
            .order_by(self._table.c.node_id)
            .limit(size)
        )
        last = ""
        while True:
            async with self._database.reader.connect() as connection:
                rows = (await connection.execute(query.where(self._table.c.node_id > last))).all()
            if not rows:
                return
            yield rows
            last = rows[-1][0]

    def _shed(self) -> None:
        """Lets go of copies until the rest fits; the newest one stays in any case."""
        total = sum(copy.holder.nbytes for copy in self._copies.values())
        while total > self._most_bytes and len(self._copies) > 1:
            _, oldest = self._copies.popitem(last=False)
            total -= oldest.holder.nbytes
