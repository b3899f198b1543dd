"""The metadata database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from orrery.settings.declare import Env, Group


class Database(Group, frozen=True, kw_only=True):
    """The metadata database."""

    type: Annotated[
        Literal["sqlite", "postgresql", "mysql", "oceanbase", "seekdb"], Env("DB_TYPE", "database engine")
    ] = "postgresql"
    username: Annotated[str, Env("DB_USERNAME", "database user")] = "postgres"
    password: Annotated[str, Env("DB_PASSWORD", "database password", secret=True)] = ""
    host: Annotated[str, Env("DB_HOST", "database host")] = "localhost"
    port: Annotated[int, Env("DB_PORT", "database port", at_least=1, at_most=65535)] = 5432
    database: Annotated[str, Env("DB_DATABASE", "database name")] = "dify"
    charset: Annotated[str, Env("DB_CHARSET", "client encoding of the connection")] = ""
    extras: Annotated[str, Env("DB_EXTRAS", "further connection options, as a query string")] = ""
    sqlite_path: Annotated[Path, Env("ORRERY_SQLITE_PATH", "database file when DB_TYPE is sqlite")] = Path("orrery.db")
    pool_size: Annotated[int, Env("SQLALCHEMY_POOL_SIZE", "connections kept open by a process", at_least=0)] = 30
    pool_overflow: Annotated[
        int, Env("SQLALCHEMY_MAX_OVERFLOW", "connections a process may open beyond those", at_least=0)
    ] = 10
    pool_recycle_seconds: Annotated[
        int, Env("SQLALCHEMY_POOL_RECYCLE", "age at which a connection is replaced, seconds", at_least=0)
    ] = 3600
    pool_timeout_seconds: Annotated[
        int, Env("SQLALCHEMY_POOL_TIMEOUT", "wait for a free connection, seconds", at_least=0)
    ] = 30
    pool_pre_ping: Annotated[bool, Env("SQLALCHEMY_POOL_PRE_PING", "test a connection before use")] = True
    pool_lifo: Annotated[bool, Env("SQLALCHEMY_POOL_USE_LIFO", "take the connection used last first")] = False
    behind_pooler: Annotated[
        bool,
        Env("ORRERY_DB_BEHIND_POOLER", "DB_HOST is a pooler that gives each transaction a connection, as PgBouncer"),
    ] = False
    fleet_apis: Annotated[
        int, Env("ORRERY_FLEET_APIS", "API servers of the whole fleet, to count connections", at_least=0)
    ] = 1
    fleet_workers: Annotated[
        int, Env("ORRERY_FLEET_WORKERS", "workers of the whole fleet, to count connections", at_least=0)
    ] = 1
    fleet_beats: Annotated[
        int, Env("ORRERY_FLEET_BEATS", "beats of the whole fleet, to count connections", at_least=0)
    ] = 1
    migration_wait_seconds: Annotated[
        float,
        Env("ORRERY_MIGRATION_WAIT_SECONDS", "how long a migration waits for another one, or for a table", at_least=0),
    ] = 600
    echo: Annotated[bool, Env("SQLALCHEMY_ECHO", "log every statement")] = False

    def url(self) -> str:
        """The address for the asynchronous engine, with the password percent-encoded; never log it."""
        if self.type == "sqlite":
            return f"sqlite+aiosqlite:///{self.sqlite_path}"
        scheme = "postgresql+asyncpg" if self.type == "postgresql" else "mysql+asyncmy"
        login = quote(self.username, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        return f"{scheme}://{login}@{self.host}:{self.port}/{self.database}"
