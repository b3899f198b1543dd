"""Reasoning marks: taken out as the pattern would, in linear time."""

from __future__ import annotations

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.nodes.llm_reasoning import ReasoningMarks, split_reasoning
from orrery.workflow.nodes.llm_separating import SeparatedStream

PATTERN = re.compile(r"<think[^>]*>(.*?)</think>", re.IGNORECASE | re.DOTALL)
WORDS = st.sampled_from(["<think>", "<THINK a=1>", "</think>", "</Think>", "<think", ">", "a", "\n", " ", "İ", "\n\n"])


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=12).map("".join))
def test_agrees_with_the_pattern(text: str):
    thoughts = [thought.strip() for thought in PATTERN.findall(text)]
    clean = re.sub(r"\n\s*\n", "\n\n", PATTERN.sub("", text)).strip()
    assert split_reasoning(text) == (clean, "\n".join(thoughts))


def test_many_open_marks_cost_little():
    started = time.process_time()
    text = "<think>" * 50_000
    assert split_reasoning(text) == (text, "")
    assert split_reasoning("<think" * 50_000)[1] == ""
    assert time.process_time() - started < 30


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["", "r"]), st.sampled_from(["", "t"])), max_size=8))
def test_marks_always_close(deltas: list[tuple[str, str]]):
    marks = ReasoningMarks()
    text = "".join(marks.text(reasoning, piece) for reasoning, piece in deltas) + marks.close()
    assert text.count("<think>") == text.count("</think>")
    assert split_reasoning(text)[0] == "".join(piece for _, piece in deltas)


def told(pieces: list[str]) -> tuple[list[str], list[tuple[str, bool]]]:
    """What a separated stream tells of these pieces: (text, reasoning)."""
    text: list[str] = []
    reasoning: list[tuple[str, bool]] = []
    stream = SeparatedStream(text.append, lambda piece, *, final: reasoning.append((piece, final)))
    for piece in pieces:
        stream.feed(piece)
    stream.finish()
    return text, reasoning


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=14), st.integers(1, 5))
def test_a_separated_stream_tells_in_pieces_what_the_whole_splits_into(words: list[str], size: int):
    whole = "".join(words)
    text, thoughts = split_reasoning(whole)
    for pieces in (words, [whole[place : place + size] for place in range(0, len(whole), size)]):
        said, reasoning = told(pieces)
        assert "".join(said) == text
        closed = [place for place, (_, final) in enumerate(reasoning) if final]
        assert len(reasoning) == (closed[-1] + 1 if closed else 0)
        assert "".join(piece for piece, _ in reasoning).startswith(thoughts)


def test_reasoning_is_told_as_it_comes_and_text_waits_for_nothing_but_a_mark():
    text, reasoning = told(["<thi", "nk>\nI ", "see.\n</th", "ink>\n\nHi", " <b>there</b>", " "])
    assert text == ["Hi", " <b>there</b>"]
    assert reasoning == [("I", False), (" see.", False), ("", True)]


def test_a_thought_that_never_ends_is_text_as_well():
    text, reasoning = told(["a <think>", "b"])
    assert ("".join(text), reasoning) == ("a <think>b", [("b", False), ("", True)])
