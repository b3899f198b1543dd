"""Making an installation of a backup: into an empty database, all rows or none, after every checksum was compared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import MetaData, Table, update

from orrery.database.engine import Database
from orrery.database.migrate import HEAD, migrate, schema_state
from orrery.operations.archive.manifest import OBJECTS, ROWS, SECRETS, Manifest, TablePart
from orrery.operations.archive.reader import CHUNK_BYTES, ArchiveReader, reading
from orrery.operations.errors import OperationFailed
from orrery.operations.progress import Progress, silent
from orrery.operations.rows.shape import Shape, narrowed
from orrery.operations.rows.snapshot import BATCH_ROWS
from orrery.operations.rows.writing import Batches, fill, require_empty
from orrery.storage.protocol import ObjectStorage


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where to. ``key_id`` names the master key of the target; None if the backup's secrets will be its own.

    ``storage_type`` is what rows of files are to say.
    """

    database: Database
    metadata: MetaData
    storage: ObjectStorage
    storage_type: str
    key_id: str | None


class Restored(msgspec.Struct, frozen=True):
    """What was brought back. ``secrets`` is the text of the home's secrets file, if the backup has it."""

    rows: int
    objects: int
    secrets: bytes | None
    made_at: str


async def restore(
    path: Path, target: Target, passphrase: str | None = None, tell: Progress = silent, *, any_key: bool = False
) -> Restored:
    """Checks the whole file, then writes objects, then all rows at once.

    ``any_key``: also when credentials were sealed under another master key, which makes them unreadable. Raises
    `OperationFailed`; the database then holds no row. Objects that were written already are overwritten the next time.
    """
    with reading(path, passphrase) as archive:
        manifest = archive.manifest
        _check_versions(manifest)
        if not any_key:
            _check_key(manifest, target.key_id)
        archive.check(tell)
        await _make_schema(target, manifest)
        objects = await _objects(archive, target.storage, tell)
        async with target.database.connection() as connection:
            digests = await fill(connection, _shapes(target.metadata, manifest), _batches(archive), tell)
            for table in manifest.tables:
                if digests[table.name].hex != table.digest:
                    raise OperationFailed(
                        f"{table.name}: the rows are not those that were backed up. Nothing was kept."
                    )
            files = target.metadata.tables["upload_files"]
            await connection.execute(update(files).values(storage_type=target.storage_type))
        if manifest.schema != HEAD:
            await migrate(target.database, target.metadata)
        return Restored(sum(table.rows for table in manifest.tables), objects, _secrets(archive), manifest.made_at)


def inspect(path: Path, passphrase: str | None = None, tell: Progress = silent) -> Manifest:
    """What a backup says of itself, after every checksum was compared. Raises `OperationFailed`."""
    with reading(path, passphrase) as archive:
        archive.check(tell)
        return archive.manifest


def _check_versions(manifest: Manifest) -> None:
    if manifest.schema > HEAD:
        raise OperationFailed(
            f"The backup was made by version {manifest.product}, whose tables (revision {manifest.schema}) are newer "
            f"than this version's ({HEAD}). Restore it with that version or a later one."
        )


def _check_key(manifest: Manifest, key_id: str | None) -> None:
    if key_id is not None and key_id != manifest.key_id:
        raise OperationFailed(
            f"The credentials in this backup are sealed under the master key {manifest.key_id}, this installation's is "
            f"{key_id}. Set ORRERY_MASTER_KEY as it was, or give --any-key and enter the credentials again afterwards."
        )


async def _make_schema(target: Target, manifest: Manifest) -> None:
    """Brings the empty target to the backup's revision."""
    state = await schema_state(target.database)
    if not state.tables:
        await migrate(target.database, target.metadata, target="head" if manifest.schema == HEAD else manifest.schema)
        return
    if state.revision != manifest.schema:
        raise OperationFailed(
            f"The target's schema is at revision {state.revision}, the backup's at {manifest.schema}. "
            "Take a database without tables."
        )
    await require_empty(target.database, target.metadata)


def _shapes(metadata: MetaData, manifest: Manifest) -> list[Shape]:
    """The backup's tables, parents first. Raises `OperationFailed` for one that this version does not have."""
    parts = {part.name: part for part in manifest.tables}
    unknown = sorted(set(parts) - set(metadata.tables))
    if unknown:
        raise OperationFailed(f"The backup has tables that this version does not know: {', '.join(unknown)}.")
    return [_narrowed(table, parts[table.name]) for table in metadata.sorted_tables if table.name in parts]


def _narrowed(table: Table, part: TablePart) -> Shape:
    try:
        return narrowed(table, part.columns)
    except KeyError as error:
        raise OperationFailed(f"The backup's table {table.name} has a column that is gone: {error}.") from error


def _batches(archive: ArchiveReader) -> Batches:
    """The rows of a table from the archive."""

    async def batches(shape: Shape) -> AsyncIterator[Sequence[Sequence[object]]]:
        with archive.open(f"{ROWS}{shape.name}.jsonl") as file:
            rows: list[list[object]] = []
            for line in file:
                rows.append(msgspec.json.decode(line, type=list[object]))
                if len(rows) == BATCH_ROWS:
                    yield rows
                    rows = []
            if rows:
                yield rows

    return batches


async def _objects(archive: ArchiveReader, storage: ObjectStorage, tell: Progress) -> int:
    names = [part.name for part in archive.manifest.parts if part.name.startswith(OBJECTS)]
    for number, name in enumerate(names, start=1):
        await storage.save(name.removeprefix(OBJECTS), _content(archive, name))
        tell("objects", number, len(names))
    return len(names)


async def _content(archive: ArchiveReader, name: str) -> AsyncIterator[bytes]:
    with archive.open(name) as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _secrets(archive: ArchiveReader) -> bytes | None:
    if not archive.manifest.with_secrets:
        return None
    with archive.open(SECRETS) as file:
        return file.read()
