"""One database, seen as read and write transactions; commits happen here and nowhere below.

SQLite has one writer: writes go through a pool of one connection that takes the write lock at BEGIN, so two writers
of this process wait in line instead of failing, while readers see the last committed state (WAL).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import msgspec
from sqlalchemy import CHAR, Dialect, String, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=15000",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-8000",
)


class PoolState(msgspec.Struct, frozen=True):
    """The connections of a pool: ``timeout`` is the wait for a free one, ``recycle`` the age limit, both in seconds."""

    size: int
    checked_in: int
    checked_out: int
    overflow: int
    timeout: float
    recycle: int


class PoolOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How connections to a server are kept; SQLite takes none of it. Times in seconds.

    ``settings`` are session settings that PostgreSQL gets with each connection, ``charset`` is MySQL's.
    ``behind_pooler``: what answers gives each transaction another connection of the server, as PgBouncer does.
    """

    size: int = 10
    overflow: int = 10
    timeout: float = 30
    recycle: int = 3600
    pre_ping: bool = True
    lifo: bool = False
    settings: Mapping[str, str] = {}
    charset: str = ""
    behind_pooler: bool = False


_CLOSE_SECONDS = 5.0
IDLE_TRANSACTION_SECONDS = 20
"""After so long in a transaction without a word a session of PostgreSQL is ended: its process was stopped or cut off.
Less than a run's lease, so that rows which such a process held are free when others take its runs over."""


class Database:
    """Owns the engine(s) of one URL. ``close()`` returns every connection.

    Sessions don't expire on commit, and relationships are never loaded lazily: what a caller returns was loaded on
    purpose.
    """

    def __init__(self, url: str | URL, pool: PoolOptions | None = None, *, echo: bool = False) -> None:
        pool = pool or PoolOptions()
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        self._recycle = pool.recycle
        if self.dialect == "sqlite":
            self._reader = _sqlite_engine(self.url, begin="BEGIN", pool_size=4, echo=echo)
            self._writer = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE", pool_size=1, echo=echo)
        else:
            self._writer = self._reader = create_async_engine(
                self.url,
                pool_size=pool.size,
                max_overflow=pool.overflow,
                pool_timeout=pool.timeout,
                pool_recycle=pool.recycle,
                pool_pre_ping=pool.pre_ping,
                pool_use_lifo=pool.lifo,
                echo=echo,
                connect_args=_connect_arguments(self.dialect, pool),
            )
            if self.dialect == "postgresql":
                _drop_nul(self._writer)
                _ask_nothing_of_json(self._writer)

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

    def pool(self) -> PoolState:
        """The connections that are kept now."""
        pool = cast("QueuePool", self._writer.pool)
        return PoolState(
            size=pool.size(),
            checked_in=pool.checkedin(),
            checked_out=pool.checkedout(),
            overflow=pool.overflow(),
            timeout=pool.timeout(),
            recycle=self._recycle,
        )

    async def ping(self) -> None:
        """Raises SQLAlchemy's error when the database does not answer."""
        async with self._reader.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Returns every connection, also those whose work was cancelled: they are ended in tasks of their own."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
        ending = [task for task in asyncio.all_tasks() if _ends_a_connection(task)]
        if ending:
            await asyncio.wait(ending, timeout=_CLOSE_SECONDS)


def _ends_a_connection(task: asyncio.Task[object]) -> bool:
    coroutine = task.get_coro()
    return getattr(coroutine, "__name__", "") == "_terminate_graceful_close"


def _connect_arguments(dialect: str, pool: PoolOptions) -> dict[str, object]:
    if dialect == "postgresql" and pool.behind_pooler:
        # A statement that was prepared is on one connection of the server, and the next transaction on another; and
        # of settings a pooler carries over only a few, so that limits of sessions have to stand in the server.
        unnamed = {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
        return {"server_settings": {"timezone": "UTC", **pool.settings}, **unnamed}
    if dialect == "postgresql":
        idle = {"idle_in_transaction_session_timeout": f"{IDLE_TRANSACTION_SECONDS}s"}
        return {"server_settings": {"timezone": "UTC", **idle, **pool.settings}}
    return {"charset": pool.charset} if pool.charset else {}


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


def _ask_nothing_of_json(engine: AsyncEngine) -> None:
    """Spares each new connection two questions about types that no table has.

    They are asked outside of a transaction, where a pooler may hand question and answer to different connections.
    """

    async def asked(_connection: object) -> None:
        pass

    dialect = cast("Any", engine.sync_engine.dialect)
    dialect.setup_asyncpg_json_codec = dialect.setup_asyncpg_jsonb_codec = asked


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
