"""What a migration would do to this database: the steps, their statements, the rows of the tables that they touch."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, func, select, table

from orrery.database.migrating import record
from orrery.database.migrating.chain import Chain, Step
from orrery.database.migrating.running import is_fresh
from orrery.database.migrating.script_sql import statements

_NAME = r"[`\"]?(\w+)"
_TOUCHED = (
    re.compile(rf"(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\s+\S+\s+ON\s+{_NAME}", re.IGNORECASE),
    re.compile(rf"(?:CREATE|DROP|ALTER)\s+TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?{_NAME}", re.IGNORECASE),
    re.compile(rf"(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+{_NAME}", re.IGNORECASE),
)


class Touched(msgspec.Struct, frozen=True):
    """A table that a step changes; ``rows`` None: it is not there yet."""

    table: str
    rows: int | None


class Planned(msgspec.Struct, frozen=True):
    """One step as it would run now."""

    step: Step
    statements: Sequence[str]
    touched: Sequence[Touched]


class Plan(msgspec.Struct, frozen=True):
    """``revision``: where the schema is; ``doubt``: what an earlier attempt left unsure; ``fresh``: all would be made."""

    revision: str
    fresh: bool
    doubt: record.Doubt | None
    steps: Sequence[Planned]


def plan(connection: Connection, chain: Chain, target: str) -> Plan:
    """Reads where the schema is, counts rows, and changes nothing. Raises `UnknownRevision`."""
    standing = record.read(connection)
    planned: list[Planned] = []
    counted: dict[str, int] = {}
    for step in chain.path(standing, chain.goal(target)):
        made = statements(connection.dialect, step)
        names = dict.fromkeys(name for one in made for name in touched(one))
        for name in names:
            if name in standing.tables and name not in counted:
                counted[name] = connection.scalar(select(func.count()).select_from(table(name))) or 0
        planned.append(Planned(step, made, [Touched(name, counted.get(name)) for name in names]))
    return Plan(standing.revision, is_fresh(standing) and target == "head", standing.doubt, planned)


def touched(statement: str) -> list[str]:
    """The tables that one statement changes."""
    return [found[1] for pattern in _TOUCHED for found in pattern.finditer(statement)]
