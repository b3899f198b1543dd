"""Databases on their way from one revision to another, each a copy of one that was brought to where the way begins."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, MetaData
from sqlalchemy.engine import make_url
from tests.fault.breaking import Breaker, Ended, How, Wanted
from tests.support import databases
from tests.support.schema_rows import Rows, add_rows, check_rows, tables_of
from tests.support.schema_shape import Shape, shape_of

from orrery.database import Database
from orrery.database.migrating import record


class Way(msgspec.Struct, frozen=True):
    """A migration to break off: ``before`` is done without a fault. ``rows``: there are some of that version."""

    name: str
    before: Sequence[str]
    target: str
    rows: bool


class Reached(msgspec.Struct, frozen=True):
    """A database at a moment: ``done`` when it says that its schema is whole, at ``revision``."""

    done: bool
    revision: str
    shape: Shape


class Beginning:
    """Where the scenes of a way begin, on one kind of database. Prepared once, then copied: see `scene`."""

    def __init__(self, backend: str, way: Way, folder: Path) -> None:
        self.way = way
        self.tables = MetaData()
        self.rows: Rows = {}
        self._backend = backend
        self._folder = folder
        self._pattern = ""
        self._number = 0

    async def prepare(self, breaker: Breaker) -> None:
        """Makes the database that is copied."""
        url = databases.url_of(self._backend, self._folder)
        for target in self.way.before:
            ended = await asyncio.to_thread(breaker.run, Wanted(url=url, target=target))
            assert ended.status == 0, ended
        database = Database(url)
        try:
            if self.way.rows:
                async with database.connection() as connection:
                    self.tables = await connection.run_sync(tables_of)
                    self.rows = await connection.run_sync(add_rows, self.tables)
        finally:
            await database.close()
        name = str(make_url(url).database)
        self._pattern = databases.mariadb_dump(name) if self._backend == "mariadb" else name

    async def scene(self, breaker: Breaker) -> Scene:
        """A database of its own that stands there."""
        self._number += 1
        return Scene(self, breaker, await asyncio.to_thread(self._copied, self._number))

    def _copied(self, number: int) -> str:
        if self._backend == "postgresql":
            return databases.postgres_url(like=self._pattern)
        if self._backend == "mariadb":
            return databases.mariadb_copy(self._pattern)
        (folder := self._folder / str(number)).mkdir()
        url = databases.sqlite_url(folder)
        if self.way.before:
            shutil.copyfile(self._pattern, str(make_url(url).database))
        return url


class Scene:
    """One database on its way."""

    def __init__(self, beginning: Beginning, breaker: Breaker, url: str) -> None:
        self._beginning = beginning
        self._breaker = breaker
        self._database = Database(url)
        self._url = url

    async def run(self, target: str, at: int = 0, how: How = "before") -> Ended:
        wanted = Wanted(url=self._url, target=target, at=at, how=how)
        return await asyncio.to_thread(self._breaker.run, wanted)

    async def look(self) -> Reached:
        """How it stands; where there are rows, the old version reads its own and adds others."""

        def seen(connection: Connection) -> Reached:
            # A server may still be at the last words of a process that is gone: both are to be of one moment.
            while True:
                standing, shape = record.read(connection), shape_of(connection)
                connection.rollback()
                if record.read(connection) == standing:
                    return Reached(standing.doubt is None, standing.revision, shape)

        tables, rows = self._beginning.tables, self._beginning.rows
        async with self._database.writer.connect() as connection:
            reached = await connection.run_sync(seen)
            if rows:
                await connection.run_sync(check_rows, tables, rows)
                await connection.run_sync(add_rows, tables)
                await connection.commit()
        return reached

    async def close(self) -> None:
        """Leaves nothing behind: the scenes of a whole table would fill a disk."""
        await self._database.close()
        await asyncio.to_thread(databases.drop, self._url)
