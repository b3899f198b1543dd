"""The tables to carry over, as plain columns: JSON stays the text that it is, so no value is reinterpreted."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Column, LargeBinary, MetaData, Table
from sqlalchemy.types import Boolean, Double, Float, Integer

from orrery.database.columns import JsonText, LongText, Money, Utc


class Shape(msgspec.Struct, frozen=True):
    """One table: ``table`` is a twin of the product's, without constraints; ``columns`` are in a fixed order."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    table: Table


def shapes(metadata: MetaData) -> list[Shape]:
    """Every table, parents before children."""
    return [_shape(table, [str(column.name) for column in table.columns]) for table in metadata.sorted_tables]


def narrowed(table: Table, columns: Collection[str]) -> Shape:
    """The table with these columns only, in their order. Raises `KeyError` for one that it does not have."""
    return _shape(table, list(columns))


def _shape(table: Table, names: list[str]) -> Shape:
    columns = [table.columns[name] for name in names]
    twin = Table(
        table.name,
        MetaData(),
        *(Column(c.name, LongText() if isinstance(c.type, JsonText) else c.type) for c in columns),
    )
    return Shape(str(table.name), tuple(names), tuple(_kind(c.type) for c in columns), twin)


def _kind(kind: object) -> str:
    """The word that says how a value is written down; see `values`."""
    return next((word for known, word in _WORDS if isinstance(kind, known)), "text")


_WORDS: tuple[tuple[type, str], ...] = (
    (Utc, "time"),
    (Money, "money"),
    (LargeBinary, "bytes"),
    (Boolean, "flag"),
    (Integer, "whole"),
    (Double, "number"),
    (Float, "number"),
)
