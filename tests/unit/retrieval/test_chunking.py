from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.retrieval.chunking import Chunk, children_of, chunks_of
from orrery.retrieval.hashing import text_hash
from orrery.retrieval.rules import AUTOMATIC, BadRule, ProcessRule, Segmentation
from orrery.retrieval.splitting import at_separator, at_structure


class Unit(NamedTuple):
    text: str


def custom(separator: str = "\n", size: int = 50, overlap: int = 0) -> ProcessRule:
    return ProcessRule("custom", segmentation=Segmentation(separator, size, overlap))


def parents(separator: str = "\n\n", size: int = 50, sub: str = "\n", sub_size: int = 50) -> ProcessRule:
    return ProcessRule(
        "hierarchical", segmentation=Segmentation(separator, size), subchunks=Segmentation(sub, sub_size)
    )


def contents(text: str, rule: ProcessRule, form: str = "text_model") -> list[str]:
    return [chunk.content for chunk in chunks_of([Unit(text)], rule, form)]


def test_small_pieces_are_never_merged_and_empty_ones_dropped() -> None:
    assert contents("one\n\n  two \n, three\n.\n", custom()) == ["one", "two", "three"]


def test_separators_beyond_ascii() -> None:
    assert contents("一つ。二つ。三つ", custom("。")) == ["一つ", "二つ", "三つ"]


def test_chunks_never_span_units() -> None:
    units = [Unit("a,1"), Unit("b,2"), Unit(" "), Unit("c,3")]
    assert [c.content for c in chunks_of(units, AUTOMATIC, "text_model")] == ["a,1", "b,2", "c,3"]


def test_an_oversized_piece_is_cut_at_sentences_which_keep_their_ends() -> None:
    text = f"short\n{'x' * 30}. {'y' * 15}. {'z' * 20}"
    assert contents(text, custom()) == ["short", f"{'x' * 30}. {'y' * 15}.", "z" * 20]


def test_words_that_are_merged_keep_their_spaces() -> None:
    assert contents("word " * 12, custom()) == [("word " * 10).strip(), "word word"]


def test_a_word_longer_than_a_chunk_is_cut_with_the_overlap() -> None:
    word = "".join(chr(0x4E00 + n) for n in range(120))
    assert contents(word, custom(overlap=10)) == [word[:50], word[40:90], word[80:]]
    assert contents(word[:50], custom(overlap=10)) == [word[:50]]


def test_only_oversized_pieces_overlap() -> None:
    long = " ".join(f"{n:04}" for n in range(20))
    found = contents(f"{long}\nfirst\nsecond", custom(overlap=12))
    assert found[-2:] == ["first", "second"]
    assert [b[:4] for a, b in pairwise(found[:-2])] == [a[-9:-5] for a, b in pairwise(found[:-2])]


def test_the_whole_length_as_overlap_still_ends() -> None:
    found = contents("x" * 1000, custom(size=100, overlap=100))
    assert 10 < len(found) < 1000


def test_automatic_fills_chunks_and_ignores_lines() -> None:
    line = "A line of some words, and more of them"
    found = contents("\n".join([line] * 40), AUTOMATIC)
    assert [len(c) for c in found[:-1]] == pytest.approx([480] * (len(found) - 1), abs=20)
    assert contents("\n".join([line] * 3), AUTOMATIC) == ["\n".join([line] * 3)]


def test_parents_and_children() -> None:
    text = ".one\n。two\nthree\n\n.\n\n,four"
    assert chunks_of([Unit(text)], parents(), "hierarchical_model") == [
        Chunk("one\n。two\nthree", ("one", "two", "three")),
        Chunk(",four", (",four",)),
    ]


def test_a_parent_without_a_child_of_its_own_is_its_child() -> None:
    assert chunks_of([Unit("。。")], parents(), "hierarchical_model") == [Chunk("。", ("。",))]


def test_a_whole_document_is_one_parent_and_not_cleaned() -> None:
    rule = ProcessRule(
        "hierarchical",
        remove_extra_spaces=True,
        remove_urls_emails=True,
        parent_mode="full-doc",
        subchunks=Segmentation("\n", 50),
    )
    units = [Unit("a  b\x00"), Unit("x@y.example")]
    assert chunks_of(units, rule, "hierarchical_model") == [Chunk("a  b\nx@y.example", ("a  b", "x@y.example"))]
    assert chunks_of([Unit(" "), Unit("\n")], rule, "hierarchical_model") == []


def test_a_rule_that_does_not_fit_the_form_is_refused() -> None:
    with pytest.raises(BadRule):
        chunks_of([Unit("a")], custom(), "hierarchical_model")
    with pytest.raises(BadRule):
        children_of("a", custom())


def test_the_hash_is_the_contracts() -> None:
    assert text_hash("hello") == "c0a2ae6e305366764fa6ba9ff8811afa22429dff0be3e5ad30e2ee9e738efcee"  # helloNone


TEXTS = st.text(st.sampled_from("ab1 。.\n, é日"), max_size=400)
RULES = st.builds(
    Segmentation,
    st.sampled_from(["\n", "\n\n", "。", "ab", "#"]),
    st.integers(1, 60),
    st.just(0),
)


def without(text: str, separator: str) -> str:
    return "".join(text.replace(separator, "").split())


@given(TEXTS, RULES)
def test_nothing_but_separators_is_lost(text: str, segmentation: Segmentation) -> None:
    def joined(pieces: list[str]) -> str:
        return "".join("".join(pieces).split())

    assert joined(list(at_separator(text, segmentation))) == without(text, segmentation.separator)
    assert joined(list(at_structure(text, segmentation))) == "".join(text.split())


@given(TEXTS, st.integers(1, 60), st.integers(0, 60))
def test_pieces_keep_their_limit_and_order_whatever_the_overlap(text: str, size: int, overlap: int) -> None:
    segmentation = Segmentation("\n", size, min(size, overlap))
    for split in (at_separator, at_structure):
        pieces = list(split(text, segmentation))
        assert all(len(piece) <= size for piece in pieces)
        assert pieces == list(split(text, segmentation))
        place = 0
        for piece in pieces:  # each is a part of the text, and begins no earlier than the one before
            found = text.find(piece, place)
            assert found >= 0
            place = found


@given(st.lists(TEXTS, max_size=3), st.integers(50, 90), st.booleans())
def test_chunks_of_a_document_are_never_empty_nor_too_long(texts: list[str], size: int, automatic: bool) -> None:
    units = [Unit(text) for text in texts]
    rule = AUTOMATIC if automatic else parents(size=size)
    longest = 500 if automatic else size
    for form in ("text_model", "hierarchical_model"):
        for chunk in chunks_of(units, rule, form):
            assert 0 < len(chunk.content.strip()) == len(chunk.content) <= longest
            assert all(0 < len(child) <= 512 for child in chunk.children)
            assert bool(chunk.children) == (form == "hierarchical_model")
