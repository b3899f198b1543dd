"""One file with everything that an installation must not lose: rows, objects, and the secrets of its home.

Rows are those of one moment; objects are read afterwards, while the installation may run: an object comes before the
row that names it, so what the rows need is there unless it was deleted meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import MetaData

from orrery.database.engine import Database
from orrery.operations.archive.manifest import OBJECTS, ROWS, SECRETS, Manifest, TablePart
from orrery.operations.archive.writer import ArchiveWriter, writing
from orrery.operations.progress import Progress, silent
from orrery.operations.rows.shape import Shape, shapes
from orrery.operations.rows.snapshot import Snapshot, snapshot
from orrery.operations.rows.values import Digest
from orrery.storage.protocol import ObjectNotFound, ObjectStorage

KEY_COLUMNS = {"upload_files": "key", "tool_files": "file_key"}
"""Where rows name objects."""


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """What is backed up. ``secrets`` is the text of the home's secrets file, ``key_id`` the master key's name."""

    database: Database
    metadata: MetaData
    storage: ObjectStorage
    product: str
    key_id: str
    secrets: bytes | None = None


class BackedUp(msgspec.Struct, frozen=True):
    """What the file holds; ``missing`` are objects that rows name and the storage does not have."""

    rows: int
    objects: int
    bytes: int
    missing: tuple[str, ...]


async def backup(of: Installation, path: Path, passphrase: str | None = None, tell: Progress = silent) -> BackedUp:
    """Writes the file. Raises `OperationFailed`, `StorageUnavailable`, and what the disk says."""
    with writing(path, passphrase) as archive:
        named: set[str] = set()
        async with snapshot(of.database) as view:
            tables = [await _rows(archive, view, shape, named, tell) for shape in shapes(of.metadata)]
            revision = view.revision
        objects = await _objects(archive, of.storage, tell)
        if of.secrets is not None:
            with archive.part(SECRETS, compress=False) as part:
                part.write(of.secrets)
        kept = {part.name.removeprefix(OBJECTS) for part in archive.parts if part.name.startswith(OBJECTS)}
        missing = tuple(sorted(named - kept))
        archive.end(
            Manifest(
                product=of.product,
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                schema=revision,
                key_id=of.key_id,
                with_secrets=of.secrets is not None,
                tables=tuple(tables),
                parts=tuple(archive.parts),
                missing=missing,
            )
        )
        size = sum(part.size for part in archive.parts)
    return BackedUp(sum(table.rows for table in tables), objects, size, missing)


async def _rows(archive: ArchiveWriter, view: Snapshot, shape: Shape, named: set[str], tell: Progress) -> TablePart:
    digest = Digest()
    place = shape.columns.index(KEY_COLUMNS[shape.name]) if shape.name in KEY_COLUMNS else None
    with archive.part(f"{ROWS}{shape.name}.jsonl", compress=True) as part:
        async for rows in view.batches(shape):
            for row in rows:
                digest.add(row)
                if place is not None:
                    named.add(str(row[place]))
            part.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
            tell(shape.name, digest.count, 0)
    return TablePart(shape.name, shape.columns, digest.count, digest.hex)


async def _objects(archive: ArchiveWriter, storage: ObjectStorage, tell: Progress) -> int:
    count = 0
    async for found in storage.scan():
        content = aiter(storage.load_stream(found.key))
        try:
            first = await anext(content, b"")
        except ObjectNotFound:
            continue  # deleted since it was listed
        with archive.part(OBJECTS + found.key, compress=False) as part:
            part.write(first)
            async for chunk in content:
                part.write(chunk)
        count += 1
        tell("objects", count, 0)
    return count
