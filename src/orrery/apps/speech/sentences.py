"""A stream of text cut into pieces that can be spoken one after the other."""

from __future__ import annotations

import re

from orrery.workflow.nodes.llm_separating import SeparatedStream

_END = re.compile(r"[。！？；…!?;\n]+|\.(?=\s)")
_LONGEST = 2000
"""Characters of one piece; vendors take about twice as many."""


class Sentences:
    """Takes text as it comes; what a model thinks beside its answer is not spoken."""

    def __init__(self) -> None:
        self._open = ""
        self._apart = SeparatedStream(self._add, _unspoken)

    def feed(self, text: str) -> list[str]:
        """The sentences that are whole now."""
        self._apart.feed(text)
        found: list[str] = []
        place = 0
        for end in _END.finditer(self._open):
            found.append(self._open[place : end.end()])
            place = end.end()
        self._open = self._open[place:]
        while len(self._open) > _LONGEST:
            found.append(self._open[:_LONGEST])
            self._open = self._open[_LONGEST:]
        return _speakable(found)

    def rest(self) -> list[str]:
        """What is left at the end."""
        self._apart.finish()
        left, self._open = self._open, ""
        return _speakable([left])

    def _add(self, text: str) -> None:
        self._open += text


def _speakable(texts: list[str]) -> list[str]:
    return [text.strip() for text in texts if any(letter.isalnum() for letter in text)]


def _unspoken(text: str, *, final: bool) -> None:
    """Thoughts are not read aloud."""
