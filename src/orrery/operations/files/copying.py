"""Carrying objects to another storage: each compared after it was written, and left out next time."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

import msgspec
from sqlalchemy import MetaData, update

from orrery.database.engine import Database
from orrery.operations.errors import OperationFailed
from orrery.operations.progress import Progress, silent
from orrery.storage.protocol import ObjectNotFound, ObjectStorage

PREFIXES = ("privkeys", "upload_files", "image_files", "tools", "website_files", "keyword_files", "ops_trace")
"""What the contract keeps in storage."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """``overwrite``: also what the target has with the same size. ``dry``: only count."""

    prefixes: Sequence[str] = PREFIXES
    overwrite: bool = False
    dry: bool = False


class Copied(msgspec.Struct):
    """Objects and bytes that were copied (or would be), and objects that the target had already."""

    objects: int = 0
    bytes: int = 0
    skipped: int = 0


async def copy_objects(source: ObjectStorage, target: ObjectStorage, plan: Plan, tell: Progress = silent) -> Copied:
    """Copies what lies below the prefixes. Stopped and started again, it goes on where it was.

    Raises `OperationFailed` if an object comes back changed, `StorageUnavailable`.
    """
    done = Copied()
    for prefix in plan.prefixes:
        async for found in source.scan(prefix):
            if not plan.overwrite and await _size(target, found.key) == found.size:
                done.skipped += 1
                continue
            if not plan.dry:
                await _copy(source, target, found.key)
            done.objects += 1
            done.bytes += found.size
            tell(prefix, done.objects, 0)
    return done


async def mark_storage(database: Database, metadata: MetaData, storage_type: str, former: Sequence[str]) -> int:
    """Has the rows of uploaded files say where their objects are now; how many said something else."""
    files = metadata.tables["upload_files"]
    async with database.connection() as connection:
        statement = update(files).where(files.c.storage_type.in_(former)).values(storage_type=storage_type)
        return (await connection.execute(statement)).rowcount


async def _size(storage: ObjectStorage, key: str) -> int | None:
    try:
        return await storage.size(key)
    except ObjectNotFound:
        return None


async def _copy(source: ObjectStorage, target: ObjectStorage, key: str) -> None:
    sent, kept = hashlib.sha256(), hashlib.sha256()
    await target.save(key, _hashed(source.load_stream(key), sent))
    async for chunk in target.load_stream(key):
        kept.update(chunk)
    if sent.digest() != kept.digest():
        raise OperationFailed(f"{key} came back changed from the target. What was copied before it is there.")


async def _hashed(content: AsyncIterator[bytes], digest: hashlib._Hash) -> AsyncIterator[bytes]:
    async for chunk in content:
        digest.update(chunk)
        yield chunk
