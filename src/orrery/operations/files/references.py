"""Where rows name files: every text of every table is looked through for the ids of files that there are.

Looking everywhere costs a pass over the database, and forgets no column that was added since.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection, Mapping

import msgspec
from sqlalchemy import MetaData, select
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.operations.rows.shape import Shape, narrowed, shapes

FILE_TABLES: Mapping[str, str] = {"upload_files": "key", "tool_files": "file_key"}
"""The tables of files, and the column that names the object."""
BATCH_ROWS = 500
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class KnownFile(msgspec.Struct, frozen=True):
    """A file that has a row. ``created`` is its time, in seconds since the epoch."""

    id: str
    table: str
    key: str
    name: str
    workspace_id: str
    created: float


class Reference(msgspec.Struct, frozen=True):
    """A row that names a file: ``source`` is table and column, ``record`` the row's key."""

    source: str
    record: str
    file_id: str


async def known_files(connection: AsyncConnection, metadata: MetaData) -> dict[str, KnownFile]:
    """Every file with a row, by id."""
    found: dict[str, KnownFile] = {}
    for name, key in FILE_TABLES.items():
        table = metadata.tables[name]
        columns = [table.c[column] for column in ("id", key, "name", "tenant_id", "created_at")]
        async with connection.stream(select(*columns).execution_options(yield_per=BATCH_ROWS)) as result:
            async for row in result:
                file_id, object_key, file_name, workspace_id, created = list(row)
                found[file_id] = KnownFile(file_id, name, object_key, file_name, workspace_id, created.timestamp())
    return found


async def references(
    connection: AsyncConnection, metadata: MetaData, files: Collection[str]
) -> AsyncGenerator[Reference, None]:
    """Every place outside the tables of files that names one of ``files``."""
    for shape in shapes(metadata):
        if shape.name in FILE_TABLES:
            continue
        keys = [column.name for column in metadata.tables[shape.name].primary_key.columns]
        texts = _texts(shape, keys)
        if not texts:
            continue
        part = narrowed(metadata.tables[shape.name], [*keys, *texts])
        query = select(part.table).execution_options(yield_per=BATCH_ROWS)
        async with connection.stream(query) as result:
            async for row in result:
                record = "/".join(str(value) for value in row[: len(keys)])
                for column, text in zip(texts, row[len(keys) :], strict=True):
                    for file_id in _named(text, files):
                        yield Reference(f"{shape.name}.{column}", record, file_id)


def _texts(shape: Shape, keys: Collection[str]) -> list[str]:
    return [name for name, kind in zip(shape.columns, shape.kinds, strict=True) if kind == "text" and name not in keys]


def _named(text: object, files: Collection[str]) -> set[str]:
    if not isinstance(text, str) or len(text) < 36:
        return set()
    return {found for found in _ID.findall(text) if found in files}
