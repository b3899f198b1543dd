from __future__ import annotations

import math
import struct

import pytest
from tests.unit.retrieval.hashing_model import HashingModel, KeptVectors, numbers_of

from orrery.inference.types import InvokeError, ModelRef
from orrery.retrieval.embedding import Embedder, UnusableVector
from orrery.retrieval.recent_queries import RecentQueries
from orrery.retrieval.vectors import NotAVector, packed, unpacked

MODEL = ModelRef("openai", "small", "text-embedding")


def test_vectors_are_stored_with_length_one_as_little_endian_floats() -> None:
    assert packed([3.0, 4.0]) == struct.pack("<2f", 0.6, 0.8)
    assert unpacked(packed([3.0, 4.0])) == pytest.approx([0.6, 0.8])
    assert math.hypot(*unpacked(packed([1e-30, 2e30, 5.0]))) == pytest.approx(1.0)
    assert unpacked(packed([0.0, 0.0])) == [0.0, 0.0]


@pytest.mark.parametrize("numbers", [[], [1.0, math.nan], [math.inf, 1.0], [-math.inf], [1e200, math.nan]])
def test_what_is_no_vector_is_refused(numbers: list[float]) -> None:
    with pytest.raises(NotAVector):
        packed(numbers)


async def test_each_text_is_asked_for_once_and_vectors_keep_the_order_of_texts() -> None:
    model, cache = HashingModel(), KeptVectors()
    embedder = Embedder(model, cache)
    first = await embedder.documents(MODEL, ["b two words", "a", "b two words"])
    assert first.vectors == [packed(numbers_of(t)) for t in ("b two words", "a", "b two words")]
    assert (first.tokens, model.asked) == (4, [["b two words", "a"]])

    second = await embedder.documents(MODEL, ["a", "c", "b two words"])
    assert second.vectors == [packed(numbers_of(t)) for t in ("a", "c", "b two words")]
    assert model.asked[1:] == [["c"]]
    assert (second.tokens, second.usage.total_tokens, cache.lookups) == (1, 1, 2)

    other = await embedder.documents(ModelRef("openai", "large", "text-embedding"), ["a"])
    assert other.tokens == 1


async def test_no_texts_ask_nobody() -> None:
    model, cache = HashingModel(), KeptVectors()
    assert (await Embedder(model, cache).documents(MODEL, [])).vectors == []
    assert (model.asked, cache.lookups) == ([], 0)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ([[1.0, 0.0], [math.nan, 1.0], [0.0, 1.0]], "text 2 of 3 holds a value that is not a finite number"),
        ([[1.0, 0.0], [1.0, 1.0], []], "text 3 of 3 is empty"),
        ([[1.0, 0.0], [1.0, 1.0]], "answered 2 vectors for 3 texts"),
        ([[1.0, 0.0], [1.0, 1.0], [1.0]], "different lengths"),
    ],
)
async def test_one_bad_vector_is_an_error_and_nothing_is_kept(answer: list[list[float]], text: str) -> None:
    cache = KeptVectors()
    with pytest.raises(UnusableVector, match=text) as caught:
        await Embedder(HashingModel(answers=[answer]), cache).documents(MODEL, ["a", "b", "c"])
    assert isinstance(caught.value, InvokeError)
    assert cache.kept == {}


async def test_a_model_that_was_changed_behind_its_name_is_asked_for_all_texts_again() -> None:
    model, cache = HashingModel(length=16), KeptVectors()
    embedder = Embedder(model, cache)
    await embedder.documents(MODEL, ["a", "b"])
    model.length = 32
    found = await embedder.documents(MODEL, ["a", "c"])
    assert found.vectors == [packed(numbers_of(t, 32)) for t in ("a", "c")]
    assert (await embedder.documents(MODEL, ["a", "c"])).tokens == 0


async def test_a_query_is_asked_once_in_ten_minutes_since_it_was_last_wanted() -> None:
    now = [0.0]
    model = HashingModel()
    embedder = Embedder(model, KeptVectors(), RecentQueries(clock=lambda: now[0]))
    for moment in (0.0, 500.0, 1000.0):
        now[0] = moment
        assert await embedder.query(MODEL, "where is it") == packed(numbers_of("where is it"))
    assert len(model.asked) == 1
    now[0] = 1601.0
    await embedder.query(MODEL, "where is it")
    await embedder.query(ModelRef("openai", "large", "text-embedding"), "where is it")
    assert len(model.asked) == 3


async def test_only_the_latest_queries_are_kept() -> None:
    queries = RecentQueries(entries=2)
    for key in "abc":
        await queries.put(MODEL, key, key.encode())
        await queries.get(MODEL, "a")
    assert [await queries.get(MODEL, key) for key in "abc"] == [b"a", None, b"c"]


async def test_a_query_that_is_not_kept_is_asked_each_time() -> None:
    model = HashingModel(answers=[[[1.0]], [[2.0], [1.0]]])
    embedder = Embedder(model, KeptVectors())
    await embedder.query(MODEL, "a")
    with pytest.raises(UnusableVector):
        await embedder.query(MODEL, "a")


async def test_a_query_may_hold_what_no_text_should() -> None:
    model = HashingModel()
    assert await Embedder(model, KeptVectors()).query(MODEL, "where\ud800\x00 is it") == packed(
        numbers_of("where is it")
    )
    assert model.asked == [["where is it"]]
