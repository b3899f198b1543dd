"""What is there already, by the lists of the server itself. MySQL's family only.

SQLAlchemy reads the text of SHOW CREATE TABLE instead, which relatives (OceanBase, seekdb) write in another form: it
passes over what it can't read, and an index that is there would be made again.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = :name"
_INDEXES = "SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = :name"
_CONSTRAINTS = (
    "SELECT constraint_name FROM information_schema.table_constraints"
    " WHERE constraint_schema = DATABASE() AND table_name = :name"
)


def tables(connection: Connection) -> set[str]:
    """The names of all tables and views."""
    return set(connection.scalars(text(_TABLES)))


def columns(connection: Connection, table: str) -> set[str]:
    """The names of a table's columns; none if there is no such table."""
    return set(connection.scalars(text(_COLUMNS), {"name": table}))


def indexes(connection: Connection, table: str) -> set[str]:
    """The names of a table's indexes, that of the primary key and those of unique constraints among them."""
    return set(connection.scalars(text(_INDEXES), {"name": table}))


def constraints(connection: Connection, table: str) -> set[str]:
    """The names of a table's constraints: primary and foreign keys, unique ones, checks."""
    return set(connection.scalars(text(_CONSTRAINTS), {"name": table}))
