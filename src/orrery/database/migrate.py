"""Bringing a database to the schema of this version, and saying whether it is there.

A fresh database is made from the tables at once and marked; an older one is migrated step by step. Processes that
start together wait for each other on a lock of the database server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from orrery.database.engine import Database

HEAD = "0002"
"""The newest migration. Kept here so that a start with nothing to do need not load the migration library."""

_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK_NUMBER = 0x0221_E217
_LOCK_NAME = "orrery_migration"

Outcome = Literal["current", "created", "migrated"]


class SchemaNotReady(Exception):
    """The database is not at this version's schema; the message says what to do."""


class SchemaState(msgspec.Struct, frozen=True):
    """``revision`` None: no migration ever ran; ``tables``: there are tables at all."""

    revision: str | None
    tables: bool

    @property
    def is_current(self) -> bool:
        return self.revision == HEAD


async def schema_state(database: Database) -> SchemaState:
    """Reads where the schema stands."""
    async with database.reader.connect() as connection:
        return await connection.run_sync(_state)


async def require_current(database: Database) -> None:
    """Raises `SchemaNotReady` unless the schema is this version's."""
    state = await schema_state(database)
    if state.is_current:
        return
    found = state.revision or "none"
    raise SchemaNotReady(
        f"The database schema is at revision {found}, this version needs {HEAD}. Run `orrery migrate`, "
        "or start with MIGRATION_ENABLED=true."
    )


async def migrate(database: Database, metadata: MetaData, *, target: str = "head") -> Outcome:
    """Brings the schema to ``target``; safe to call from many processes at once."""
    state = await schema_state(database)
    if state.is_current and target in {"head", HEAD}:
        return "current"
    async with database.writer.connect() as connection, _locked(connection):
        state = await connection.run_sync(_state)
        if state.is_current and target in {"head", HEAD}:
            return "current"
        fresh = state.revision is None and not state.tables
        if fresh and connection.dialect.name in {"mysql", "mariadb"}:
            await connection.run_sync(_compare_exactly)
        if fresh and target == "head":
            await connection.run_sync(_create, metadata)
        else:
            await connection.run_sync(_run, metadata, target)
        # Before the lock is let go of: whoever waits for it must see what was done.
        await connection.commit()
    return "created" if fresh and target == "head" else "migrated"


@asynccontextmanager
async def _locked(connection: AsyncConnection) -> AsyncGenerator[None]:
    dialect = connection.dialect.name
    if dialect == "postgresql":
        await connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": _LOCK_NUMBER})
    elif dialect in {"mysql", "mariadb"}:
        await connection.execute(text("SELECT GET_LOCK(:n, 600)"), {"n": _LOCK_NAME})
    # SQLite's writing connections hold the lock of the file from their BEGIN on.
    try:
        yield
    finally:
        if dialect == "postgresql":
            await connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": _LOCK_NUMBER})
        elif dialect in {"mysql", "mariadb"}:
            await connection.execute(text("SELECT RELEASE_LOCK(:n)"), {"n": _LOCK_NAME})


def _state(connection: Connection) -> SchemaState:
    names = set(inspect(connection).get_table_names())
    revision: str | None = None
    if "alembic_version" in names:
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return SchemaState(revision, bool(names - {"alembic_version"}))


def _compare_exactly(connection: Connection) -> None:
    """Makes texts of new tables differ by case and by blanks at their end, as on the other engines.

    By default this family holds "Ann", "ann" and "ann " for the same: two end users would be one.
    """
    version = connection.dialect.server_version_info or (0,)
    if getattr(connection.dialect, "is_mariadb", False):
        collation = "utf8mb4_nopad_bin"
    else:
        collation = "utf8mb4_0900_bin" if version >= (8, 0, 17) else "utf8mb4_bin"
    statement = "ALTER DATABASE CHARACTER SET utf8mb4 COLLATE "
    try:
        connection.execute(text(statement + collation))
    except DBAPIError:
        # Relatives of these servers know fewer collations; this one they all know.
        connection.execute(text(statement + "utf8mb4_bin"))


def _create(connection: Connection, metadata: MetaData) -> None:
    metadata.create_all(connection)
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:v)"), {"v": HEAD})


def _run(connection: Connection, metadata: MetaData, target: str) -> None:
    # Lazy: only a start that really migrates pays for the library.
    from alembic import command
    from alembic.config import Config

    config = Config()
    # Percent signs of a path are doubled: the option is read by configparser.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    if target == "head" or _is_ahead(connection, target):
        command.upgrade(config, target)
    else:
        command.downgrade(config, target)


def _is_ahead(connection: Connection, target: str) -> bool:
    current = _state(connection).revision or ""
    return target != "base" and target > current
