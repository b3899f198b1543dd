"""Documents as they are looked at: pages, one in full, how far a batch has come (knowledge.md 1.2). Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.errors import NotFound
from orrery.knowledge.datasets.errors import DocumentNotFound
from orrery.knowledge.datasets.tables import Dataset, DatasetMetadata, DatasetMetadataBinding, ProcessRuleRow
from orrery.knowledge.documents import states, store
from orrery.knowledge.documents.tables import Document, DocumentSegment
from orrery.workspaces.members.names import AccountNames

Sort = Literal["", "created_at", "-created_at", "hit_count", "-hit_count"]
_INDEXING: Final = tuple(state for state in states.UNDER_WAY if state != states.WAITING)
_ALIASES: Final = {"active": "available", "enabled": "available"}


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A document with what is shown beside it. ``fields`` are those that it has values in; ``segments`` their number."""

    document: Document
    hits: int = 0
    segments: int = 0
    fields: Sequence[DatasetMetadata] = ()
    uploader: str = ""


class DocumentProgress(msgspec.Struct, frozen=True):
    """How many segments of a document are indexed, and of how many."""

    document: Document
    completed: int
    total: int


class Rules(msgspec.Struct, frozen=True):
    """The rule that a document was split by, and the one that the next one gets."""

    own: ProcessRuleRow | None
    latest: ProcessRuleRow | None


def display_status(document: Document) -> str:
    """The one word that says whether a document is searched, and why not."""
    if document.indexing_status == states.WAITING:
        return "queuing"
    if document.indexing_status == states.ERROR:
        return "error"
    if document.indexing_status != states.COMPLETED:
        return "paused" if document.is_paused else "indexing"
    if document.archived:
        return "archived"
    return "available" if document.enabled else "disabled"


def _shown_as(word: str) -> ColumnElement[bool] | None:
    """The documents with this display status; None for a word that is none."""
    word = word.strip().lower()
    completed = Document.indexing_status == states.COMPLETED
    under_way = Document.indexing_status.in_(_INDEXING)
    kept = and_(completed, Document.archived.is_(False))
    conditions: dict[str, ColumnElement[bool]] = {
        "queuing": Document.indexing_status == states.WAITING,
        "indexing": and_(under_way, Document.is_paused.is_(False)),
        "paused": and_(under_way, Document.is_paused.is_(True)),
        "error": Document.indexing_status == states.ERROR,
        "available": and_(kept, Document.enabled.is_(True)),
        "disabled": and_(kept, Document.enabled.is_(False)),
        "archived": and_(completed, Document.archived.is_(True)),
    }
    return conditions.get(_ALIASES.get(word, word))


