"""Which runs of other processes have lost their owner, told by watching rather than by comparing clocks.

An owner renews each lease several times in its length, and every renewal leaves another mark in the row. A lease is
over when its mark did not change for its whole length *while this process watched*, by the monotonic clock. So a wall
clock that jumps, here or elsewhere, neither ends the lease of a living owner nor keeps that of a dead one alive.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec


class SeenLease(msgspec.Struct, frozen=True):
    """A running run as its row has it: ``mark`` is the time in the row, whatever clock wrote it."""

    run_id: str
    token: int
    mark: datetime | None


class LeaseWatch:
    """Remembers since when each lease looks as it does. ``clock`` gives seconds that never step."""

    def __init__(self, lease: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease = lease.total_seconds()
        self._clock = clock
        self._since: dict[SeenLease, float] = {}

    def over(self, seen: Iterable[SeenLease]) -> list[SeenLease]:
        """Those of all leases in force now that are over; the rest is remembered for the next look."""
        now = self._clock()
        self._since = {lease: self._since.get(lease, now) for lease in seen}
        return [lease for lease, since in self._since.items() if now - since >= self._lease]
