"""The index in the product's database: the rules of every index, and copies of it in several processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.databases import BACKENDS
from tests.support.migrated import migrated_url
from tests.unit.retrieval.conformance import DATASET, FIRST, SECOND, VectorIndexConformance, entry, in_order, nodes

from orrery.database import Database
from orrery.inference.types import ModelRef
from orrery.knowledge.index import copies
from orrery.knowledge.index.embeddings import StoredEmbeddings
from orrery.knowledge.index.store import DatabaseIndex
from orrery.knowledge.index.writing import forget_in, remove_documents_in
from orrery.retrieval.stores.protocol import WrongDimension
from orrery.retrieval.vectors import packed

MODEL = ModelRef("test", "hash", "text-embedding")


@pytest.fixture
async def database(backend: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(await migrated_url(backend, tmp_path))
    yield database
    await database.close()


@pytest.mark.parametrize("backend", ["sqlite"])
class TestDatabaseIndex(VectorIndexConformance):
    @pytest.fixture
    def index(self, database: Database) -> DatabaseIndex:
        return DatabaseIndex(database)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_what_one_process_changes_another_one_finds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "PAGE", 2)
    here, there = DatabaseIndex(database), DatabaseIndex(database)
    keys = in_order(5)
    await here.put(DATASET, [entry(key, f"word{n} all", [1, n]) for n, key in enumerate(keys)])
    for index in (here, there):
        assert sorted(nodes(await index.by_text(DATASET, "all", 9))) == keys
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 2)) == keys[:2]
    # Replaced, removed and added; the other copy reads what is new, and forgets what is gone.
    await here.put(DATASET, [entry(keys[0], "changed", [0, 1], SECOND)])
    await here.remove(DATASET, [keys[1]])
    assert nodes(await there.by_text(DATASET, "changed", 9)) == [keys[0]]
    assert sorted(nodes(await there.by_text(DATASET, "all", 9))) == keys[2:]
    assert nodes(await there.by_vector(DATASET, packed([1, 0]), 9)) == [*keys[2:], keys[0]]
    async with database.write() as session:
        await remove_documents_in(session, DATASET, [FIRST])
    assert nodes(await there.by_vector(DATASET, packed([1, 0]), 9)) == [keys[0]]


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_a_dropped_index_takes_vectors_of_any_length(database: Database) -> None:
    here, there = DatabaseIndex(database), DatabaseIndex(database)
    first, second = in_order(2)
    await here.put(DATASET, [entry(first, "old", [1, 0])])
    assert nodes(await there.by_vector(DATASET, packed([1, 0]), 2)) == [first]
    await here.drop(DATASET)
    await here.put(DATASET, [entry(second, "new", [1, 0, 0])])
    assert nodes(await there.by_vector(DATASET, packed([1, 0, 0]), 2)) == [second]
    async with database.write() as session:
        await forget_in(session, DATASET)
    assert await there.by_vector(DATASET, packed([1, 0]), 2) == []
    assert await there.by_text(DATASET, "new", 2) == []


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_copies_are_let_go_of_where_memory_is_short(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_BYTES", 1000)
    index = DatabaseIndex(database)
    keys = in_order(4)
    for key in keys:
        await index.put(key, [entry(key, "word", [1, 0])])
    for key in (*keys, *keys):
        assert nodes(await index.by_vector(key, packed([1, 0]), 2)) == [key]
        assert nodes(await index.by_text(key, "word", 2)) == [key]


@pytest.mark.parametrize("backend", ["sqlite"])
async def test_what_is_too_large_for_a_copy_is_searched_in_parts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = in_order(9)
    entries = [entry(key, f"word{n}", [1, (n * 4) % 9]) for n, key in enumerate(keys)]
    await DatabaseIndex(database).put(DATASET, entries)
    expected = await DatabaseIndex(database).by_vector(DATASET, packed([1, 0.5]), 4, 0.2)
    monkeypatch.setattr(copies, "MOST_BYTES", 1)
    monkeypatch.setattr(copies, "PART", 2)
    index = DatabaseIndex(database)
    assert await index.by_vector(DATASET, packed([1, 0.5]), 4, 0.2) == expected
    assert await index.by_vector(DATASET, packed([1, 0.5]), 4, 0.2, frozenset([SECOND])) == []
    with pytest.raises(WrongDimension):
        await index.by_vector(DATASET, packed([1, 0, 0]), 4)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_vectors_of_texts_are_kept_by_workspace_and_model(database: Database) -> None:
    ours, theirs = (StoredEmbeddings(database, one) for one in in_order(2))
    await ours.put(MODEL, {"a": packed([1, 0]), "b": packed([0, 1])})
    # The first one stays, whoever comes later.
    await ours.put(MODEL, {"a": packed([0, 1]), "c": packed([1, 1])})
    assert await ours.get(MODEL, ["a", "b", "d"]) == {"a": packed([1, 0]), "b": packed([0, 1])}
    assert await ours.get(ModelRef("test", "other", "text-embedding"), ["a"]) == {}
    assert await theirs.get(MODEL, ["a"]) == {}
    assert await ours.get(MODEL, []) == {}
