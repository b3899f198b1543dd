"""Databases with every table, copied from one that was migrated: that takes a fraction of migrating each anew."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from tests.support.databases import mariadb_copy, mariadb_dump, postgres_url, sqlite_url, url_of

from orrery.database import Database
from orrery.database.migrate import migrate
from orrery.schema import schema

_made: dict[str, str] = {}


async def migrated_url(backend: str, folder: Path) -> str:
    """The URL of a new database at the newest revision; see `url_of`."""
    if backend not in _made:
        _made[backend] = await _pattern(backend)
    pattern = _made[backend]
    if backend == "postgresql":
        return postgres_url(like=pattern)
    if backend == "mariadb":
        return mariadb_copy(pattern)
    shutil.copyfile(pattern, folder / "orrery.db")
    return sqlite_url(folder)


async def _pattern(backend: str) -> str:
    """What copies are made of: the name of a database, the text of a dump, or a file."""
    folder = Path(tempfile.mkdtemp(prefix="orrery-pattern-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database(url_of(backend, folder))
    try:
        await migrate(database, schema())
    finally:
        await database.close()
    name = database.url.database
    assert name is not None
    return mariadb_dump(name) if backend == "mariadb" else name
