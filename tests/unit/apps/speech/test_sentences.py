"""Text cut into what can be spoken, in whatever pieces it comes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.apps.speech.sentences import Sentences


def cut(*pieces: str) -> list[str]:
    made = Sentences()
    found = [sentence for piece in pieces for sentence in made.feed(piece)]
    return found + made.rest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It costs 3.50 euros. Good", ["It costs 3.50 euros.", "Good"]),
        ("你好。再见！", ["你好。", "再见！"]),
        ("a\n\n- b\n---\n", ["a", "- b"]),
        ("<think>Let me see. Hm.</think>Yes. No", ["Yes.", "No"]),
        ("...", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]):
    assert cut(text) == expected
    assert cut(*text) == expected


def test_a_text_without_an_end_is_cut_somewhere():
    assert [len(piece) for piece in cut("x" * 4500)] == [2000, 2000, 500]


@given(st.lists(st.sampled_from(["a", " ", ".", "!", "\n", "b c", "。"]), max_size=20))
def test_nothing_that_can_be_spoken_is_lost(pieces: list[str]):
    letters = re.sub(r"[^\w]", "", "".join(pieces))
    assert re.sub(r"[^\w]", "", "".join(cut(*pieces))) == letters
