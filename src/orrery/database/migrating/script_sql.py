"""The statements of migrations as text, for people who run them by hand. No database is touched, or needed.

What is written leaves the same marks in a database as `orrery migrate` does, so both can be used in turn.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Literal, TextIO

from sqlalchemy import ClauseElement, Dialect, create_mock_engine
from sqlalchemy.schema import CreateTable

from orrery.database.columns import without_ascii
from orrery.database.migrating.chain import Chain, Step
from orrery.database.migrating.lock import FAMILY
from orrery.database.migrating.record import BASE, RECORD, ROW, VERSION, Standing

DialectName = Literal["sqlite", "postgresql", "mysql", "mariadb", "oceanbase", "seekdb"]
DIALECTS: tuple[DialectName, ...] = ("sqlite", "postgresql", "mysql", "mariadb", "oceanbase", "seekdb")
_DRIVERS = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "asyncmy", "mariadb": "asyncmy"}
_RELATIVES = ("oceanbase", "seekdb")
"""They speak MySQL's language, with fewer collations."""
_COLLATIONS = {"mysql": "utf8mb4_0900_bin", "mariadb": "utf8mb4_nopad_bin"}
_TRANSACTIONS = {"sqlite": ("BEGIN IMMEDIATE;", "COMMIT;"), "postgresql": ("BEGIN;", "COMMIT;")}


def dialect_of(name: DialectName) -> Dialect:
    """How the statements of a kind of database are written."""

    def run_nothing(*_statement: object, **_options: object) -> None:
        pass

    kind = "mysql" if name in _RELATIVES else name
    dialect = create_mock_engine(f"{kind}+{_DRIVERS[kind]}://", run_nothing).dialect
    if name in _RELATIVES:
        without_ascii(dialect)
    return dialect


def write_sql(out: TextIO, chain: Chain, name: DialectName, *, start: str, goal: str) -> int:
    """Writes the way from ``start`` to ``goal``, forward or back; how many steps. Raises `UnknownRevision`."""
    dialect = dialect_of(name)
    steps = chain.path(Standing(chain.goal(start), frozenset()), chain.goal(goal))
    begin, commit = _TRANSACTIONS.get(name, ("", ""))
    for step in steps:
        out.write(f"-- {step}\n")
        lines = [
            begin,
            *_before(dialect, name, step),
            *statements(dialect, step),
            *_marks(dialect, chain, step),
            commit,
        ]
        out.write("\n\n".join(line for line in lines if line) + "\n\n")
    return len(steps)


def statements(dialect: Dialect, step: Step) -> list[str]:
    """What a script does, statement by statement, each with its semicolon."""
    # Lazy: the library is only for those who migrate.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    written: list[str] = []

    class Lines(io.StringIO):
        """Alembic writes a statement at a time."""

        def write(self, text: str, /) -> int:
            written.append(text.strip())
            return len(text)

    options = {"as_sql": True, "output_buffer": Lines(), "literal_binds": True}
    context = MigrationContext.configure(dialect=dialect, opts=options)
    with Operations.context(context):
        (step.link.script.downgrade if step.back else step.link.script.upgrade)()
    return written


def _before(dialect: Dialect, name: DialectName, step: Step) -> Iterator[str]:
    if dialect.name not in FAMILY:
        return
    # No transaction covers these statements: whoever breaks off among them is to be told so, and can go on.
    low, high = (step.goal, step.origin) if step.back else (step.origin, step.goal)
    yield from _record(dialect, None, {"doubt_from": low, "doubt_to": high})
    if step.origin == BASE:
        yield "-- Texts are to differ by case and by blanks at their end. Servers without this collation: utf8mb4_bin."
        yield f"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {_COLLATIONS.get(name, 'utf8mb4_bin')};"


def _marks(dialect: Dialect, chain: Chain, step: Step) -> Iterator[str]:
    yield _text(dialect, CreateTable(VERSION, if_not_exists=True))
    yield _text(dialect, VERSION.delete())
    if step.goal != BASE:
        yield _text(dialect, VERSION.insert().values(version_num=step.goal))
    yield from _record(dialect, chain.serves_from(step.goal), {})


def _record(dialect: Dialect, serves_from: str | None, doubt: dict[str, str]) -> Iterator[str]:
    yield _text(dialect, CreateTable(RECORD, if_not_exists=True))
    yield _text(dialect, RECORD.delete())
    yield _text(dialect, RECORD.insert().values(id=ROW, serves_from=serves_from, **doubt))


def _text(dialect: Dialect, statement: ClauseElement) -> str:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return str(compiled).strip() + ";"
