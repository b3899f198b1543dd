"""Parts a stream of text into answer and reasoning while it comes, for ``reasoning_format: separated``.

What is told in the end is what `split_reasoning` makes of the whole text, piece by piece (workflow.md 3.10, 4.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, Protocol, TypeAlias

from orrery.workflow.nodes.llm_reasoning import BLANK_LINES

Say: TypeAlias = Callable[[str], None]
_OPEN = re.compile("<think", re.IGNORECASE | re.ASCII)
_CLOSE = re.compile("</think>", re.IGNORECASE | re.ASCII)


class SayReasoning(Protocol):
    """Takes a piece of reasoning; ``final`` says that thinking has ended for now, ``text`` may be empty then."""

    def __call__(self, text: str, *, final: bool) -> None: ...


class _Trimmed:
    """Passes text on without space at its ends and, when asked, with one blank line for many."""

    def __init__(self, say: Say, *, collapse: bool) -> None:
        self._say, self._collapse = say, collapse
        self._space, self.begun = "", False

    def feed(self, text: str) -> None:
        body = text.rstrip()
        if not body:
            self._space += text
            return
        whole = self._space + body
        whole = whole if self.begun else whole.lstrip()
        self.begun = True
        self._space = text[len(body) :]
        self._say(BLANK_LINES.sub("\n\n", whole) if self._collapse else whole)


class SeparatedStream:
    """Takes pieces of an answer with marked reasoning in it. A mark that is never closed is text in the end."""

    def __init__(self, say_text: Say, say_reasoning: SayReasoning) -> None:
        self._text = _Trimmed(say_text, collapse=True)
        self._say_reasoning = say_reasoning
        self._thought = self._new_thought()
        self._thoughts = 0
        self._state: Literal["text", "head", "thought"] = "text"
        self._held = ""
        self._raw: list[str] = []

    def feed(self, piece: str) -> None:
        """The next piece; what might be the beginning of a mark waits for the next one."""
        data, place = self._held + piece, 0
        self._held = ""
        while place < len(data):
            place = self._step(data, place)

    def finish(self) -> None:
        """The stream's end."""
        if self._state != "text":
            self._text.feed("".join(self._raw) + self._held)
            if self._state == "thought":
                self._say_reasoning("", final=True)
        elif self._held:
            self._text.feed(self._held)
        self._state, self._held, self._raw = "text", "", []

    def _step(self, data: str, place: int) -> int:
        """Deals with what begins at ``place``; the place that follows it."""
        if self._state == "head":
            return self._head(data, place)
        inside = self._state == "thought"
        mark = (_CLOSE if inside else _OPEN).search(data, place)
        if mark is None:
            end = len(data) - _begun("</think>" if inside else "<think", data, place)
            self._pass(data[place:end])
            self._held = data[end:]
            return len(data)
        self._pass(data[place : mark.start()])
        if inside:
            self._raw.clear()
            self._state = "text"
            self._say_reasoning("", final=True)
        else:
            self._raw = [mark[0]]
            self._state = "head"
        return mark.end()

    def _head(self, data: str, place: int) -> int:
        end = data.find(">", place) + 1
        self._raw.append(data[place : end or len(data)])
        if not end:
            return len(data)
        self._state = "thought"
        self._thought = self._new_thought()
        self._thoughts += 1
        if self._thoughts > 1:
            self._say_reasoning("\n", final=False)
        return end

    def _pass(self, text: str) -> None:
        if not text:
            return
        if self._state == "text":
            self._text.feed(text)
        else:
            self._raw.append(text)
            self._thought.feed(text)

    def _new_thought(self) -> _Trimmed:
        return _Trimmed(lambda text: self._say_reasoning(text, final=False), collapse=False)


def _begun(mark: str, data: str, place: int) -> int:
    """How many letters at the end of ``data`` may be the beginning of ``mark``."""
    for length in range(min(len(mark) - 1, len(data) - place), 0, -1):
        if data[-length:].lower() == mark[:length]:
            return length
    return 0
