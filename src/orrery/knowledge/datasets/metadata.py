"""Metadata fields of a dataset, and the values that its documents have in them (knowledge.md 1.7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam
from orrery.knowledge.datasets import store
from orrery.knowledge.datasets.access import Member
from orrery.knowledge.datasets.errors import (
    DatasetNotFound,
    MetadataNameReserved,
    MetadataNameTaken,
    MetadataNotFound,
)
from orrery.knowledge.datasets.tables import Dataset, DatasetMetadata, DatasetMetadataBinding
from orrery.knowledge.documents.tables import Document
from orrery.workspaces.members.names import AccountNames

FieldType = Literal["string", "number", "time"]
BUILT_IN: Final[Mapping[str, FieldType]] = {
    "document_name": "string",
    "uploader": "string",
    "upload_date": "time",
    "last_update_date": "time",
    "source": "string",
}
BUILT_IN_ID: Final = "built-in"
LONGEST_NAME: Final = 255
_SOURCES: Final = {"upload_file": "file_upload", "website_crawl": "website", "notion_import": "notion"}


class FieldValue(msgspec.Struct, frozen=True):
    """The value that a document gets in a field."""

    id: str
    value: object = None


class DocumentValues(msgspec.Struct, frozen=True):
    """The values of a document; ``partial`` keeps those of other fields."""

    document_id: str
    values: tuple[FieldValue, ...]
    partial: bool = False


def built_in_values(document: Document, uploader: str) -> dict[str, object]:
    """What the built-in fields of a document hold; dates are seconds since the epoch."""
    return {
        "document_name": document.name,
        "uploader": uploader,
        "upload_date": document.created_at.timestamp(),
        "last_update_date": document.updated_at.timestamp(),
        "source": _SOURCES.get(document.data_source_type, document.data_source_type),
    }


class MetadataFields:
    """Use cases on fields and values. Each is one transaction; who may do it is checked before."""

    def __init__(self, database: Database, names: AccountNames) -> None:
        self._database = database
        self._names = names

    async def all(self, who: Member, dataset_id: str) -> tuple[list[tuple[DatasetMetadata, int]], bool]:
        """The fields with how many documents have a value in each, and whether built-in ones are on."""
        async with self._database.read() as session:
            dataset = await _dataset(session, who, dataset_id)
            fields = (await store.fields_of(session, [dataset_id])).get(dataset_id, [])
            rows = await session.execute(
                select(DatasetMetadataBinding.metadata_id, func.count())
                .where(DatasetMetadataBinding.dataset_id == dataset_id)
                .group_by(DatasetMetadataBinding.metadata_id)
            )
            counts: dict[str, int] = {row[0]: row[1] for row in rows}
        return [(field, counts.get(field.id, 0)) for field in fields], dataset.built_in_field_enabled

    async def create(self, who: Member, dataset_id: str, kind: FieldType, name: str) -> DatasetMetadata:
        """Raises `DatasetNotFound`, `MetadataNameTaken`, `MetadataNameReserved`, `InvalidParam`."""
        async with self._database.write() as session:
            await _dataset(session, who, dataset_id, locked=True)
            await _check_name(session, dataset_id, name)
            field = DatasetMetadata(
                tenant_id=who.workspace_id, dataset_id=dataset_id, type=kind, name=name, created_by=who.account_id
            )
            session.add(field)
        return field

    async def rename(self, who: Member, dataset_id: str, field_id: str, name: str) -> DatasetMetadata:
        """Raises `DatasetNotFound`, `MetadataNotFound` and what `create` raises."""
        async with self._database.write() as session:
            await _dataset(session, who, dataset_id, locked=True)
            field = await _field(session, dataset_id, field_id)
            if name != field.name:
                await _check_name(session, dataset_id, name)
                for document in await _bound(session, field_id):
                    held = _values(document)
                    document.doc_metadata = {(name if key == field.name else key): v for key, v in held.items()}
                field.name = name
            field.updated_by, field.updated_at = who.account_id, utc_now()
        return field

    async def delete(self, who: Member, dataset_id: str, field_id: str) -> None:
        """Takes the field, and its values, off every document. Raises `DatasetNotFound`, `MetadataNotFound`."""
        async with self._database.write() as session:
            await _dataset(session, who, dataset_id, locked=True)
            field = await _field(session, dataset_id, field_id)
            for document in await _bound(session, field_id):
                document.doc_metadata = {k: v for k, v in _values(document).items() if k != field.name}
            await session.delete(field)

    async def switch_built_in(self, who: Member, dataset_id: str, *, enabled: bool) -> None:
        """Gives the built-in values to the documents that are searched, or takes them away. Raises `DatasetNotFound`."""
        names = await self._uploaders(who, dataset_id)
        async with self._database.write() as session:
            dataset = await _dataset(session, who, dataset_id, locked=True)
            if dataset.built_in_field_enabled == enabled:
                return
            dataset.built_in_field_enabled = enabled
            documents = await session.scalars(
                select(Document)
                .where(
                    Document.dataset_id == dataset_id,
                    Document.indexing_status == "completed",
                    Document.enabled.is_(True),
                    Document.archived.is_(False),
                )
                .with_for_update()
            )
            rows = list(documents)
            for row in rows:
                kept = {name: value for name, value in _values(row).items() if name not in BUILT_IN}
                mine = built_in_values(row, names.get(row.created_by, "")) if enabled else {}
                row.doc_metadata = {**kept, **mine}

    async def set_values(self, who: Member, dataset_id: str, changes: Sequence[DocumentValues]) -> None:
        """Sets values of documents, all or none. Raises `DatasetNotFound`, `MetadataNotFound`, `InvalidParam`."""
        names = await self._uploaders(who, dataset_id)
        async with self._database.write() as session:
            dataset = await _dataset(session, who, dataset_id, locked=True)
            fields = {field.id: field for field in (await store.fields_of(session, [dataset_id])).get(dataset_id, [])}
            wanted = {change.document_id for change in changes}
            rows = await session.scalars(
                select(Document).where(Document.dataset_id == dataset_id, Document.id.in_(wanted)).with_for_update()
            )
            documents = {row.id: row for row in rows}
            for change in changes:
                document = documents.get(change.document_id)
                if document is None:
                    raise InvalidParam("Document not found.", params="operation_data")
                await _set(session, who, dataset, document, change, fields)
                if dataset.built_in_field_enabled:
                    mine = built_in_values(document, names.get(document.created_by, ""))
                    document.doc_metadata = {**_values(document), **mine}

    async def _uploaders(self, who: Member, dataset_id: str) -> dict[str, str]:
        """The names of those who added documents, read before a transaction holds a connection of its own."""
        async with self._database.read() as session:
            ids = await session.scalars(
                select(Document.created_by)
                .where(Document.tenant_id == who.workspace_id, Document.dataset_id == dataset_id)
                .distinct()
            )
            known = list(ids)
        return await self._names.of(known)


async def _set(
    session: AsyncSession,
    who: Member,
    dataset: Dataset,
    document: Document,
    change: DocumentValues,
    fields: Mapping[str, DatasetMetadata],
) -> None:
    """The values and the bindings of one document."""
    values = _values(document) if change.partial else {}
    bound: set[str] = set()
    bindings = DatasetMetadataBinding.document_id == document.id
    if change.partial:
        bound = set(await session.scalars(select(DatasetMetadataBinding.metadata_id).where(bindings)))
    else:
        await session.execute(delete(DatasetMetadataBinding).where(bindings))
    for given in change.values:
        if given.id == BUILT_IN_ID:
            continue  # clients send back what they were shown
        field = fields.get(given.id)
        if field is None:
            raise InvalidParam(f"Metadata not found: {given.id[:64]}", params="operation_data")
        values[field.name] = checked_value(cast("FieldType", field.type), field.name, given.value)
        if field.id not in bound:
            bound.add(field.id)
            session.add(
                DatasetMetadataBinding(
                    tenant_id=who.workspace_id,
                    dataset_id=dataset.id,
                    metadata_id=field.id,
                    document_id=document.id,
                    created_by=who.account_id,
                )
            )
    document.doc_metadata = values


def checked_value(kind: FieldType, name: str, value: object) -> object:
    """A value as it is kept: text, a finite number, or null. Raises `InvalidParam`."""
    if value is None:
        return None
    if kind == "string":
        if isinstance(value, str):
            return value.replace("\x00", "")
        if isinstance(value, int | float):
            return str(value)
    elif isinstance(value, int | float | str) and not isinstance(value, bool):
        if value == "":
            return None
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return value if isinstance(value, int) else number
    words = {"string": "a text", "number": "a number", "time": "a time in seconds since the epoch"}
    raise InvalidParam(f"operation_data: the value of {name} must be {words[kind]}.", params="operation_data")


def _values(document: Document) -> dict[str, object]:
    held = document.doc_metadata
    return dict(cast("Mapping[str, object]", held)) if isinstance(held, Mapping) else {}


async def _dataset(session: AsyncSession, who: Member, dataset_id: str, *, locked: bool = False) -> Dataset:
    dataset = await store.find(session, who.workspace_id, dataset_id, locked=locked)
    if dataset is None:
        raise DatasetNotFound
    return dataset


async def _field(session: AsyncSession, dataset_id: str, field_id: str) -> DatasetMetadata:
    field = await session.scalar(
        select(DatasetMetadata).where(DatasetMetadata.dataset_id == dataset_id, DatasetMetadata.id == field_id)
    )
    if field is None:
        raise MetadataNotFound
    return field


async def _bound(session: AsyncSession, field_id: str) -> list[Document]:
    """The documents with a value in the field, locked."""
    rows = await session.scalars(
        select(Document)
        .join(DatasetMetadataBinding, DatasetMetadataBinding.document_id == Document.id)
        .where(DatasetMetadataBinding.metadata_id == field_id)
        .with_for_update(of=Document)
    )
    return list(rows)


async def _check_name(session: AsyncSession, dataset_id: str, name: str) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidParam(
            "Metadata name cannot exceed 255 characters." if name else "name: is required.", params="name"
        )
    if name in BUILT_IN:
        raise MetadataNameReserved
    taken = select(DatasetMetadata.id).where(DatasetMetadata.dataset_id == dataset_id, DatasetMetadata.name == name)
    if await session.scalar(taken.limit(1)) is not None:
        raise MetadataNameTaken
