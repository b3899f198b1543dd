from __future__ import annotations

import pytest
from tests.unit.retrieval.conformance import VectorIndexConformance, an_id

from orrery.retrieval.stores.memory import MemoryVectorIndex
from orrery.retrieval.stores.protocol import Entry, VectorIndex
from orrery.retrieval.vectors import packed


@pytest.fixture
def index() -> VectorIndex:
    return MemoryVectorIndex()


class TestMemoryVectorIndex(VectorIndexConformance):
    async def test_a_search_of_many_numbers_finds_the_same(self, index: VectorIndex) -> None:
        length, dataset = 1600, an_id("large")
        rows = [[float(place == number % length) for place in range(length)] for number in range(700)]
        await index.put(dataset, [Entry(f"{n:04}", "d", "s", "", packed(row)) for n, row in enumerate(rows)])
        hits = await index.by_vector(dataset, packed(rows[321]), 2)
        assert [(hit.node_id, hit.score) for hit in hits] == [("0321", pytest.approx(1.0)), ("0000", 0.0)]
