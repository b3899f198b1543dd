"""Carrying a whole database over to another engine: everything or nothing, and compared row by row."""

from __future__ import annotations

import msgspec
from sqlalchemy import MetaData
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from orrery.database.engine import Database
from orrery.database.migrate import HEAD, migrate, schema_state
from orrery.operations.errors import OperationFailed
from orrery.operations.progress import Progress, silent
from orrery.operations.rows.shape import shapes
from orrery.operations.rows.snapshot import snapshot
from orrery.operations.rows.writing import fill, require_empty

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "mysql": "mysql+asyncmy",
    "mariadb": "mysql+asyncmy",
}


class Moved(msgspec.Struct, frozen=True):
    """Rows by table; tables without rows are left out."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def address(text: str) -> URL:
    """A database's address as people write it, with or without a driver. Raises `OperationFailed`."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise OperationFailed(
            "A database's address is not valid. Write sqlite:///path, postgresql://user:password@host/name or "
            "mysql://user:password@host/name."
        ) from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise OperationFailed(f"{url.get_backend_name()} is not one of: sqlite, postgresql, mysql.")
    return url.set(drivername=driver)


async def move(source: Database, target: Database, metadata: MetaData, tell: Progress = silent) -> Moved:
    """Copies every row of ``source`` into the empty ``target``, whose schema is made if need be.

    ``source`` is only read. Raises `OperationFailed`; the target then holds no row.
    """
    if (await schema_state(source)).revision != HEAD:
        raise OperationFailed(f"The source's schema is not at revision {HEAD}. Run `orrery migrate` on it first.")
    await migrate(target, metadata)
    await require_empty(target, metadata)
    async with snapshot(source) as view, target.connection() as connection:
        digests = await fill(connection, shapes(metadata), view.batches, tell)
    return Moved({name: digest.count for name, digest in digests.items() if digest.count})
