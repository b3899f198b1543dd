"""Bringing a database to the schema of this version, and saying whether it is there.

A fresh database is made from the tables at once and marked; an older one is migrated step by step. Processes that
start together wait for each other on a lock of the database server. How it is done is in `orrery.database.migrating`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import msgspec
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import DBAPIError

from orrery.database.engine import Database
from orrery.database.migrating import lock, record, running
from orrery.database.migrating.chain import Chain
from orrery.database.migrating.errors import MigrationBusy, MigrationFailed, SchemaNotReady, UnknownRevision
from orrery.database.migrating.lock import WAIT_SECONDS, Patience, Tell
from orrery.database.migrating.record import BASE, Doubt, Standing

HEAD = "0003"
"""The newest migration. Kept here so that a start with nothing to do need not load the migration library."""

SERVES_FROM = "0002"
"""What the newest migration says by this name: the oldest revision whose code works on its schema."""

Outcome = Literal["current", "created", "migrated"]


class SchemaState(msgspec.Struct, frozen=True):
    """``revision`` None: no migration ever ran; ``tables``: there are tables at all.

    ``serves_from``: the oldest revision whose code works on this schema. ``doubt``: a migration was broken off, or is
    under way, between these revisions.
    """

    revision: str | None
    tables: bool
    serves_from: str | None = None
    doubt: Doubt | None = None

    @property
    def is_current(self) -> bool:
        return self.revision == HEAD and self.doubt is None

    @property
    def serves(self) -> bool:
        """Whether this version works on it: its own schema, or a newer one that says so."""
        if self.is_current:
            return True
        return (
            self.doubt is None and (self.serves_from or "") <= HEAD < (self.revision or "") and bool(self.serves_from)
        )


async def schema_state(database: Database) -> SchemaState:
    """Reads where the schema stands."""
    async with database.reader.connect() as connection:
        return _state(await connection.run_sync(record.read))


async def require_current(database: Database) -> None:
    """Raises `SchemaNotReady` unless this version works on the schema as it is."""
    state = await schema_state(database)
    if not state.serves:
        raise SchemaNotReady(_why_not(state))


async def migrate(
    database: Database,
    metadata: MetaData,
    *,
    target: str = "head",
    wait: float = WAIT_SECONDS,
    tell: Tell = lambda _text: None,
) -> Outcome:
    """Brings the schema to ``target``; safe to call from many processes at once, and again after any break.

    A newer schema that serves this version counts as ``head``. ``wait``: seconds that others may hold locks. Raises
    `MigrationBusy`, `UnknownRevision`, `MigrationFailed`, `SchemaNotReady`, and what SQLAlchemy says of a lost server.
    """
    goal = HEAD if target == "head" else target
    if _is_there(await schema_state(database), target, goal):
        return "current"
    patience, scripts = Patience(wait, tell), _Scripts()
    outcome: Outcome = "current"
    while True:
        try:
            # A connection for each step: SQLAlchemy can't go on with one whose BEGIN was refused.
            async with database.writer.connect() as connection, lock.held(connection):
                done = await connection.run_sync(_step, metadata, scripts, target, tell)
        except DBAPIError as error:
            if not lock.is_contention(error):
                raise
            await patience.wait("others have been holding what the migration changes")
            continue
        except lock.Taken:
            await patience.wait("another process has been migrating this database")
            continue
        if done is None:
            return outcome
        outcome = done if outcome == "current" else "migrated"


class _Scripts:
    """Those of this version, read by the first step that needs them."""

    @cached_property
    def chain(self) -> Chain:
        return Chain.load()


def _step(connection: Connection, metadata: MetaData, scripts: _Scripts, target: str, tell: Tell) -> Outcome | None:
    """Takes one step, if there is one to take, and commits it."""
    standing = record.read(connection)
    goal = HEAD if target == "head" else target
    if _is_there(_state(standing), target, goal):
        return None
    if target == "head" and (running.is_fresh(standing) or running.creates_again(standing, HEAD)):
        tell(f"making the tables of revision {HEAD}")
        running.create(connection, metadata, standing, HEAD, SERVES_FROM)
        return "created"
    _require_own(standing, metadata)
    chain = scripts.chain
    step = chain.next(standing, chain.goal(target))
    if step is None:
        return None
    tell(f"{step}{' (was broken off, is done again)' if step.again else ''}")
    running.run(connection, chain, step, standing)
    return "migrated"


def _state(standing: Standing) -> SchemaState:
    revision = None if standing.revision == BASE else standing.revision
    return SchemaState(revision, bool(standing.tables), standing.serves_from, standing.doubt)


def _is_there(state: SchemaState, target: str, goal: str) -> bool:
    if target == "head":
        return state.serves
    return state.doubt is None and (state.revision or BASE) == goal and (goal != BASE or not state.tables)


def _require_own(standing: Standing, metadata: MetaData) -> None:
    """Raises `SchemaNotReady` for tables of somebody else, and for a schema that only a newer version knows."""
    newest = max((one for one in (standing.revision, *_ends(standing.doubt)) if one != BASE), default=BASE)
    if newest != BASE and newest > HEAD:
        raise SchemaNotReady(_why_not(_state(standing)))
    foreign = sorted(standing.tables & metadata.tables.keys())
    if standing.revision == BASE and standing.doubt is None and foreign:
        shown = ", ".join(foreign[:5])
        raise SchemaNotReady(
            f"The database holds tables of another program under names that this one needs ({shown}). "
            "Name an empty database in DB_DATABASE."
        )


def _ends(doubt: Doubt | None) -> tuple[str, ...]:
    return () if doubt is None else (doubt.low, doubt.high)


def _why_not(state: SchemaState) -> str:
    if state.doubt is not None:
        return (
            f"A migration between the revisions {state.doubt.low} and {state.doubt.high} is under way or was broken "
            f"off; this version's newest is {HEAD}. Wait for its end, or run `orrery migrate` of the version that has "
            "both, which goes on with it."
        )
    if state.revision is not None and state.revision > HEAD:
        return (
            f"The database schema is at revision {state.revision}, which serves versions from {state.serves_from} on; "
            f"this version's newest is {HEAD}. Start the newer version, or have it go back: orrery migrate --to {HEAD}."
        )
    return (
        f"The database schema is at revision {state.revision or 'none'}, this version needs {HEAD}. "
        "Run `orrery migrate`, or start with MIGRATION_ENABLED=true."
    )


__all__ = [
    "HEAD",
    "MigrationBusy",
    "MigrationFailed",
    "Outcome",
    "SchemaNotReady",
    "SchemaState",
    "UnknownRevision",
    "migrate",
    "require_current",
    "schema_state",
]
