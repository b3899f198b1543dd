"""Rows such as a version writes that knew no other schema than the one of its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from sqlalchemy import Connection, DateTime, Float, Integer, MetaData, Numeric, Table, insert, select
from sqlalchemy.types import Boolean

from orrery.database import new_id
from orrery.database.migrating.record import OWN

Rows: TypeAlias = Mapping[str, Mapping[str, object]]


def tables_of(connection: Connection) -> MetaData:
    """The tables as they are now: what a version that goes with them knows."""
    metadata = MetaData()
    metadata.reflect(connection)
    for name in OWN & metadata.tables.keys():
        metadata.remove(metadata.tables[name])
    return metadata


def add_rows(connection: Connection, metadata: MetaData) -> Rows:
    """One row for each table, with every column that ``metadata`` knows and no other; what was written, by table."""
    written: dict[str, Mapping[str, object]] = {}
    for table in metadata.sorted_tables:
        row = _row(table, written)
        connection.execute(insert(table), row)
        written[table.name] = row
    return written


def check_rows(connection: Connection, metadata: MetaData, rows: Rows) -> None:
    """Asserts that rows are there as they were written."""
    for table in metadata.sorted_tables:
        row = rows[table.name]
        keys = [column == row[column.name] for column in table.primary_key]
        found = connection.execute(select(table).where(*keys)).mappings().one()
        assert {name: _plain(value) for name, value in found.items()} == {n: _plain(v) for n, v in row.items()}


def _row(table: Table, written: Rows) -> dict[str, object]:
    row: dict[str, object] = {}
    for column in table.columns:
        parents = [key.column for key in column.foreign_keys if key.column.table is not table]
        if parents:
            row[column.name] = written[parents[0].table.name][parents[0].name]
        elif isinstance(column.type, Boolean):
            row[column.name] = True
        elif isinstance(column.type, Integer | Float | Numeric):
            row[column.name] = 1
        elif isinstance(column.type, DateTime):
            zone = UTC if column.type.timezone else None
            row[column.name] = datetime(2026, 1, 2, 3, 4, 5, tzinfo=zone)
        else:
            row[column.name] = new_id()[: getattr(column.type, "length", None) or 36]
    return row


def _plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else str(value) if isinstance(value, datetime) else value
