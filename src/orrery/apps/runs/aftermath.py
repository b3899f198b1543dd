"""What else is written with the end of a run: other rooms' rows that must agree with it, whatever happens to the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from orrery.apps.runs.spec import RunSpec
from orrery.database.group_commit import Entry
from orrery.workflow.events import RunEnded

Told = Callable[[], None]


class Ending(msgspec.Struct):
    """Rows for the commit that ends a run, and what to do once they are durable."""

    entries: list[Entry] = []
    then: list[Told] = []


class Aftermath(Protocol):
    """One room's part in the end of a run. A pause is an end too; a resumed run ends again."""

    def add(self, ending: Ending, spec: RunSpec, end: RunEnded) -> None:
        """Adds this room's rows. Called right before the commit, once for each end."""
        ...


class Aftermaths:
    """All parts, asked in order."""

    def __init__(self, parts: Sequence[Aftermath] = ()) -> None:
        self._parts = tuple(parts)

    def of(self, spec: RunSpec, end: RunEnded) -> Ending:
        """Everything that goes with this end."""
        ending = Ending()
        for part in self._parts:
            part.add(ending, spec, end)
        return ending
