"""Telling of jobs after their commit. Only for speed: what is lost of it is made up for by whoever polls the table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

ANNOUNCED_FOR = timedelta(seconds=15)
"""How long after an announcement a waiting job counts as announced. Messages do get lost: a broker hands them to the
open connection of a frozen worker, or loses its memory. Together with a lease of 30 s this stays below a minute."""


class Announced(msgspec.Struct, frozen=True):
    """A job of the table that somebody should look at. ``payload`` is plain JSON data."""

    id: str
    name: str
    queue: str
    payload: object
    due_at: datetime


class Announcer(Protocol):
    """Told of jobs after their commit. ``carries``: an announcement is a message that brings the job to a worker."""

    @property
    def carries(self) -> bool: ...

    def announce(self, jobs: Sequence[Announced]) -> None:
        """Returns at once and never raises."""
        ...


class NoAnnouncer:
    """For processes that enqueue but neither run jobs nor know a broker: workers find the jobs by looking."""

    carries = False

    def announce(self, jobs: Sequence[Announced]) -> None:
        pass
