"""Documents on their way into the index, on every database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.integration.knowledge.indexing_world import HashModel, World, world
from tests.support.databases import BACKENDS

from orrery.retrieval.hashing import text_hash

pytestmark = pytest.mark.parametrize("backend", BACKENDS)
FIFTY = "\n".join(f"Line {number} speaks of topic{number} and of the sea." for number in range(50))


@pytest.fixture
def model() -> HashModel:
    return HashModel()


@pytest.fixture
async def house(backend: str, tmp_path: Path, model: HashModel) -> AsyncIterator[World]:
    async with world(backend, tmp_path, model) as made:
        yield made


async def test_a_text_is_parsed_split_embedded_and_found(house: World, model: HashModel) -> None:
    dataset = await house.dataset()
    document_id = await house.add(dataset, FIFTY)
    assert (await house.document(document_id)).indexing_status == "waiting"
    assert await house.work() == {"done": 1}
    document = await house.document(document_id)
    segments = await house.segments(document_id)
    assert (document.indexing_status, document.error, len(segments)) == ("completed", None, 50)
    assert [one.position for one in segments] == list(range(1, 51))
    assert {(one.status, one.enabled) for one in segments} == {("completed", True)}
    assert all(one.index_node_hash == text_hash(one.content) for one in segments)
    assert document.word_count == sum(len(one.content) for one in segments) == sum(one.word_count for one in segments)
    assert document.tokens == sum(one.tokens for one in segments) > 0
    times = (
        document.processing_started_at,
        document.parsing_completed_at,
        document.cleaning_completed_at,
        document.splitting_completed_at,
        document.completed_at,
    )
    assert list(times) == sorted(time for time in times if time is not None)
    await house.expect_whole()
    found = await house.index.by_text(dataset, "topic7", 3)
    assert [hit.node_id for hit in found] == [segments[7].index_node_id]
    assert len(model.asked) == 50
