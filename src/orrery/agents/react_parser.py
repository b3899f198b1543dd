"""Reads a ReAct answer while it streams: thoughts are kept until the round is over, the answer passes through.

The result does not depend on how the text is cut into pieces.
"""

from __future__ import annotations

import re
from typing import Final

from orrery.agents.react_action import Action, find_action, plain_thought

_FINAL: Final = re.compile(
    r"^[ \t>*#-]{0,8}final[ \t_]?answer[ \t]{0,4}(\*\*)?[ \t]{0,4}[:：]", re.IGNORECASE | re.MULTILINE
)


class ReactParser:
    """`feed` pieces, then `finish`; after that ``thought``, ``action`` and ``answer`` hold what was found.

    Exactly one of ``action`` and ``answer`` says how the round ended; ``answer`` None means there is an action.
    """

    def __init__(self) -> None:
        self.thought: str = ""
        self.action: Action | None = None
        self.answer: str | None = None
        self._held: str = ""
        self._searched = 0
        self._answering = False
        self._bold = False
        self._begun = False
        self._told: list[str] = []

    @property
    def text(self) -> str:
        """The answer as far as it was told."""
        return "".join(self._told)

    def feed(self, piece: str) -> str:
        """The part of the answer that is certain now; mostly empty."""
        if self.action is not None:
            return ""
        self._held += piece
        if not self._answering:
            self._look_for_answer()
        return self._tell(last=False) if self._answering else ""

    def finish(self) -> str:
        """What is still to be told of the answer."""
        if self.action is None and not self._answering:
            self.thought, self.action = find_action(self._held)
            if self.action is None:
                # A model that keeps to no protocol at all: what it said is the answer.
                self._answering, self._held, self.thought = True, self.thought, ""
        if self.action is not None:
            if not self.action.is_answer:
                return ""
            self._answering, self._held = True, self.action.answer()
            self.action = None
        rest = self._tell(last=True)
        self.answer = self.text
        return rest

    def _look_for_answer(self) -> None:
        # The mark stands at the beginning of a line: only lines that were not complete before are looked at.
        found = _FINAL.search(self._held, self._searched)
        if found is None:
            self._searched = self._held.rfind("\n") + 1
            return
        thought, action = find_action(self._held[: found.start()])
        self.thought = thought
        if action is not None and not action.is_answer:
            # The model asked for a tool and dreamed up the rest.
            self.action = action
            return
        self.thought = plain_thought(self._held[: found.start()]) if action is None else thought
        self._answering, self._held = True, self._held[found.end() :]
        self._bold = "**" in found[0] and not found[1]

    def _tell(self, *, last: bool) -> str:
        """Blanks at both ends of the answer are dropped, so blanks wait until something follows them."""
        if not self._begun:
            text = self._held.lstrip()
            if self._bold and len(text) < 2 and not last:
                return ""
            if self._bold and text.startswith("**"):
                text = text[2:].lstrip()
                self._bold = False
            self._held = text
            if not text:
                return ""
            self._begun = True
        certain = self._held.rstrip()
        self._held = "" if last else self._held[len(certain) :]
        if certain:
            self._told.append(certain)
        return certain
