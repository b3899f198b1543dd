from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.retrieval.fusion import keyword_similarities, reciprocal_ranks


def test_rare_keywords_weigh_more_and_repeated_ones_no_more() -> None:
    texts = ["engine engine engine ship", "engine sail", "zebra sail", ""]
    found = keyword_similarities("the zebra and the engine, unknown", texts)
    assert found[2] > found[1]
    assert found[1] == pytest.approx(keyword_similarities("zebra engine", ["engine ship", *texts[1:]])[1])
    assert found[3] == 0.0


def test_the_weights_are_the_contracts() -> None:
    def weight(has: int) -> float:
        return math.log((1 + 3) / (1 + has)) + 1

    cat, dog = weight(2), weight(1)
    assert keyword_similarities("cat dog", ["cat dog", "cat", "bird"]) == pytest.approx(
        [1.0, cat / math.hypot(cat, dog), 0.0]
    )


def test_chinese_passages_are_compared_too() -> None:
    found = keyword_similarities("知识库检索", ["知识库的检索方法", "今天天气很好", "知识"])
    assert found[0] > found[2] > found[1] == 0.0


def test_no_texts_and_no_keywords() -> None:
    assert keyword_similarities("cat", []) == []
    assert keyword_similarities("", ["cat", ""]) == [0.0, 0.0]
    assert reciprocal_ranks([]) == reciprocal_ranks([[], []]) == {}


def test_ranks_of_two_searches_become_one() -> None:
    found = reciprocal_ranks([["a", "b", "c"], ["b", "d"]])
    assert list(found) == ["b", "a", "d", "c"]
    assert found["a"] == pytest.approx((1 / 61) / (2 / 61))
    assert found["b"] == pytest.approx((1 / 62 + 1 / 61) / (2 / 61))
    assert reciprocal_ranks([["a"], ["a", "b", "a"]])["a"] == 1.0


WORDS = st.lists(st.sampled_from(["cat", "dog", "bird", "emu", "the", "猫犬鸟"]), max_size=6).map(" ".join)


@given(WORDS, st.lists(WORDS, max_size=6))
def test_similarities_belong_to_their_texts_whatever_the_order(query: str, texts: list[str]) -> None:
    found = dict(zip(texts, keyword_similarities(query, texts), strict=True))
    assert all(0.0 <= score <= 1.0 for score in found.values())
    turned = texts[::-1]
    assert keyword_similarities(query, turned) == pytest.approx([found[text] for text in turned])
    for text in texts:
        if set(text.split()) & set(query.split()) - {"the"}:
            assert found[text] > 0


RANKINGS = st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), min_size=1, max_size=4)


@given(RANKINGS)
def test_fused_ranks_keep_all_and_what_is_better_everywhere_is_better(rankings: list[list[str]]) -> None:
    found = reciprocal_ranks(rankings)
    assert found.keys() == {node for ranking in rankings for node in ranking}
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(0 < score <= 1 for score in found.values())
    assert reciprocal_ranks(rankings[::-1]) == pytest.approx(found)
    for a in found:
        for b in found:
            if a != b and all(_is_better(a, b, ranking) for ranking in rankings):
                assert found[a] > found[b]


def _is_better(a: str, b: str, ranking: list[str]) -> bool:
    return a in ranking and (b not in ranking or ranking.index(a) < ranking.index(b))
