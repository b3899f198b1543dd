"""Files that nobody names any more: rows without a reference, and objects without a row.

Young ones are left alone: a file is sent before the message that names it, and an object is written before its row.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import MetaData, delete

from orrery.database.engine import Database
from orrery.operations.files.references import FILE_TABLES, KnownFile, known_files, references
from orrery.operations.progress import Progress, silent
from orrery.storage.protocol import ObjectStorage, StoredObject

PREFIXES = ("image_files", "tools", "upload_files")
_BATCH = 500


class ObjectsWithoutRow(msgspec.Struct, frozen=True):
    """``unknown_age`` were left out, as the storage does not say when they came."""

    found: list[StoredObject]
    unknown_age: int


async def rows_without_reference(database: Database, metadata: MetaData, *, before: float) -> list[KnownFile]:
    """Files from before that moment (seconds since the epoch) that no row names."""
    async with database.reader.connect() as connection:
        files = await known_files(connection, metadata)
        named: set[str] = set()
        async for found in references(connection, metadata, files):
            named.add(found.file_id)
    return [file for file in files.values() if file.id not in named and file.created < before]


async def delete_rows(
    database: Database, metadata: MetaData, files: Sequence[KnownFile], tell: Progress = silent
) -> None:
    """Deletes the rows of these files; their objects stay, for `objects_without_row` to find."""
    done = 0
    for name in FILE_TABLES:
        table, ids = metadata.tables[name], [file.id for file in files if file.table == name]
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH]
            async with database.connection() as connection:
                await connection.execute(delete(table).where(table.c.id.in_(part)))
            done += len(part)
            tell("rows", done, len(files))


async def objects_without_row(
    database: Database, metadata: MetaData, storage: ObjectStorage, *, before: float, any_age: bool = False
) -> ObjectsWithoutRow:
    """Objects of files from before that moment that no row names; ``any_age`` takes those of unknown age too."""
    found: list[StoredObject] = []
    unknown = 0
    for prefix in PREFIXES:
        # Listed first and asked about afterwards: a row that comes meanwhile is seen.
        listed = [entry async for entry in storage.scan(prefix)]
        async with database.reader.connect() as connection:
            keys = {file.key for file in (await known_files(connection, metadata)).values()}
        for entry in listed:
            if entry.key in keys:
                continue
            if entry.modified is None and not any_age:
                unknown += 1
            elif entry.modified is None or entry.modified < before:
                found.append(entry)
    return ObjectsWithoutRow(found, unknown)


async def delete_objects(storage: ObjectStorage, objects: Sequence[StoredObject], tell: Progress = silent) -> None:
    """Deletes these objects."""
    for number, entry in enumerate(objects, start=1):
        await storage.delete(entry.key)
        tell("objects", number, len(objects))
