"""Why a graph can't be run (workflow.md 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from orrery.errors import InvalidParam


class GraphError(InvalidParam):
    """A graph that can't be run as a whole. ``codes`` holds the validation codes that its text shows, if any."""

    def __init__(self, message: str, *, codes: Sequence[str] = ()) -> None:
        self.codes = tuple(codes)
        super().__init__(message)

    @classmethod
    def of_issues(cls, issues: Sequence[tuple[str, str]]) -> GraphError:
        """One error for several (code, text) pairs: ``[CODE] text; [CODE] text``."""
        text = "; ".join(f"[{code}] {message}" for code, message in issues)
        return cls(text, codes=[code for code, _ in issues])
