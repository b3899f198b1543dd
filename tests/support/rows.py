"""Rows for every table of the product, with the values that engines like to treat differently."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Column, Table, insert
from sqlalchemy.types import Boolean, Double, Float, Integer, LargeBinary, String

from orrery.database import Database, new_id
from orrery.database.columns import IdText, JsonText, LongText, Money, Utc
from orrery.schema import schema

TEXTS = ["plain", "ümläut 数据 🚀", "trailing  ", "UPPER", "upper", "", "'quoted\" \\ %s", "line\nbreak\ttab"]
JSONS: list[object] = [{"b": 1, "a": [1, 2.5, None]}, [], "text", 12345678901234567890, {"ü": "\x00 nul", "": {}}]


async def fill_every_table(database: Database, *, rows: int = 3, seed: int = 0) -> int:
    """``rows`` rows in each table; how many there are."""
    chance = random.Random(seed)
    known: dict[tuple[str, str], list[object]] = {}
    total = 0
    async with database.connection() as connection:
        for table in schema().sorted_tables:
            made = [_row(table, number, known, chance) for number in range(rows)]
            await connection.execute(insert(table), made)
            total += len(made)
            for column in table.columns:
                known[table.name, column.name] = [row[column.name] for row in made]
    return total


def _row(
    table: Table, number: int, known: dict[tuple[str, str], list[object]], chance: random.Random
) -> dict[str, object]:
    row: dict[str, object] = {}
    for column in table.columns:
        parent = next(iter(column.foreign_keys), None)
        if parent is not None:
            row[column.name] = known[parent.column.table.name, parent.column.name][number]
        else:
            row[column.name] = None if column.nullable and number == 0 else _value(column, number, chance)
    return row


def _value(column: Column[object], number: int, chance: random.Random) -> object:
    kind = column.type
    if isinstance(kind, IdText):
        return new_id()
    if isinstance(kind, Utc):
        return datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC) + timedelta(seconds=chance.randrange(10**8))
    if isinstance(kind, Money):
        return Decimal(chance.randrange(10**12)) / Decimal(10**7)
    if isinstance(kind, JsonText):
        return JSONS[number % len(JSONS)]
    if isinstance(kind, LongText):
        return TEXTS[number % len(TEXTS)] * 1000
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, Double | Float):
        return chance.random() * 10 ** chance.randrange(-9, 9)
    if isinstance(kind, Integer):
        return chance.randrange(2**31)
    if isinstance(kind, LargeBinary):
        return chance.randbytes(300)
    assert isinstance(kind, String), f"{column} has a type of which this knows nothing"
    # Texts of limited length are often parts of keys: they must differ.
    return f"{number}{chance.randrange(10**6)}{TEXTS[number % len(TEXTS)]}"[: kind.length]
