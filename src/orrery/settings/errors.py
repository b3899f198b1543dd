"""The one way a start can fail because of settings: every wrong variable at once, each with its mend."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One wrong variable. ``text`` says what is wrong, never a secret's value; ``mend`` says what to write instead."""

    name: str
    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text} {self.mend}"


class SettingsError(Exception):
    """The settings can't be used; ``problems`` lists every wrong variable."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 setting is wrong:" if count == 1 else f"{count} settings are wrong:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))
