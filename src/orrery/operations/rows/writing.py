"""Filling an empty database: everything in one transaction, compared with what was read before it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from sqlalchemy import MetaData, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database.engine import Database
from orrery.operations.errors import OperationFailed
from orrery.operations.progress import Progress
from orrery.operations.rows.shape import Shape
from orrery.operations.rows.snapshot import BATCH_ROWS
from orrery.operations.rows.values import Digest, portable, restored

Batches = Callable[[Shape], AsyncIterator[Sequence[Sequence[object]]]]
"""The rows of a table, as portable values."""


async def require_empty(database: Database, metadata: MetaData) -> None:
    """Raises `OperationFailed` if any table has a row. The schema must be there."""
    async with database.reader.connect() as connection:
        for table in metadata.sorted_tables:
            found = await connection.scalar(select(func.count()).select_from(table))
            if found:
                raise OperationFailed(
                    f"The target database is not empty: {table.name} has {found} rows. Take an empty one; nothing was "
                    "changed."
                )


async def fill(
    connection: AsyncConnection, shapes: Sequence[Shape], batches: Batches, tell: Progress
) -> dict[str, Digest]:
    """Writes every row and reads it again; the digests by table. The caller commits.

    Raises `OperationFailed` if a row does not fit or comes back changed.
    """
    if connection.dialect.name == "sqlite":
        await connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    digests: dict[str, Digest] = {}
    for shape in shapes:
        read = digests[shape.name] = Digest()
        try:
            async for rows in batches(shape):
                for row in rows:
                    read.add(row)
                await _insert(connection, shape, rows)
                tell(shape.name, read.count, 0)
        except DBAPIError as error:
            raise OperationFailed(_misfit(shape, error)) from error
        written = await digest_of(connection, shape)
        if (written.count, written.hex) != (read.count, read.hex):
            raise OperationFailed(
                f"{shape.name}: {read.count} rows were read and {written.count} written, "
                "and their contents differ. Nothing was kept."
            )
    return digests


async def digest_of(connection: AsyncConnection, shape: Shape) -> Digest:
    """What a table holds."""
    digest = Digest()
    query = select(shape.table).execution_options(yield_per=BATCH_ROWS)
    async with connection.stream(query) as result:
        async for rows in result.partitions(BATCH_ROWS):
            for row in rows:
                digest.add(portable(shape.kinds, row))
    return digest


async def _insert(connection: AsyncConnection, shape: Shape, rows: Sequence[Sequence[object]]) -> None:
    values = [dict(zip(shape.columns, restored(shape.kinds, row), strict=True)) for row in rows]
    if values:
        await connection.execute(insert(shape.table), values)


def _misfit(shape: Shape, error: DBAPIError) -> str:
    reason = str(error.orig).partition("\n")[0][:300]
    return f"{shape.name}: a row does not fit the target: {reason}. Nothing was kept."
