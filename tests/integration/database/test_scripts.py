"""What scripts say of themselves holds: who serves the version before only adds to its schema (G12)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from tests.support.next_version import FOLDER

from orrery.database.migrate import HEAD, SERVES_FROM
from orrery.database.migrating import chain
from orrery.database.migrating.chain import Chain
from orrery.database.migrating.record import BASE, Standing
from orrery.database.migrating.script_sql import DIALECTS, DialectName, dialect_of, statements

_NEW = re.compile(r"CREATE TABLE [`\"]?(\w+)")
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX \S+ ON [`\"]?(\w+)")
_COLUMN = re.compile(r"ALTER TABLE [`\"]?(\w+)[`\"]? ADD COLUMN (.*);$")
_FILL = re.compile(r"UPDATE [`\"]?(\w+)")


def not_adding(made: Sequence[str]) -> list[str]:
    """The statements that a process of the version before could stumble over."""
    new = {found[1] for one in made if (found := _NEW.match(one))}
    wrong: list[str] = []
    for one in made:
        index, column, fill = _INDEX.match(one), _COLUMN.match(one), _FILL.match(one)
        fine = (
            _NEW.match(one) is not None
            # What must be unique from now on, an older process may write twice.
            or (index is not None and (not index[1] or index[2] in new))
            or (column is not None and (column[1] in new or "NOT NULL" not in column[2] or "DEFAULT" in column[2]))
            or fill is not None
        )
        if not fine:
            wrong.append(one)
    return wrong


@pytest.mark.parametrize("name", DIALECTS)
def test_a_script_that_serves_the_version_before_only_adds(name: DialectName) -> None:
    links = Chain.load([*chain.VERSIONS, FOLDER])
    serving = 0
    for step in links.path(Standing(BASE, frozenset()), links.newest):
        if step.link.serves_from != step.link.revision:
            assert step.link.serves_from >= step.link.before, f"{step.link.revision} can't speak for older ones"
            assert not_adding(statements(dialect_of(name), step)) == []
            serving += 1
    assert serving >= 2


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE apps;",
        "ALTER TABLE apps DROP COLUMN name;",
        "ALTER TABLE apps ADD COLUMN size INTEGER NOT NULL;",
        "ALTER TABLE apps ALTER COLUMN name TYPE VARCHAR(9);",
        "ALTER TABLE apps RENAME TO programs;",
        "ALTER TABLE apps ADD CONSTRAINT one UNIQUE (name);",
        "CREATE UNIQUE INDEX one ON apps (name);",
        "DELETE FROM apps;",
    ],
)
def test_what_does_not_only_add_is_noticed(statement: str) -> None:
    assert not_adding([statement]) == [statement]


def test_what_the_code_says_of_the_newest_script_is_what_that_says_itself() -> None:
    assert (Chain.load().newest, Chain.load().serves_from(HEAD)) == (HEAD, SERVES_FROM)