class DocumentList:
    """Reads the documents of datasets that the caller was let into."""

    def __init__(self, database: Database, names: AccountNames) -> None:
        self._database = database
        self._names = names

    async def page(
        self, dataset: Dataset, *, page: int, limit: int, keyword: str = "", status: str = "", sort: Sort = ""
    ) -> tuple[list[DocumentView], int]:
        """One page, newest first unless sorted, and how many there are in all. An unknown status is no condition."""
        query = store.documents_of(dataset)
        if keyword:
            query = query.where(Document.name.icontains(keyword, autoescape=True))
        shown = _shown_as(status)
        if shown is not None:
            query = query.where(shown)
        async with self._database.read() as session:
            total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
            found = await session.scalars(query.order_by(*_order(sort)).offset((page - 1) * limit).limit(limit))
            rows = list(found)
            counts, fields = await _beside(session, rows)
        return await self._views(rows, counts, fields), total

    async def get(self, dataset: Dataset, document_id: str) -> DocumentView:
        """Raises `DocumentNotFound`."""
        async with self._database.read() as session:
            row = await session.scalar(store.documents_of(dataset).where(Document.id == document_id))
            if row is None:
                raise DocumentNotFound
            counts, fields = await _beside(session, [row])
        (view,) = await self._views([row], counts, fields)
        return view

    async def of(self, dataset: Dataset, document_ids: Sequence[str]) -> list[Document]:
        """These documents, as far as there are any, in the order of their position."""
        query = store.documents_of(dataset).where(Document.id.in_(document_ids)).order_by(Document.position)
        async with self._database.read() as session:
            return list(await session.scalars(query))

    async def rules(self, dataset: Dataset, document: Document) -> Rules:
        """What the document was, and what the next one will be, split by."""
        async with self._database.read() as session:
            own = None
            if document.dataset_process_rule_id:
                own = await session.scalar(
                    select(ProcessRuleRow).where(
                        ProcessRuleRow.dataset_id == dataset.id,
                        ProcessRuleRow.id == document.dataset_process_rule_id,
                    )
                )
            return Rules(own, await store.latest_rule(session, dataset))

    async def progress(self, dataset: Dataset, batch: str | None = None) -> list[DocumentProgress]:
        """How far the documents of a batch, or of the whole dataset, have come. Raises `NotFound` for no such batch."""
        query = store.documents_of(dataset).order_by(Document.position)
        if batch is not None:
            query = query.where(Document.batch == batch)
        async with self._database.read() as session:
            rows = list(await session.scalars(query))
            counts = await _segments_of(session, [row.id for row in rows])
        if batch is not None and not rows:
            raise NotFound("Documents not found.")
        none = _Counts()
        return [
            DocumentProgress(row, counts.get(row.id, none).completed, counts.get(row.id, none).segments) for row in rows
        ]

    async def _views(
        self, rows: Sequence[Document], counts: Mapping[str, _Counts], fields: Mapping[str, Sequence[DatasetMetadata]]
    ) -> list[DocumentView]:
        # After the transaction that read the rows: names are read by a connection of their own.
        names = await self._names.of([row.created_by for row in rows])
        none = _Counts()
        return [
            DocumentView(
                document=row,
                hits=counts.get(row.id, none).hits,
                segments=counts.get(row.id, none).segments,
                fields=fields.get(row.id, ()),
                uploader=names.get(row.created_by, ""),
            )
            for row in rows
        ]


class _Counts(msgspec.Struct, frozen=True):
    hits: int = 0
    segments: int = 0
    completed: int = 0


async def _beside(
    session: AsyncSession, rows: Sequence[Document]
) -> tuple[Mapping[str, _Counts], Mapping[str, Sequence[DatasetMetadata]]]:
    ids = [row.id for row in rows]
    return await _segments_of(session, ids), await _fields_of(session, ids)


async def _segments_of(session: AsyncSession, document_ids: Sequence[str]) -> dict[str, _Counts]:
    """What is counted of each document's segments; stale ones are not."""
    if not document_ids:
        return {}
    done = case((DocumentSegment.completed_at.is_not(None), 1), else_=0)
    rows = await session.execute(
        select(DocumentSegment.document_id, func.sum(DocumentSegment.hit_count), func.count(), func.sum(done))
        .where(DocumentSegment.document_id.in_(document_ids), DocumentSegment.status != states.STALE)
        .group_by(DocumentSegment.document_id)
    )
    return {row[0]: _Counts(int(row[1] or 0), row[2], int(row[3] or 0)) for row in rows}


async def _fields_of(session: AsyncSession, document_ids: Sequence[str]) -> Mapping[str, list[DatasetMetadata]]:
    """The fields that each document has values in, the oldest first."""
    found: dict[str, list[DatasetMetadata]] = {}
    if document_ids:
        rows = await session.execute(
            select(DatasetMetadataBinding.document_id, DatasetMetadata)
            .join(DatasetMetadata, DatasetMetadata.id == DatasetMetadataBinding.metadata_id)
            .where(DatasetMetadataBinding.document_id.in_(document_ids))
            .order_by(DatasetMetadata.created_at, DatasetMetadata.id)
        )
        for document_id, field in rows:
            found.setdefault(document_id, []).append(field)
    return found


def _order(sort: Sort) -> Sequence[ColumnElement[int] | ColumnElement[datetime]]:
    newest = (Document.created_at.desc(), Document.position.desc())
    hits = (
        select(func.coalesce(func.sum(DocumentSegment.hit_count), 0))
        .where(DocumentSegment.document_id == Document.id)
        .scalar_subquery()
    )
    match sort:
        case "created_at":
            return Document.created_at.asc(), Document.position.asc()
        case "hit_count":
            return hits.asc(), Document.position.asc()
        case "-hit_count":
            return hits.desc(), Document.position.asc()
        case _:
            return newest
