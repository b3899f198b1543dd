"""One database, seen as read and write transactions; commits happen here and nowhere below.

SQLite has one writer: writes go through a pool of one connection that takes the write lock at BEGIN, so two writers
of this process wait in line instead of failing, while readers see the last committed state (WAL).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from sqlalchemy import CHAR, Dialect, String, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=15000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-8000",
)


class Database:
    """Owns the engine(s) of one URL. ``close()`` returns every connection.

    Sessions don't expire on commit, and relationships are never loaded lazily: what a caller returns was loaded on
    purpose.
    """

    def __init__(self, url: str | URL, *, pool_size: int = 10, max_overflow: int = 10, echo: bool = False) -> None:
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            self._reader = _sqlite_engine(self.url, begin="BEGIN", pool_size=4, echo=echo)
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", pool_size=1, echo=echo)
        else:
            self._writer = self._reader = create_async_engine(
                self.url,
                pool_size=pool_size,
                max_overflow=max_overflow,
                pool_pre_ping=True,
                pool_recycle=3600,
                echo=echo,
            )
            if self.dialect == "postgresql":
                _drop_nul(self._writer)

    @property
    def writer(self) -> AsyncEngine:
        """The engine that writes; migrations and group commits use it."""
        return self._writer

    @property
    def reader(self) -> AsyncEngine:
        """The engine that reads; on servers the same one."""
        return self._reader

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A session for reading; nothing that it changes is kept."""
        async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """A session whose changes are committed when the block ends, and undone when it raises."""
        async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection]:
        """A bare connection in a write transaction, for prebuilt Core statements on hot paths."""
        async with self._writer.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Raises SQLAlchemy's error when the database does not answer."""
        async with self._reader.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _sqlite_engine(url: URL, *, begin: str, pool_size: int, echo: bool) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=60, echo=echo, connect_args={"check_same_thread": False}
    )

    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own implicit BEGIN is deferred, which turns a later write into an error under contention.
        # The adapted aiosqlite connection forwards attributes of sqlite3.Connection that DBAPIConnection doesn't list.
        cast("Any", connection).isolation_level = None
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


class _Bind(Protocol):
    def __call__(self, value: str | None) -> object: ...


def _drop_nul(engine: AsyncEngine) -> None:
    """Has texts lose NUL on their way into rows and comparisons: PostgreSQL can't hold it and fails the statement."""
    # Lazy: other databases need not load this dialect.
    from sqlalchemy.dialects.postgresql.asyncpg import AsyncpgCHAR, AsyncpgString

    class PlainString(AsyncpgString):
        def bind_processor(self, dialect: Dialect) -> _Bind:
            return _plain

    class PlainChar(AsyncpgCHAR):
        def bind_processor(self, dialect: Dialect) -> _Bind:
            return _plain

    dialect = engine.sync_engine.dialect
    dialect.colspecs = {**dialect.colspecs, String: PlainString, CHAR: PlainChar}


def _plain(value: str | None) -> str | None:
    return value.replace("\x00", "") if value is not None and "\x00" in value else value
