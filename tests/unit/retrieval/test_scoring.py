from __future__ import annotations

import math
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.retrieval.scoring import VectorEntry, VectorMatrix
from orrery.retrieval.stores.protocol import WrongDimension
from orrery.retrieval.vectors import packed, unpacked


def matrix(*rows: tuple[str, str, list[float]]) -> VectorMatrix:
    found = VectorMatrix()
    found.put(VectorEntry(node, document, packed(numbers)) for node, document, numbers in rows)
    return found


def near_each_other(count: int, length: int, *, spread: float, seed: int = 7) -> list[list[float]]:
    """Vectors around one direction, as those of real embedding models are."""
    dice = random.Random(seed)
    middle = [dice.gauss(0, 1) for _ in range(length)]
    return [[m + dice.gauss(0, spread) for m in middle] for _ in range(count)]


def plain_best(vectors: list[bytes], query: bytes, top_k: int) -> list[tuple[float, int]]:
    wanted = unpacked(query)
    scores = [math.fsum(a * b for a, b in zip(wanted, unpacked(vector), strict=True)) for vector in vectors]
    return sorted(((score, place) for place, score in enumerate(scores)), key=lambda pair: (-pair[0], pair[1]))[:top_k]


def test_the_nearest_come_first_and_scores_are_cosines() -> None:
    found = matrix(("a", "d1", [1, 0]), ("b", "d1", [1, 1]), ("c", "d2", [-1, 0]))
    hits = found.best(packed([2, 0]), 5)
    assert [(h.node_id, h.document_id) for h in hits] == [("a", "d1"), ("b", "d1"), ("c", "d2")]
    assert [h.score for h in hits] == pytest.approx([1.0, math.sqrt(0.5), 0.0])
    assert [h.node_id for h in found.best(packed([2, 0]), 5, threshold=0.7)] == ["a", "b"]
    assert [h.node_id for h in found.best(packed([2, 0]), 1)] == ["a"]
    assert found.best(packed([2, 0]), 0) == []


def test_documents_limit_a_search_before_it_is_cut() -> None:
    found = matrix(("a", "d1", [1, 0]), ("b", "d2", [0, 1]), ("c", "d3", [0.5, 1]))
    assert [h.node_id for h in found.best(packed([1, 0]), 1, documents=frozenset({"d2", "d3"}))] == ["c"]
    assert found.best(packed([1, 0]), 5, documents=frozenset({"elsewhere"})) == []


def test_equal_rows_come_by_node_id() -> None:
    found = matrix(*((f"n{n}", "d", [1.0, 2.0]) for n in (5, 3, 9, 1)))
    assert [h.node_id for h in found.best(packed([1, 2]), 3)] == ["n1", "n3", "n5"]


def test_other_lengths_are_refused_and_nothing_is_written() -> None:
    found = matrix(("a", "d", [1, 0]))
    for wrong in ([VectorEntry("b", "d", packed([1, 0, 0]))], [VectorEntry("b", "d", b"12345678901")]):
        with pytest.raises(WrongDimension, match="have 2 numbers"):
            found.put([VectorEntry("c", "d", packed([1, 1])), *wrong])
    with pytest.raises(WrongDimension):
        found.best(packed([1, 0, 0]), 3)
    with pytest.raises(WrongDimension):
        VectorMatrix().put([VectorEntry("a", "d", packed([1, 1])), VectorEntry("b", "d", packed([1]))])
    assert len(found) == 1


def test_an_empty_matrix_takes_any_length_again() -> None:
    found = matrix(("a", "d", [1, 0]))
    found.remove(["a"])
    assert found.best(packed([1, 0, 0]), 3) == []
    found.put([VectorEntry("b", "d", packed([1, 0, 0]))])
    assert [h.node_id for h in found.best(packed([1, 0, 0]), 3)] == ["b"]
    assert found.similar(packed([1, 0, 0]), ["a"]) == {}


def test_the_cosine_of_given_nodes() -> None:
    found = matrix(("a", "d", [1, 0]), ("b", "d", [0, 1]), ("c", "d", [-1, 0]))
    assert found.similar(packed([1, 1]), ["b", "c", "nobody", "b"]) == {"b": pytest.approx(math.sqrt(0.5)), "c": 0.0}


@pytest.mark.parametrize("spread", [0.02, 0.3, 10.0])
@pytest.mark.parametrize("some", [False, True])
def test_many_rows_give_what_comparing_each_in_full_gives(spread: float, some: bool) -> None:
    vectors = [packed(numbers) for numbers in near_each_other(2000, 24, spread=spread)]
    found = VectorMatrix()
    found.put(VectorEntry(f"{place:04}", f"d{place % 4}", vector) for place, vector in enumerate(vectors))
    documents = frozenset({"d1", "d2", "d3"}) if some else None
    for seed in range(4):
        query = packed(near_each_other(1, 24, spread=spread, seed=seed)[0])
        there = [place for place in range(2000) if not some or place % 4]
        expected = plain_best([vectors[place] for place in there], query, 10)
        hits = found.best(query, 10, documents=documents)
        assert [hit.score for hit in hits] == pytest.approx([max(0.0, score) for score, _ in expected], abs=2e-6)
        assert min(hit.score for hit in found.best(query, 10, documents=documents, threshold=0.1) or hits) >= 0.0
        if spread > 0.1:  # where no two are equal but for rounding
            assert [int(hit.node_id) for hit in hits] == [there[place] for _, place in expected]


def test_it_may_be_changed_while_others_search() -> None:
    vectors = [packed(numbers) for numbers in near_each_other(400, 16, spread=1.0)]
    found = VectorMatrix()
    found.put(VectorEntry(f"n{n}", "stays", vectors[n]) for n in range(100))
    begun, failures = threading.Event(), list[BaseException]()

    def change() -> None:
        for _ in range(15):
            found.put(VectorEntry(f"n{n}", "goes", vectors[n]) for n in range(100, 400))
            begun.set()
            found.remove(f"n{n}" for n in range(100, 400))

    def search() -> None:
        try:
            begun.wait(60)
            for n in range(0, 100, 4):
                hits = found.best(vectors[n], 3, documents=frozenset({"stays"}))
                assert hits[0].node_id == f"n{n}"
                assert hits[0].score == pytest.approx(1.0)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=target) for target in (change, search, search)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(found) == 100


NUMBERS = st.lists(st.integers(-3, 3), min_size=3, max_size=3).filter(any)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.one_of(NUMBERS, st.none())), max_size=30),
    NUMBERS,
    st.integers(1, 4),
    st.sets(st.sampled_from("xyz")),
)
def test_whatever_was_put_and_removed_the_best_are_those_of_what_is_there(
    changes: list[tuple[str, str, list[float] | None]], query: list[float], top_k: int, documents: set[str]
) -> None:
    found, there = VectorMatrix(), dict[str, tuple[str, bytes]]()
    for node, document, numbers in changes:
        if numbers is None:
            found.remove([node])
            there.pop(node, None)
        else:
            found.put([VectorEntry(node, document, packed(numbers))])
            there[node] = (document, packed(numbers))
    nodes = [node for node, (document, _) in there.items() if document in documents]
    expected = plain_best([there[node][1] for node in nodes], packed(query), top_k)
    hits = found.best(packed(query), top_k, documents=frozenset(documents))
    assert [hit.score for hit in hits] == pytest.approx([max(0.0, score) for score, _ in expected], abs=1e-6)
    assert all(hit.document_id == there[hit.node_id][0] for hit in hits)
    assert found.similar(packed(query), list("abcdef")).keys() == there.keys()
