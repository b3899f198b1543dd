"""Conditions on metadata mean the same on every database (knowledge.md 4.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select
from tests.support.databases import BACKENDS, url_of

from orrery.database import Database
from orrery.database.columns import JsonText
from orrery.knowledge.searching.metadata_filter import LogicalOperator, restriction
from orrery.workflow.nodes.knowledge_services import MetadataCondition

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

DOCUMENTS = Table("papers", MetaData(), Column("id", String(36), primary_key=True), Column("data", JsonText()))
STORED: dict[str, object] = {
    "plain": {"author": "Ada", "year": 1843, "at": 1700000000.5, "tag": "100%_a/b", 'odd "na.me"': "x*y[z]"},
    "lower": {"author": "ada", "year": 1843.0, "at": 1700000100.0, "tag": "100 a"},
    "blank": {"author": "Ada ", "year": "1815", "tag": ""},
    "texts": {"author": "Ärmel 中文\\", "year": "v1.2.3", "at": "2024-01-02 10:00:00", "flag": True},
    "small": {"author": "Grace", "year": -2.5e-05, "at": None},
    "empty": {},
    "none": None,
}


@pytest.fixture
async def database(backend: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(url_of(backend, tmp_path))
    async with database.writer.begin() as connection:
        await connection.run_sync(DOCUMENTS.metadata.create_all)
        await connection.execute(insert(DOCUMENTS), [{"id": key, "data": data} for key, data in STORED.items()])
    yield database
    await database.close()


CASES: list[tuple[str, str, object, str]] = [
    ("author", "is", "Ada", "plain"),
    ("author", "is not", "Ada", "blank lower small texts"),
    ("author", "=", "Ada ", "blank"),
    ("author", "contains", "da", "blank lower plain"),
    ("author", "contains", "DA", ""),
    ("author", "not contains", "da", "small texts"),
    ("author", "start with", "Ad", "blank plain"),
    ("author", "start with", "Är", "texts"),
    ("author", "end with", "文\\", "texts"),
    ("author", "end with", "da", "lower plain"),
    ("author", "in", ["Ada", "Grace"], "plain small"),
    ("author", "in", "Ada, Grace", "plain small"),
    ("author", "in", [], ""),
    ("author", "not in", ["Ada"], "blank lower small texts"),
    ("author", "not in", [], "blank empty lower none plain small texts"),
    ("author", "empty", None, "empty none"),
    ("author", "not empty", None, "blank lower plain small texts"),
    ("at", "empty", None, "blank empty none small"),
    ("tag", "contains", "%_a", "plain"),
    ("tag", "contains", "/b", "plain"),
    ("tag", "not empty", None, "blank lower plain"),
    ('odd "na.me"', "is", "x*y[z]", "plain"),
    ('odd "na.me"', "contains", "*y[", "plain"),
    ('odd "na.me"', "start with", "?", ""),
    ("flag", "is", "true", "texts"),
    ("year", "=", 1843, "lower plain"),
    ("year", "=", "1843", "lower plain"),
    ("year", "≠", "1843", "blank small texts"),
    ("year", "≠", 1843, "blank small"),
    ("year", ">", 1815, "lower plain"),
    ("year", "≥", "1815", "blank lower plain"),
    ("year", ">=", 1815, "blank lower plain"),
    ("year", "<", 0, "small"),
    ("year", "≤", 1815, "blank small"),
    ("year", "<=", -0.000025, "small"),
    ("at", "before", 1700000001, "plain"),
    ("at", "after", 1700000001, "lower"),
    ("at", "is", 1700000000.5, "plain"),
    ("author", "is", None, "blank empty lower none plain small texts"),
    ("absent", "is not", "x", ""),
]


async def found(database: Database, conditions: list[MetadataCondition], logic: LogicalOperator = "and") -> str:
    test = restriction(DOCUMENTS.c.data, conditions, logic)
    query = select(DOCUMENTS.c.id) if test is None else select(DOCUMENTS.c.id).where(test)
    async with database.read() as session:
        return " ".join(sorted(await session.scalars(query)))


async def test_each_operator_finds_the_same_documents_everywhere(database: Database) -> None:
    answers = {
        (name, operator, str(value)): await found(database, [MetadataCondition(name, operator, value)])
        for name, operator, value, _ in CASES
    }
    assert answers == {(name, operator, str(value)): expected for name, operator, value, expected in CASES}


async def test_conditions_are_joined_by_their_operator(database: Database) -> None:
    both = [MetadataCondition("author", "start with", "Ad"), MetadataCondition("year", "=", 1843)]
    assert await found(database, both, "and") == "plain"
    assert await found(database, both, "or") == "blank lower plain"
    ignored = [MetadataCondition("author", "is", "Ada"), MetadataCondition("year", "=", None)]
    assert await found(database, ignored, "or") == "plain", "a condition without a value restricts nothing"
