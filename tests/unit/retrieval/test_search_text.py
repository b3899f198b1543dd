from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.retrieval.search_text import LONGEST_TERM, keyword_terms, keywords, terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello, WORLD! it's", ["hello", "world", "it", "s"]),
        ("ＡＢＣ１２ ﬁne", ["abc12", "fine"]),
        ("Code ABC-1234_x", ["code", "abc", "1234_x"]),
        ("知识库", ["知识", "识库"]),
        ("猫 a 猫", ["猫", "a", "猫"]),
        ("用Python写", ["用", "python", "写"]),
        ("カタカナ ﾊﾟ", ["カタ", "タカ", "カナ", "パ"]),
        ("한국어", ["한국", "국어"]),
        ("ภาษาไทย", ["ภา", "าษ", "ษา", "าไ", "ไท", "ทย"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("Größe Straße", ["größe", "straße"]),
        ("Ça e\u0301té", ["ça", "été"]),
        ("", []),
        ("…!? 、。", []),
    ],
)
def test_terms(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_a_very_long_word_is_cut() -> None:
    assert terms("x" * 5000 + " y") == ["x" * LONGEST_TERM, "y"]


@given(st.text(max_size=80))
def test_terms_do_not_depend_on_how_a_text_is_composed_and_have_no_blanks(text: str) -> None:
    found = terms(text)
    assert found == terms(unicodedata.normalize("NFKC", text))
    assert all(term and len(term) <= LONGEST_TERM and not term.isspace() and "\n" not in term for term in found)


def test_keywords_are_the_frequent_words_that_say_something() -> None:
    text = "The engine of the ship: an engine is not a sail, and sails are not engines. Engine, ship, 7 x."
    assert keywords(text, 3) == ["engine", "ship", "sail"]
    assert keywords(text, None) == ["engine", "ship", "sail", "sails", "engines"]


def test_keywords_of_chinese_and_japanese() -> None:
    assert keywords("我们的知识库可以检索知识", 1) == ["知识"]
    assert not {"们的", "可以", "我们"} & set(keywords("我们的知识库可以检索知识", None))
    assert keywords("これはデータです", None) == ["はデ", "デー", "ータ", "タで"]


def test_keywords_given_by_hand_are_found_whole_and_by_their_words() -> None:
    assert keyword_terms(["Data Base", "data", " ", "the ＡＢ", "知识库"]) == [
        "data base", "data", "base", "the ab", "ab", "知识库",
    ]  # fmt: skip
    assert keyword_terms(["x" * 300]) == ["x" * LONGEST_TERM]
