"""Reasoning marks: taken out as the pattern would, in linear time."""

from __future__ import annotations

import re
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.workflow.nodes.llm_reasoning import ReasoningMarks, split_reasoning

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
    assert time.process_time() - started < 0.5


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["", "r"]), st.sampled_from(["", "t"])), max_size=8))
def test_marks_always_close(deltas: list[tuple[str, str]]):
    marks = ReasoningMarks()
    text = "".join(marks.text(reasoning, piece) for reasoning, piece in deltas) + marks.close()
    assert text.count("<think>") == text.count("</think>")
    assert split_reasoning(text)[0] == "".join(piece for _, piece in deltas)
