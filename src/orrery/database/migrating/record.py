"""What the database says of its own schema: the revision, what is in doubt, and which versions it serves.

The revision is where Alembic keeps it. The rest is one row of ``orrery_schema``; a database without it was made by a
version that wrote none, and serves its own revision alone.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Column, Connection, Integer, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

BASE = "base"
"""The revision of a database without a schema."""
ROW = 1
"""The id of the only row."""

_metadata = MetaData()
VERSION = Table(
    "alembic_version",
    _metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
RECORD = Table(
    "orrery_schema",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("serves_from", String(32), nullable=True),
    Column("doubt_from", String(32), nullable=True),
    Column("doubt_to", String(32), nullable=True),
)
OWN = frozenset({VERSION.name, RECORD.name})
"""Tables that say how the others are."""


class Doubt(msgspec.Struct, frozen=True):
    """What the scripts from after ``low`` up to ``high`` make may be there, or not, or in part."""

    low: str
    high: str


class Standing(msgspec.Struct, frozen=True):
    """``tables`` are the others' names. ``serves_from``: the oldest revision whose code may use this schema."""

    revision: str
    tables: frozenset[str]
    serves_from: str | None = None
    doubt: Doubt | None = None


def read(connection: Connection) -> Standing:
    """How the schema stands. Changes nothing."""
    names = frozenset(inspect(connection).get_table_names())
    revision = connection.execute(select(VERSION.c.version_num)).scalar() if VERSION.name in names else None
    row = None
    if RECORD.name in names:
        row = connection.execute(select(RECORD.c.serves_from, RECORD.c.doubt_from, RECORD.c.doubt_to)).first()
    doubt = Doubt(row[1], row[2]) if row is not None and row[1] and row[2] else None
    return Standing(revision or BASE, names - OWN, (row[0] if row is not None else None) or revision, doubt)


def write_doubt(connection: Connection, standing: Standing, doubt: Doubt) -> None:
    """Says what is in doubt from now on, before the first statement. The caller commits."""
    _metadata.create_all(connection)
    _replace(connection, standing.serves_from, doubt)


def write_done(connection: Connection, revision: str, serves_from: str | None, doubt: Doubt | None) -> None:
    """Says where the schema is by now. The caller commits."""
    _metadata.create_all(connection)
    connection.execute(VERSION.delete())
    if revision != BASE:
        connection.execute(VERSION.insert().values(version_num=revision))
    _replace(connection, serves_from, doubt)


def _replace(connection: Connection, serves_from: str | None, doubt: Doubt | None) -> None:
    connection.execute(RECORD.delete())
    connection.execute(
        RECORD.insert().values(
            id=ROW,
            serves_from=serves_from,
            doubt_from=doubt.low if doubt else None,
            doubt_to=doubt.high if doubt else None,
        )
    )
