from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.retrieval.postings import Postings, TermEntry
from orrery.retrieval.search_text import terms


def postings(**texts: str) -> Postings:
    found = Postings()
    found.put(TermEntry(node, f"doc-{node}", terms(text)) for node, text in texts.items())
    return found


def plain_bm25(texts: dict[str, str], query: list[str]) -> dict[str, float]:
    """The formula written out, for every text."""
    words = {node: terms(text) for node, text in texts.items()}
    mean = sum(map(len, words.values())) / len(words) if words else 1.0
    rarity: dict[str, float] = {}
    for term in query:
        has = sum(term in found for found in words.values())
        rarity[term] = math.log(1 + (len(words) - has + 0.5) / (has + 0.5))
    scores: dict[str, float] = {}
    for node, found in words.items():
        counts = Counter(found)
        score = sum(
            rarity[t] * counts[t] / (counts[t] + 1.2 * (0.25 + 0.75 * len(found) / mean)) for t in rarity if counts[t]
        )
        if score:
            scores[node] = score / sum(rarity.values())
    return scores


def test_rare_words_weigh_more_and_scores_stay_below_one() -> None:
    found = postings(a="the cat sat", b="the dog sat", c="the the the", d="a zebra").best(["the", "zebra"], 10)
    assert [hit.node_id for hit in found] == ["d", "c", "a", "b"]
    assert all(0 < hit.score < 1 for hit in found)
    assert found[0].document_id == "doc-d"


def test_a_search_is_limited_to_documents_before_it_is_cut() -> None:
    index = postings(a="cat cat", b="cat dog", c="dog")
    assert [h.node_id for h in index.best(["cat"], 1, frozenset({"doc-b", "doc-c"}))] == ["b"]
    assert index.best(["cat"], 5, frozenset()) == []
    assert [h.node_id for h in index.matching(["cat"], 1, frozenset({"doc-b"}))] == ["b"]


def test_keywords_score_by_their_share_and_equal_ones_by_node() -> None:
    index = postings(b="cat dog", a="dog bird", c="bird")
    assert [(h.node_id, h.score) for h in index.matching(["dog", "cat", "emu", "dog"], 5)] == [
        ("b", pytest.approx(2 / 3)),
        ("a", pytest.approx(1 / 3)),
    ]
    assert index.matching([], 5) == index.best([], 5) == index.best(["dog"], 0) == []


def test_removed_and_replaced_entries_are_found_no_more() -> None:
    index = postings(a="cat", b="cat dog")
    index.remove(["a", "never there"])
    index.put([TermEntry("b", "doc-b", ["bird"])])
    assert index.best(["cat", "dog"], 5) == []
    assert [h.node_id for h in index.best(["bird"], 5)] == ["b"]
    assert len(index) == 1


def test_many_changes_leave_no_more_than_what_is_there() -> None:
    index = Postings()
    for round_ in range(30):
        index.put(TermEntry(f"n{n}", "d", [f"w{n}", f"r{round_}"]) for n in range(100))
    assert len(index) == 100
    assert index.nbytes < 2.5 * 100 * (260 * 2 + 340)
    assert [len(index.best([f"r{r}"], 500)) for r in (0, 28, 29)] == [0, 0, 100]


def test_words_of_nearly_every_entry_can_be_passed_over_without_a_difference() -> None:
    texts = {f"n{n:03}": f"the of {'the ' * (n % 7)} word{n % 90}" for n in range(300)}
    index = postings(**texts)
    expected = sorted(plain_bm25(texts, ["the", "of", "word7"]).items(), key=lambda pair: (-pair[1], pair[0]))
    found = [(h.node_id, pytest.approx(h.score)) for h in index.best(["the", "of", "word7"], 3)]
    assert expected[:3] == found


WORDS = st.lists(st.sampled_from(["the", "a", "cat", "dog", "bird"]), max_size=6).map(" ".join)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(WORDS, st.none())), max_size=40),
    st.lists(st.sampled_from(["the", "a", "cat", "emu"]), min_size=1, max_size=4, unique=True),
    st.integers(1, 6),
)
def test_whatever_was_put_and_removed_the_ranking_is_that_of_what_is_there(
    changes: list[tuple[str, str | None]], query: list[str], top_k: int
) -> None:
    index, there = Postings(), dict[str, str]()
    for node, text in changes * 3:  # enough of them to be swept
        if text is None:
            index.remove([node])
            there.pop(node, None)
        else:
            index.put([TermEntry(node, "d", terms(text))])
            there[node] = text
    expected = plain_bm25(there, query)
    found = index.best(query, top_k)
    assert [hit.score for hit in found] == pytest.approx(sorted(expected.values(), reverse=True)[:top_k])
    assert all(hit.score == pytest.approx(expected[hit.node_id]) for hit in found)
