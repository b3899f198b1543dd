"""Reasoning inside an answer: ``<think>…</think>`` marks, put around it and taken out again (workflow.md 3.10)."""

from __future__ import annotations

import re

BLANK_LINES = re.compile(r"\n\s*\n")
_OPEN, _CLOSE = "<think", "</think>"


class ReasoningMarks:
    """Brings reasoning and text of a stream into one text, reasoning between the marks."""

    def __init__(self) -> None:
        self._inside = False

    def text(self, reasoning: str, text: str) -> str:
        """The next piece, for one delta of the stream."""
        piece = ""
        if reasoning:
            piece += reasoning if self._inside else f"<think>\n{reasoning}"
            self._inside = True
        if text:
            piece += self.close() + text
        return piece

    def close(self) -> str:
        """The closing mark, when one is owed."""
        if not self._inside:
            return ""
        self._inside = False
        return "\n</think>"


def split_reasoning(text: str) -> tuple[str, str]:
    """(text without the marked reasoning, the reasoning). A mark that is never closed is text.

    Searches in one direction only, so an answer full of open marks costs no more than its length.
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change their length; then the places would not match
        lowered = re.sub(r"[A-Z]", lambda letter: letter[0].lower(), text)
    kept: list[str] = []
    thoughts: list[str] = []
    place = 0
    while (start := lowered.find(_OPEN, place)) >= 0:
        head = lowered.find(">", start)
        end = lowered.find(_CLOSE, head) if head >= 0 else -1
        if end < 0:
            break
        kept.append(text[place:start])
        thoughts.append(text[head + 1 : end].strip())
        place = end + len(_CLOSE)
    kept.append(text[place:])
    clean = "".join(kept) if thoughts else text
    return BLANK_LINES.sub("\n\n", clean).strip(), "\n".join(thoughts)
