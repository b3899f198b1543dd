"""What every index of passages must do. An implementation's test class inherits this and gives ``index``.

``index`` is empty. Ids of datasets, documents and nodes are made by `an_id`: stores may want UUIDs.
"""

from __future__ import annotations

import asyncio
from uuid import NAMESPACE_OID, uuid5

import pytest

from orrery.retrieval.stores.protocol import Entry, Hit, VectorIndex, WrongDimension
from orrery.retrieval.vectors import packed


def an_id(name: str) -> str:
    """The same UUID for the same name; those of ``a1``, ``a2`` ... are not in order: `in_order` gives such."""
    return str(uuid5(NAMESPACE_OID, name))


def in_order(count: int) -> list[str]:
    return sorted(an_id(f"node {n}") for n in range(count))


DATASET, OTHER = an_id("dataset"), an_id("other dataset")
A, B, C, D = in_order(4)
FIRST, SECOND = an_id("first document"), an_id("second document")


def entry(node: str, text: str = "", numbers: list[float] | None = None, document: str = FIRST) -> Entry:
    vector = packed(numbers) if numbers is not None else None
    return Entry(node, document, node, text, vector)


def nodes(hits: list[Hit]) -> list[str]:
    return [hit.node_id for hit in hits]


class VectorIndexConformance:
    async def test_an_unknown_dataset_is_empty(self, index: VectorIndex) -> None:
        assert await index.by_vector(DATASET, packed([1, 0]), 3) == []
        assert await index.by_text(DATASET, "anything", 3) == []
        assert await index.by_keywords(DATASET, ["anything"], 3) == []
        assert await index.similar(DATASET, packed([1, 0]), [A]) == {}
        await index.remove(DATASET, [A])
        await index.drop(DATASET)
        await index.put(DATASET, [])

    async def test_the_nearest_come_first_with_their_cosine(self, index: VectorIndex) -> None:
        await index.put(
            DATASET, [entry(A, numbers=[0, 1]), entry(B, numbers=[1, 1]), entry(C, numbers=[1, 0], document=SECOND)]
        )
        hits = await index.by_vector(DATASET, packed([2, 0]), 5)
        assert [(hit.node_id, hit.document_id) for hit in hits] == [(C, SECOND), (B, FIRST), (A, FIRST)]
        assert [hit.score for hit in hits] == pytest.approx([1.0, 0.5**0.5, 0.0], abs=1e-6)
        assert nodes(await index.by_vector(DATASET, packed([2, 0]), 1)) == [C]

    async def test_a_negative_cosine_is_nothing_in_common(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, numbers=[-1, 0])])
        assert [hit.score for hit in await index.by_vector(DATASET, packed([1, 0]), 5)] == [0.0]
        assert await index.similar(DATASET, packed([1, 0]), [A]) == {A: 0.0}

    async def test_a_threshold_is_the_least_score(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, numbers=[0, 1]), entry(B, numbers=[1, 1]), entry(C, numbers=[1, 0])])
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 5, 0.7)) == [C, B]
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 5, 0.71)) == [C]

    async def test_documents_limit_a_search_before_it_is_cut(self, index: VectorIndex) -> None:
        await index.put(
            DATASET,
            [
                entry(A, "red red", [1, 0]),
                entry(B, "red fox", [1, 0.1]),
                entry(C, "red fox jumps high", [0, 1], SECOND),
            ],
        )
        only = frozenset({SECOND})
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 1, 0.0, only)) == [C]
        assert nodes(await index.by_text(DATASET, "red", 1, only)) == [C]
        assert nodes(await index.by_keywords(DATASET, ["red"], 1, only)) == [C]
        for nobody in (frozenset[str](), frozenset({an_id("a third document")})):
            assert await index.by_vector(DATASET, packed([1, 0]), 1, 0.0, nobody) == []
            assert await index.by_text(DATASET, "red", 1, nobody) == []
            assert await index.by_keywords(DATASET, ["red"], 1, nobody) == []

    async def test_equal_ones_come_by_node_id(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(node, "same", [1, 1]) for node in (C, A, D, B)])
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 3)) == [A, B, C]
        assert nodes(await index.by_text(DATASET, "same", 3)) == [A, B, C]
        assert nodes(await index.by_keywords(DATASET, ["same"], 3)) == [A, B, C]

    async def test_full_text_ranks_rare_words_first_and_scores_from_0_to_1(self, index: VectorIndex) -> None:
        await index.put(
            DATASET,
            [
                entry(A, "the engine of the ship"),
                entry(B, "the code ABC-1234 of the manual"),
                entry(C, "the the the"),
                entry(D, "知识库的检索"),
            ],
        )
        hits = await index.by_text(DATASET, "where is THE 1234?", 10)
        assert nodes(hits) == [B, C, A]
        assert all(0 < hit.score < 1 for hit in hits)
        assert nodes(await index.by_text(DATASET, "知识", 10)) == [D]
        assert await index.by_text(DATASET, "nothing like it", 10) == []
        assert await index.by_text(DATASET, "?!", 10) == []

    async def test_what_a_query_says_is_no_syntax(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, 'the "quoted" OR 100% _under\\score* (x) NOT y-z:a^2')])
        for query in ('"quoted', "quoted* OR", "NOT y", "100%", "_under\\score", "(x", "a^2 ~", "' ; --", "score:*"):
            hits = await index.by_text(DATASET, query, 5)
            assert nodes(hits) in ([A], []), query
        assert nodes(await index.by_text(DATASET, '"quoted', 5)) == [A]
        assert await index.by_text(DATASET, "%", 5) == []

    async def test_keywords_score_by_the_share_that_matches(self, index: VectorIndex) -> None:
        await index.put(
            DATASET,
            [
                Entry(A, FIRST, A, "not read", None, ("data base", "data", "base")),
                Entry(B, FIRST, B, "not read", None, ("data",)),
                Entry(C, FIRST, C, "not read", None, ()),
            ],
        )
        hits = await index.by_keywords(DATASET, ["data base", "data", "other"], 5)
        assert [(hit.node_id, hit.score) for hit in hits] == [(A, pytest.approx(2 / 3)), (B, pytest.approx(1 / 3))]
        assert nodes(await index.by_keywords(DATASET, ["data base", "data"], 1)) == [A]
        assert await index.by_keywords(DATASET, ["read"], 5) == await index.by_keywords(DATASET, [], 5) == []

    async def test_writing_again_replaces(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, "old words", [1, 0]), entry(B, "other", [0, 1])])
        for _ in range(2):
            await index.put(DATASET, [entry(A, "new words", [0, 1], SECOND)])
            assert await index.by_text(DATASET, "old", 5) == []
            hits = await index.by_vector(DATASET, packed([0, 1]), 5)
            assert [(hit.node_id, hit.document_id) for hit in hits] == sorted([(A, SECOND), (B, FIRST)])
            assert [hit.score for hit in hits] == pytest.approx([1.0, 1.0])
        await index.put(DATASET, [entry(A, "without a vector")])
        assert nodes(await index.by_vector(DATASET, packed([0, 1]), 5)) == [B]
        assert nodes(await index.by_text(DATASET, "without", 5)) == [A]

    async def test_the_last_of_several_with_one_id_counts(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, "first", [1, 0]), entry(A, "last", [0, 1])])
        assert await index.by_text(DATASET, "first", 5) == []
        assert [hit.score for hit in await index.by_vector(DATASET, packed([0, 1]), 5)] == pytest.approx([1.0])

    async def test_removed_entries_are_found_no_more(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(node, "word", [1, 0]) for node in (A, B, C)])
        await index.remove(DATASET, [A, C, D])
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 5)) == [B]
        assert nodes(await index.by_text(DATASET, "word", 5)) == [B]
        assert nodes(await index.by_keywords(DATASET, ["word"], 5)) == [B]
        assert (await index.similar(DATASET, packed([1, 0]), [A, B])).keys() == {B}

    async def test_datasets_know_nothing_of_each_other(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, "word", [1, 0])])
        await index.put(OTHER, [entry(B, "word", [1, 0, 0])])
        await index.remove(OTHER, [A])
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 5)) == [A]
        await index.drop(DATASET)
        assert await index.by_vector(DATASET, packed([1, 0]), 5) == []
        assert await index.by_text(DATASET, "word", 5) == []
        assert nodes(await index.by_vector(OTHER, packed([1, 0, 0]), 5)) == [B]
        await index.put(DATASET, [entry(A, "again", [1, 0, 0, 0])])  # a dropped dataset may begin with another model
        assert nodes(await index.by_text(DATASET, "again", 5)) == [A]

    async def test_vectors_of_another_length_are_refused_and_nothing_is_written(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, "word", [1, 0])])
        with pytest.raises(WrongDimension) as caught:
            await index.put(DATASET, [entry(B, "word", [0, 1]), entry(C, "word", [0, 1, 0])])
        assert caught.value.status == 400
        with pytest.raises(WrongDimension):
            await index.by_vector(DATASET, packed([0, 1, 0]), 5)
        assert nodes(await index.by_vector(DATASET, packed([1, 0]), 5)) == [A]
        assert nodes(await index.by_text(DATASET, "word", 5)) == [A]

    async def test_the_cosine_of_given_nodes(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, numbers=[1, 0]), entry(B, numbers=[0, 1]), entry(C, "words only")])
        found = await index.similar(DATASET, packed([1, 1]), [B, C, D])
        assert found == {B: pytest.approx(0.5**0.5)}
        assert await index.similar(DATASET, packed([1, 1]), []) == {}

    async def test_changes_and_searches_at_once(self, index: VectorIndex) -> None:
        await index.put(DATASET, [entry(A, "stays", [1, 0, 0])])

        async def change(node: str) -> None:
            for _ in range(3):
                await index.put(DATASET, [entry(node, "goes", [0, 1, 1], SECOND)])
                await index.remove(DATASET, [node])

        async def search() -> None:
            for _ in range(5):
                assert nodes(await index.by_vector(DATASET, packed([1, 0, 0]), 1)) == [A]
                assert nodes(await index.by_text(DATASET, "stays", 1)) == [A]

        await asyncio.gather(change(B), change(C), search())
        assert nodes(await index.by_text(DATASET, "stays goes", 5)) == [A]
